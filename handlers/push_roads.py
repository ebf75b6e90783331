"""Here lives which roads a push may take now: its accounts' media, the cap, and the month that quotas are of."""

from calendar import monthrange

from domain.media import Medium
from handlers.context import Context
from models.identities import alone
from models.pushes import Push
from models.reach import Reach, Road

PROMISING = "pushes"
APPS = "wecom"  # where an app of ours writes to whoever wrote to it


async def reach_of(push: Push, ctx: Context) -> Reach:
    """Asked again whenever something of it is sent: the cap and the month move on, and are those of when it begins."""
    begins = max(ctx.now, push.starts_at or ctx.now)
    here = begins.astimezone(ctx.house.timezone)
    month = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    most, _ = ctx.house.push.cap or (0, None)
    return Reach(
        roads=roads(push, ctx),
        now=ctx.now,
        month=month.astimezone(ctx.now.tzinfo),
        days=monthrange(here.year, here.month)[1],
        cap_count=most,
        cap_since=ctx.house.push.capped_since(begins, ctx.house.timezone),
    )


async def reach_alone(push: Push, ctx: Context) -> Reach:
    """The same for who promises: of two pushes at once the second one sees whom the first one takes."""
    found = await reach_of(push, ctx)
    if found.cap_count or any(road.medium.monthly is not None for road in found.roads):
        await alone(PROMISING)
    return found


def roads(push: Push, ctx: Context) -> tuple[Road, ...]:
    """Of each account the medium that was asked for, or its first, and an app's behind that; in order of preference."""
    return tuple(road for account in push.accounts for road in _of(account, push, ctx))


def _of(account: str, push: Push, ctx: Context) -> list[Road]:
    """None where the account has gone from config.yaml, or has no such medium."""
    media = ctx.house.media.get(account, ())
    if push.way:
        chosen = [medium for medium in media if medium.way == push.way][:1]
    else:
        chosen = [medium for medium in media if medium is media[0] or _is_app(account, medium, ctx)]
    return [Road(account, medium, _is_app(account, medium, ctx)) for medium in chosen]


def _is_app(account: str, medium: Medium, ctx: Context) -> bool:
    return medium.way == "message" and ctx.house.accounts.get(account) == APPS
