"""Here lives the tidying at the end of a day: what nobody needs any more goes, a little at a time."""

from datetime import timedelta

from domain.codes import LOCKED
from domain.masses import AudiencesDue
from domain.own_events import DayEnded
from handlers.bindings import tell
from handlers.context import Context
from handlers.router import on
from handlers.wants import due
from models import touched
from models.dialogs import Dialog
from models.identities import alone
from models.inbox import InboxEvent
from models.plans import Plan
from models.presses import Press
from models.pushes import Push
from models.staff import BindAttempt, BindCode
from models.unsettled import free_bindings, free_marks

KEPT = timedelta(days=30)  # handled events stay readable that long; platforms repeat for a day at most
AT_ONCE = 5_000
DRAFTS = timedelta(days=1)  # a preview is valid for minutes
UNSETTLED = timedelta(days=1)  # as long as a change of tags may be put off


@on(DayEnded)
async def tidy(event: DayEnded, ctx: Context) -> None:
    await BindAttempt.filter(at__lte=ctx.now - LOCKED).delete()
    await BindCode.filter(expires_at__lt=ctx.now).delete()
    await Dialog.filter(expires_at__lt=ctx.now).delete()
    await Press.filter(at__lt=ctx.now - KEPT).delete()
    await Plan.filter(expires_at__lt=ctx.now - KEPT).delete()  # what came of it is in the trail
    await Push.forget_drafts(ctx.now - DRAFTS, AT_ONCE)
    if event.round == 0:
        await _once(event, ctx)
    gone = await InboxEvent.forget(ctx.now - KEPT, AT_ONCE), await touched.forget(AT_ONCE)
    if max(gone) == AT_ONCE:
        more = DayEnded(ctx.now, event.day, event.round + 1)
        await InboxEvent.remind(more, f"day:{event.day:%Y-%m-%d}:{more.round}", ctx.now, ctx.now)


async def _once(event: DayEnded, ctx: Context) -> None:
    """What a day needs once."""
    yesterday = event.day - timedelta(days=1)
    await touched.night()
    await InboxEvent.remind(AudiencesDue(ctx.now, yesterday), f"audiences:{yesterday:%Y-%m-%d}", ctx.now, ctx.now)
    await _send_again(ctx)


async def _send_again(ctx: Context) -> None:
    """Changes of tags of which nobody will tell any more what became of them."""
    await alone("tags")
    for account in sorted(ctx.house.tags):
        if await free_bindings(account, ctx.now - UNSETTLED, ctx.now):
            await tell(ctx, account)
        if await free_marks(account, ctx.now - UNSETTLED, ctx.now):
            await due(account, ctx)
