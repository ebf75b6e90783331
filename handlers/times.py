"""Here lives how a moment is told: in the house's own zone, no longer than needed."""

from datetime import datetime

from handlers.context import Context


def local(at: datetime, ctx: Context) -> str:
    """The time alone for today, with the date for this year, with the year before that."""
    here, today = at.astimezone(ctx.house.timezone), ctx.now.astimezone(ctx.house.timezone)
    if here.date() == today.date():
        return f"{here:%H:%M}"
    return f"{here:%m-%d %H:%M}" if here.year == today.year else f"{here:%Y-%m-%d %H:%M}"
