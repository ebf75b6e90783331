"""Here lives what a person reads of a push before it is sent: who gets it, who does not and why, how, and when."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from domain.errors import Refusal
from domain.media import Medium
from domain.messages import Content, Notice, words
from domain.moments import told
from domain.push_reports import Span, over_at, span
from domain.pushes import lasting
from domain.rules import Rule
from domain.wording import Person
from handlers import rules
from handlers.cards import excerpt
from handlers.context import Context, Unasked
from handlers.plans import Preview
from handlers.push_roads import reach_of
from handlers.push_trials import person_of
from handlers.push_words import Prepared, prepared
from models import group_reach, reach
from models.cards import customers_of
from models.pushes import Push
from models.reach import Counted, Reach, Sample
from models.staff import StaffAccount

NOBODY = 0
LONG, SHORT = 60, 40  # characters of a sample, and of an audience in words
MEMBERS = 3  # who are named


@dataclass(frozen=True, slots=True)
class Found:
    """Whom a push would reach now; `members` have to confirm, `meant` is what the audience stands for."""

    total: int
    roads: Mapping[tuple[str, str], int]
    skipped: Mapping[str, int]
    members: Mapping[tuple[str, str], int]
    meant: str
    samples: tuple[Sample, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def people(self) -> int:
        return sum(self.roads.values())


async def previewed(push: Push, ctx: Context, *, later: bool = False) -> Preview:
    """Raises Refusal where nothing of it could be sent, or not so; `later` those who cannot get it now perhaps can."""
    limits = await reach_of(push, ctx)
    found, audience = await _found(push, limits, ctx)
    _check_anybody(found, push, later=later)
    media: dict[tuple[str, str], Medium] = {(road.account, road.medium.way): road.medium for road in limits.roads}
    used = {road: _medium(road, media, push, ctx) for road in sorted(found.roads)}
    _check_numbers(found, used, push, ctx)
    text = await prepared(push, ctx)
    samples = await _samples(found, used, text)
    _check_lengths(samples, used, ctx)
    values = {
        "id": push.short_id,
        "people": found.people,
        "total": found.total,
        "is_groups": bool(push.labels),
        "audience": audience,
        "channels": _channels(found, ctx),
        "skipped": sorted(found.skipped.items(), key=lambda each: (-each[1], each[0])),
        "examples": [_shown(sample) for sample in samples if sample.id],
        "words": excerpt(words(push.content), LONG),
        "members": await _members(found),
        "confirming": len(found.members),
        "over": ctx.house.approval_over,
        **_times(push, found, used, ctx),
    }
    return Preview({"push": push.id, "people": found.people, "meant": found.meant}, "pushes/preview", values)


async def _found(push: Push, limits: Reach, ctx: Context) -> tuple[Found, dict[str, str]]:
    """With the audience in words, in every language."""
    if push.labels:
        accounts = {name: kind for name, kind in ctx.house.accounts.items() if name in push.accounts}
        groups = await group_reach.counted(push.labels, accounts, limits)
        some = await group_reach.examples(push.labels, accounts, 2)
        meant = sha256(repr(sorted(push.labels)).encode()).hexdigest()
        told_of = Found(groups.total, groups.roads, groups.skipped, groups.members, meant, groups=tuple(some))
        return told_of, dict.fromkeys(("zh-CN", "en"), push.audience)
    read = await rules.read(push.rule, ctx)
    people = await _counted(read.seen, limits, ctx)
    meant = sha256(repr(read.bound).encode()).hexdigest()
    told_of = Found(people.total, people.roads, people.skipped, people.members, meant, people.samples)
    return told_of, rules.in_words(read.rule, read.names, ctx, SHORT)


async def _counted(rule: Rule, limits: Reach, ctx: Context) -> Counted:
    """Where there are many nobody else may wait for it."""
    question = repr((rule, [(road.account, road.medium.way) for road in limits.roads]))
    if isinstance(answer := ctx.answers.get(question), Counted):
        return answer
    if await reach.is_long(rule, ctx.moment):
        raise Unasked(question, partial(reach.counted, rule, ctx.moment, limits))
    return await reach.counted(rule, ctx.moment, limits)


def _check_anybody(found: Found, push: Push, *, later: bool) -> None:
    if not found.total:
        raise Refusal("refusals/push_empty", labels=push.labels)
    if not found.people and not later:
        skipped = sorted(found.skipped.items(), key=lambda each: (-each[1], each[0]))
        raise Refusal("refusals/push_nobody", total=found.total, skipped=skipped)


def _medium(road: tuple[str, str], media: Mapping[tuple[str, str], Medium], push: Push, ctx: Context) -> Medium:
    """Group chats have roads of their own, which the push need not have named."""
    account, way = road
    known = media.get(road) or next((each for each in ctx.house.media.get(account, ()) if each.way == way), None)
    if known is None:
        raise Refusal("refusals/push_no_medium", account=account, channel=ctx.house.accounts[account], way=way)
    content = push.content
    if isinstance(content, Notice) != (way == "notice") or not (way == "notice" or content.kind in known.kinds):
        channel = ctx.house.accounts[account]
        raise Refusal("refusals/push_kind", account=account, channel=channel, way=way, content=content.kind)
    return known


def _check_numbers(found: Found, used: Mapping[tuple[str, str], Medium], push: Push, ctx: Context) -> None:
    """Too few for one call, or faster than the platforms let us."""
    for (account, way), medium in used.items():
        if found.roads[account, way] < medium.least:
            values = {"account": account, "channel": ctx.house.accounts[account], "way": way}
            raise Refusal("refusals/push_few", people=found.roads[account, way], least=medium.least, **values)
    paces = {account: medium.per_second for (account, way), medium in used.items() if way in {"message", "notice"}}
    limits = [pace for pace in paces.values() if pace]
    if push.pace_count and limits and len(limits) == len(paces) and push.pace_count / push.pace_seconds > sum(limits):
        raise Refusal("refusals/push_fast", most=f"{sum(limits):g}", channels=_kinds(paces, ctx))


def _kinds(accounts: Mapping[str, object], ctx: Context) -> list[str]:
    return sorted({ctx.house.accounts[account] for account in accounts})


@dataclass(frozen=True, slots=True)
class Written:
    """The words as somebody would get them by one road, and as they are shown: with the addresses that were typed."""

    road: tuple[str, str]
    content: Content
    shown: Content
    id: str = ""
    name: str = ""


async def _samples(found: Found, used: Mapping[tuple[str, str], Medium], text: Prepared) -> list[Written]:
    """For two customers; and for nobody by each road, where that can be no longer, so that all roads are tried."""

    def written(road: tuple[str, str], person: Person, short_id: str = "", name: str = "") -> Written:
        is_own = used[road].personal and not found.groups
        got, shown = (
            each.content(person, NOBODY) if is_own else each.common() for each in (text, replace(text, links={}))
        )
        return Written(road, got, shown, short_id, name)

    common = [written(road, Person()) for road in used]
    if found.groups and common:
        return [written(common[0].road, Person(), *named.partition(" ")[::2]) for named in found.groups] + common
    customers = await customers_of([sample.customer_id for sample in found.samples])
    rows = {row.id: row for row in customers}
    some = [(sample, rows[sample.customer_id]) for sample in found.samples if sample.customer_id in rows]
    spread = [some[0], some[-1]] if len(some) > 1 else some
    return [
        written((sample.account, sample.way), person_of(row), row.short_id, row.name) for sample, row in spread
    ] + common


def _check_lengths(samples: list[Written], used: Mapping[tuple[str, str], Medium], ctx: Context) -> None:
    for sample in samples:
        medium = used[sample.road]
        if over := medium.excess(sample.content):
            account, way = sample.road
            values = {"account": account, "channel": ctx.house.accounts[account], "way": way, "id": sample.id}
            raise Refusal(
                "refusals/push_long", over=over, unit=medium.unit, most=_most(sample.content, medium), **values
            )


def _most(content: Content, medium: Medium) -> int:
    return medium.longest if content.kind == "text" else medium.caption or medium.longest


def _channels(found: Found, ctx: Context) -> list[dict[str, Any]]:
    """In the order of the configuration, the account's own name only where its kind is not alone."""
    kinds = Counter(ctx.house.accounts.values())
    rows = []
    for account, kind in ctx.house.accounts.items():
        for way in sorted(way for name, way in found.roads if name == account):
            alone = kinds[kind] == 1
            number = found.roads[account, way]
            rows.append({"channel": kind, "account": "" if alone else account, "way": way, "people": number})
    return rows


def _shown(sample: Written) -> dict[str, str]:
    kind = "" if sample.shown.kind in {"text", "notice"} else sample.shown.kind
    return {"id": sample.id, "name": sample.name, "kind": kind, "text": excerpt(words(sample.shown), LONG)}


async def _members(found: Found) -> list[str]:
    """What colleagues are called who have to confirm the most; a member who is no colleague by the platform's id."""
    most = sorted(found.members, key=lambda each: (-found.members[each], each))[:MEMBERS]
    names = [await StaffAccount.filter(account=a, external_id=m).select_related("staff").first() for a, m in most]
    return [row.staff.name if row else member for row, (_, member) in zip(names, most, strict=True)]


def _times(push: Push, found: Found, used: Mapping[tuple[str, str], Medium], ctx: Context) -> dict[str, Any]:
    zone, rules_ = ctx.house.timezone, ctx.house.push
    begins = max(push.starts_at or ctx.now, ctx.now)
    until = rules_.quiet_until(begins, zone)
    people: Counter[str] = Counter()
    for (account, way), number in found.roads.items():
        people[account] += number if way in {"message", "notice"} else 0
    paces = {account: medium.per_second for (account, way), medium in used.items() if way in {"message", "notice"}}
    seconds = lasting(people, paces, push.pace_count / push.pace_seconds)
    quiet = [f"{clock:%H:%M}" for clock in rules_.quiet_hours or ()]
    return {
        "at": told(until or begins, zone) if until or push.starts_at else "",
        "takes": _takes(sum(people.values()), seconds, begins, ctx) if seconds else None,
        "quiet": quiet if len(set(quiet)) > 1 else [],
        "waits": until is not None,
    }


def _takes(people: int, seconds: float, begins: datetime, ctx: Context) -> Span | None:
    """Quiet hours in between are part of it; those before it begins are not."""
    rules_, zone = ctx.house.push, ctx.house.timezone
    first = rules_.quiet_until(begins, zone) or begins
    over = over_at(people, people / seconds, first, rules_, zone)
    return span(over - first) if over else None
