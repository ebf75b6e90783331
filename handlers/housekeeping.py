"""Here lives the tidying at the end of a day: what nobody needs any more goes, a little at a time."""

from datetime import timedelta

from domain.events import DayEnded
from handlers.context import Context
from handlers.router import on
from models.dialogs import Dialog
from models.inbox import InboxEvent
from models.staff import BindAttempt, BindCode

KEPT = timedelta(days=30)  # handled events stay readable that long; platforms repeat for a day at most
AT_ONCE = 5_000


@on(DayEnded)
async def tidy(event: DayEnded, ctx: Context) -> None:
    await BindAttempt.filter(at__lt=ctx.now - KEPT).delete()
    await BindCode.filter(expires_at__lt=ctx.now).delete()
    await Dialog.filter(expires_at__lt=ctx.now).delete()
    if await InboxEvent.forget(ctx.now - KEPT, AT_ONCE) == AT_ONCE:
        more = DayEnded(ctx.now, event.day, event.round + 1)
        await InboxEvent.remind(more, f"day:{event.day:%Y-%m-%d}:{more.round}", ctx.now, ctx.now)
