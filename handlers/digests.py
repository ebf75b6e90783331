"""Here lives the daily report (日报): the numbers of the day so far, told when asked, or every day to who wants it."""

from collections import Counter
from datetime import datetime
from typing import Any

from domain.commands import Command, Invocation
from domain.digests import last_report, next_report, span, wish
from domain.errors import Refusal
from domain.moments import told
from domain.periods import period
from domain.permissions import Role, allows
from domain.push_events import DigestDue
from handlers.context import Context
from handlers.router import colleague, command, on
from models.digests import Digest
from models.figures import figures
from models.groups import Group
from models.staff import Staff


@command(Command("digest", "me", zh=("日报",), en=("digest",), tier="write", takes="text"))
async def report(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.words)
    match wanted.act:
        case "on":
            await _begin(wanted.minutes, ctx)
        case "off":
            await _end(ctx)
        case act:
            since, until = period(act, ctx.now, ctx.house.timezone) or (ctx.now, ctx.now)
            values = await _values(colleague(ctx), since, min(until, ctx.now), ctx)
            kept = await Digest.at(ctx.chat)
            ctx.reply("digests/one", **values, due=_clock(kept.minutes) if kept else "", asked=True)


@on(DigestDue)
async def send(event: DigestDue, ctx: Context) -> None:
    """Of several that nobody could send only the last is sent; who left, or lost the chat, is told nothing."""
    digest, zone = await Digest.of(event.digest_id), ctx.house.timezone
    if digest is None:
        return
    moment = max(event.at, last_report(digest.minutes, event.at, ctx.now, zone))
    if not await digest.pass_by(moment, next_report(digest.minutes, max(moment, ctx.now), zone)):
        return
    if not await _is_theirs(digest):
        await _give_up(digest, ctx)
        return
    since, until = span(moment.astimezone(zone).date(), digest.minutes, zone)
    values = await _values(digest.staff, since, until, ctx)
    ctx.tell(digest.place, digest.language, "digests/one", **values, due=_clock(digest.minutes), asked=False)


async def _begin(minutes: int, ctx: Context) -> None:
    following = next_report(minutes, ctx.now, ctx.house.timezone)
    await Digest.keep(colleague(ctx), ctx.chat, ctx.language, minutes, following)
    since, _ = span(following.astimezone(ctx.house.timezone).date(), minutes, ctx.house.timezone)
    before = since.astimezone(ctx.house.timezone).date() < following.astimezone(ctx.house.timezone).date()
    at = told(following, ctx.house.timezone)
    ctx.reply("digests/on", time=_clock(minutes), at=at, before=before, group=ctx.group is not None)


async def _end(ctx: Context) -> None:
    digest = await Digest.at(ctx.chat)
    if digest is None or not await digest.end():
        raise Refusal("refusals/digest_none")
    ctx.reply("digests/off")


async def _is_theirs(digest: Digest) -> bool:
    """Whether who asked for it works here, and the chat is still theirs or still open to commands."""
    if not digest.staff.active:
        return False
    behind = await Staff.behind(digest.place)
    return behind.id == digest.staff_id if behind else await Group.allows(digest.place)


async def _give_up(digest: Digest, ctx: Context) -> None:
    await digest.end()
    if await Group.allows(digest.place):
        ctx.tell(digest.place, digest.language, "digests/over", name=digest.staff.name, time=_clock(digest.minutes))


async def _values(staff: Staff, since: datetime, until: datetime, ctx: Context) -> dict[str, Any]:
    """What the template tells of a stretch that is one day, or the part of it that has passed."""
    viewer, zone = await staff.scope(), ctx.house.timezone
    found = await figures(viewer, since, until, ctx.now)
    new: Counter[str] = Counter()
    for account, number in found.new.items():
        new[ctx.house.accounts.get(account, account)] += number
    begun, ended = since.astimezone(zone), until.astimezone(zone)
    return {
        "day": f"{begun:%Y-%m-%d}",
        "weekday": begun.weekday(),
        "upto": f"{ended:%H:%M}" if begun.date() == ended.date() else "",
        "name": "" if viewer.owners is None else staff.name,
        "figures": found,
        "new": new.most_common(),
        "pushes": found.pushes if allows(staff.role, Role.MANAGER) or found.pushes else None,
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
