"""Here lives the firing of schedules (定时): at its moment each makes one push, as who asked for it would now."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from domain.cadences import Cadence, cadence_of, following, latest, moments
from domain.errors import Refusal
from domain.moments import told
from domain.push_events import ScheduleDue
from domain.push_wishes import wish
from handlers import pushes
from handlers.cards import excerpt
from handlers.context import Context
from handlers.notices import tell
from handlers.plans import asked_by
from handlers.push_previews import previewed
from handlers.router import on
from models.aside import PATIENCE, Overlong
from models.audit import Entry
from models.fields import milliseconds
from models.links import Link
from models.pushes import Push
from models.schedules import Schedule
from models.staff import Staff

AHEAD = 3  # moments that are told before they come
WHOM, WHAT = 24, 20  # characters of the audience and of the text in one line
WHY = 2  # lines of a refusal: what follows is how the command is used


@on(ScheduleDue)
async def come(event: ScheduleDue, ctx: Context) -> None:
    """Once for each moment; of several that passed while nobody was there only the last counts."""
    schedule = await Schedule.of(event.schedule_id)
    if schedule is None or schedule.state != "active":
        return
    cadence, zone = rhythm(schedule)
    moment = latest(cadence, event.at, ctx.now, zone)
    if not await schedule.pass_by(moment, following(cadence, max(moment, ctx.now), zone)):
        return
    if not may_push(schedule.staff):
        await _rest(schedule, ctx)
    elif ctx.now - moment > ctx.house.push.late_grace:
        _ask(schedule, moment, ctx)
    else:
        await _fire(schedule, moment, ctx)


async def fire(schedule: Schedule, moment: datetime, ctx: Context) -> tuple[Push, int]:
    """The push for this moment, on its way to so many; Refusal where it cannot be sent, or has been already.

    `ctx` is that of who asked for it: `in_place_of`.
    """
    composition = await pushes.read(schedule.words, schedule.body, ctx)
    push = await pushes.draft(composition, ctx, fire_key=fire_key(schedule, moment), schedule_id=schedule.id)
    if push.state != "draft":
        raise Refusal("refusals/schedule_sent", id=schedule.short_id, push=push.short_id)
    people = await _people(push, schedule, ctx)
    await pushes.queue(push, ctx)
    return push, people


async def in_place_of(schedule: Schedule, ctx: Context) -> Context:
    """What is sent is the requester's and told where they asked; the trail says that the schedule did it."""
    staff = schedule.staff
    entry = ctx.entry or Entry(
        at=ctx.now,
        staff_id=staff.id,
        staff_name=staff.name,
        account=schedule.account,
        sender="",
        chat=schedule.chat,
        cause=ctx.actor.cause,
        typed=f"cron {schedule.short_id}",
        understood=f"cron {schedule.short_id}",
    )
    seen = await staff.scope()
    return replace(ctx, staff=staff, scope=seen, chat=schedule.place, language=schedule.language, entry=entry)


def fire_key(schedule: Schedule, moment: datetime) -> str:
    return f"S{schedule.id}:{milliseconds(moment)}"


def may_push(staff: Staff) -> bool:
    return staff.active and asked_by("cron").open_to(staff.role)


def rhythm(schedule: Schedule) -> tuple[Cadence, tzinfo]:
    return cadence_of(schedule.cron), ZoneInfo(schedule.zone)


def values(schedule: Schedule, ctx: Context) -> dict[str, Any]:
    """What templates tell of any schedule."""
    cadence, zone = rhythm(schedule)
    wanted = wish(schedule.words, schedule.body)
    return {
        "id": schedule.short_id,
        "shape": cadence.shape,
        "audience": excerpt(wanted.audience or wanted.groups or "", WHOM),
        "tpl": wanted.template,
        "text": "" if wanted.template else excerpt(schedule.body, WHAT),
        "next": told(schedule.next_at, zone) if schedule.next_at else "",
        "name": schedule.staff.name if ctx.staff and schedule.staff_id != ctx.staff.id else "",
    }


def ahead(schedule: Schedule, now: datetime) -> list[datetime]:
    """The next moments."""
    cadence, zone = rhythm(schedule)
    found: Iterator[datetime] = moments(cadence, now, zone)
    return [at.astimezone(zone) for at in islice(found, AHEAD)]


async def _people(push: Push, schedule: Schedule, ctx: Context) -> int:
    """How many get it; Refusal where nobody does, or more than one manager may reach alone."""
    try:
        preview = await previewed(push, ctx)
    except Overlong as error:
        raise Refusal("refusals/rule_slow", seconds=f"{PATIENCE:.0f}") from error
    people = int(preview.payload["people"])
    if people > ctx.house.approval_over and not schedule.approved:
        raise Refusal("refusals/schedule_grown", id=schedule.short_id, people=people, over=ctx.house.approval_over)
    return people


async def _fire(schedule: Schedule, moment: datetime, ctx: Context) -> None:
    """What cannot be sent this time is told, and the schedule goes on."""
    there = await in_place_of(schedule, ctx)
    about = {**values(schedule, there), "at": told(moment, rhythm(schedule)[1])}
    try:
        push, people = await fire(schedule, moment, there)
    except Refusal as refusal:
        await _forget(schedule, moment)
        why = " ".join(there.words(refusal.key, **refusal.values).splitlines()[:WHY])
        ctx.tell(schedule.place, schedule.language, "schedules/refused", **about, why=why)
        ctx.entry = replace(there.entry, result=refusal.key.removeprefix("refusals/")) if there.entry else None
        return
    there.about(schedule.short_id, push.short_id)
    ctx.entry = there.entry
    progress = ctx.button("progress", f"status {push.short_id}", schedule.language)
    told_of = {"push": push.short_id, "people": people, "groups": bool(push.labels)}
    until = ctx.house.push.quiet_until(ctx.now, ctx.house.timezone)
    told_of["until"] = told(until, ctx.house.timezone) if until else ""
    ctx.tell(schedule.place, schedule.language, "schedules/fired", buttons=(progress,), **about, **told_of)


async def _forget(schedule: Schedule, moment: datetime) -> None:
    """A draft that cannot be sent: when it is made up for, it is read anew."""
    for push in await Push.filter(fire_key=fire_key(schedule, moment), state="draft"):
        await Link.filter(push_id=push.id).delete()
        await push.delete()


async def _rest(schedule: Schedule, ctx: Context) -> None:
    """Nobody sends for somebody who may not any more."""
    if not await schedule.turn("paused"):
        return
    for manager in await Staff.managers():
        if (await manager.scope()).sees(schedule.staff_id):
            about = values(schedule, ctx) | {"name": schedule.staff.name}
            await tell(manager, ctx, "schedules/resting", **about, left=not schedule.staff.active)


def _ask(schedule: Schedule, moment: datetime, ctx: Context) -> None:
    """It is too late to send by itself what nobody was there to send."""
    language, mark = schedule.language, f"{schedule.short_id} {milliseconds(moment)}"
    offered = (
        ctx.button("send_late", f"cron send {mark}", language),
        ctx.button("skip", f"cron skip {mark}", language),
    )
    at = told(moment, rhythm(schedule)[1])
    ctx.tell(schedule.place, language, "schedules/late", buttons=offered, **values(schedule, ctx), at=at)
