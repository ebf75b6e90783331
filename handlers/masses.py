"""Here lives the tagging of all customers for whom a rule holds: previewed, confirmed, done some at a time.

Who they are is settled when the plan is carried out: their ids are in events of our own, stored in that very
transaction. Each event is handled in one of its own, so whatever is killed goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

from domain.audience_words import parted
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.masses import CustomersToTag
from domain.permissions import Role
from domain.rule_names import bound
from domain.rule_text import parse, written
from domain.rules import And, Carries, Not, Or, Rule
from domain.taggings import Known, Meaning, Wish, labels, meanings, wish
from handlers import rules
from handlers.audiences import LASTS, LONG, examples
from handlers.cards import excerpt
from handlers.context import Context
from handlers.dialogs import ask
from handlers.marks import want
from handlers.plans import Preview, effect, propose, recheck
from handlers.router import colleague, command, on, scope
from models.cards import held_together
from models.changes import Actor
from models.dialogs import Dialog
from models.identities import alone
from models.inbox import InboxEvent
from models.plans import Plan
from models.portraits import members, survey
from models.staff import Staff
from models.tags import Tag, Tagging
from models.trail import newest, taggings_counted

AT_ONCE = 300  # customers in one transaction
LITTLE, PART = 5, 0.01  # so many more or fewer customers change nothing
PAGE = 6
LAST = 9  # priority of the report: after everything else in its lane


@command(
    Command(
        "tagall",
        "tags",
        zh=("批量打标", "批量打标签"),
        en=("tagall",),
        role=Role.MANAGER,
        tier="danger",
        takes="text",
        yields=True,
    )
)
async def tag_all(asked: Invocation, ctx: Context) -> None:
    rule, signs = parted(asked.words)
    if not rule:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    read = await rules.read(rule, ctx)
    kept = written(read.kept)
    if not signs:
        await _ask(read, kept, ctx)
        return
    if chosen := await _chosen(wish(signs), kept, ctx):
        preview = await _preview({"rule": kept, "give": chosen[0], "take": chosen[1]}, ctx)
        ids = [f"G{tag_id}" for part in chosen for tag_id in part]
        ctx.about(*ids)
        needs = preview.payload["people"] > ctx.house.approval_over
        values = dict(preview.values)
        await propose(ctx, "tagall", ids[0], preview.payload, preview.template, needs_approval=needs, **values)


@recheck("tagall")
async def still_to_tag(plan: Plan, ctx: Context) -> Preview | None:
    """Many more or fewer customers are another thing to do, and so is a rule that means something else by now."""
    await alone("audiences")
    preview = await _preview(plan.payload, ctx)
    old, new = plan.payload["people"], preview.payload["people"]
    if new > ctx.house.approval_over and not plan.needs_approval:
        raise Refusal("refusals/mass_grown", id=plan.subject, people=new, command=plan.kind)
    is_same = plan.payload["meant"] == preview.payload["meant"]
    return None if is_same and abs(old - new) <= max(PART * old, LITTLE) else preview


@effect("tagall")
async def begin(plan: Plan, ctx: Context) -> None:
    """The first ones at once; for the others everything is written down that the rounds need."""
    payload = plan.payload
    ids = await members(await _to_change(payload, ctx), ctx.moment)
    told = CustomersToTag(
        ctx.now,
        staff=colleague(ctx).id,
        cause=ctx.actor.cause,
        give=tuple(payload["give"]),
        take=tuple(payload["take"]),
        subject=plan.subject,
        place=ctx.chat,
        language=ctx.language,
        people=len(ids),
        since=await newest(),
    )
    ctx.about(*(f"G{tag_id}" for tag_id in (*told.give, *told.take)))
    await _tag(replace(told, customers=tuple(ids[:AT_ONCE])), ctx)
    if ids[AT_ONCE:]:
        await _store(told, ids[AT_ONCE:], ctx)
        ctx.reply("masses/begun", id=plan.subject, people=len(ids), done=AT_ONCE)
    else:
        ctx.reply("masses/done", **await _report(told))


@on(CustomersToTag)
async def go_on(event: CustomersToTag, ctx: Context) -> None:
    """The next ones; the last event of all has nobody, and tells what came of it."""
    if event.customers:
        await _tag(event, ctx)
    else:
        ctx.tell(event.place, event.language, "masses/done", **await _report(event))


async def _tag(event: CustomersToTag, ctx: Context) -> None:
    """Whoever was merged meanwhile is who they are now, and so is a tag; one that is gone is given to nobody.

    Whoever is by now the customer of somebody whose customers the requester does not see is left alone.
    """
    seen = await (await Staff.get(id=event.staff)).scope()
    together = await held_together(event.customers)
    customers = [row.id for row in together if seen.sees(row.owner_id, row.attendant_id)]
    tags = await _heirs([*event.give, *event.take])
    actor = Actor(event.staff, event.cause, ctx.now)
    give, take = ([(each, tags[tag]) for each in customers for tag in part] for part in (event.give, event.take))
    given = await Tagging.give(give, "staff", actor)
    taken = await Tagging.take(take, actor)
    await want({customer for customer, _ in (*given, *taken)}, ctx)


async def _store(told: CustomersToTag, ids: Sequence[int], ctx: Context) -> None:
    lane = f"tagall:{sha256(told.cause.encode()).hexdigest()[:32]}"
    parts = [tuple(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE)]
    events = {f"{lane}:{n}": replace(told, customers=part) for n, part in enumerate(parts, 1)}
    await InboxEvent.remind_all(events, ctx.now, lane)
    await InboxEvent.remind(told, f"{lane}:0", ctx.now, ctx.now, lane=lane, priority=LAST)


async def _report(event: CustomersToTag) -> dict[str, Any]:
    """Counted in the trail: what was really done, however often it was begun."""
    counted, changed = await taggings_counted(event.staff, event.cause, event.since)
    tags = await _heirs([*event.give, *event.take])

    def told(tag: int, *, came: bool) -> tuple[str, int]:
        return tags[tag].path, sum(counted.get((each, came), 0) for each in {tag, tags[tag].id})

    return {
        "id": event.subject,
        "people": event.people,
        "changed": changed,
        "given": [told(tag, came=True) for tag in event.give],
        "taken": [told(tag, came=False) for tag in event.take],
    }


async def _preview(payload: Mapping[str, Any], ctx: Context) -> Preview:
    give, take = await _living(payload["give"]), await _living(payload["take"])
    known = await rules.names(ctx)
    read = await rules.read(payload["rule"], ctx, known)
    parts = [*(Not(_carrying(tag)) for tag in give), *(map(_carrying, take))]
    whole = await survey(read.seen, ctx.moment, parts, most=0)
    found = await survey(_changing(read.seen, payload), ctx.moment)
    if not found.total:
        raise Refusal("refusals/mass_nothing", total=whole.total)
    names = labels([Known(*row) for row in await Tag.names()])
    told = [(names[tag.id], number) for tag, number in zip((*give, *take), whole.parts, strict=True)]
    values = {
        "id": f"G{(*give, *take)[0].id}",
        "total": whole.total,
        "people": found.total,
        "rule": rules.in_words(read.rule, known, ctx, LONG),
        "given": told[: len(give)],
        "taken": told[len(give) :],
        "examples": await examples(found.some),
        "over": ctx.house.approval_over,
    }
    meant = sha256(repr(read.bound).encode()).hexdigest()
    return Preview({**payload, "people": found.total, "meant": meant}, "masses/preview", values)


async def _to_change(payload: Mapping[str, Any], ctx: Context) -> Rule:
    rule = bound(parse(payload["rule"]), await rules.names(ctx))
    return _changing(rules.within(rule, scope(ctx)), payload)


def _changing(rule: Rule, payload: Mapping[str, Any]) -> Rule:
    """Who is not as they are to be."""
    give = [Not(Carries(frozenset({tag}))) for tag in payload["give"]]
    parts: tuple[Rule, ...] = (*give, *(Carries(frozenset({tag})) for tag in payload["take"]))
    return And((rule, Or(parts) if len(parts) > 1 else parts[0]))


def _carrying(tag: Tag) -> Rule:
    return Carries(frozenset({tag.id}))


async def _living(ids: Sequence[int]) -> list[Tag]:
    """In the order of these ids; Refusal where one has gone meanwhile."""
    tags = await Tag.of(ids)
    for tag in (tags[tag_id] for tag_id in ids if tags[tag_id].gone_at):
        into = f"G{tag.merged_into_id}" if tag.merged_into_id else ""
        raise Refusal("refusals/tag_gone", id=f"G{tag.id}", path=tag.path, into=into)
    return [tags[tag_id] for tag_id in ids]


async def _heirs(ids: Sequence[int]) -> dict[int, Tag]:
    """By these ids the tags, or those that took over from them."""
    tags = await Tag.of(ids)
    heirs = await Tag.of({tag.merged_into_id for tag in tags.values() if tag.merged_into_id})
    return {tag_id: heirs.get(tag.merged_into_id or 0, tag) for tag_id, tag in tags.items()}


async def _ask(read: rules.Read, kept: str, ctx: Context) -> None:
    found = await survey(read.seen, ctx.moment, most=0)
    said = excerpt(rules.explain(read.rule, read.names, ctx), LONG)
    await ask(ctx, f"tagall {kept} +", "masses/ask", total=found.total, rule=said)


async def _chosen(wanted: Wish, kept: str, ctx: Context) -> tuple[list[int], list[int]] | None:
    """The ids of the tags to give and to take; None where a name may be several and the choice was offered."""
    library = [Known(*row) for row in await Tag.names()]
    found = meanings(wanted, library, {tag.id for tag in library}, creates=True)
    if unclear := next((each for each in found if len(each.fits) > 1), None):
        await _offer(unclear, found, kept, ctx)
        return None
    give, take = (list(dict.fromkeys(each.fits[0].id for each in found if each.sign == sign)) for sign in "+-")
    if both := set(give) & set(take):
        raise Refusal("refusals/tagging_both", what=labels(library)[min(both)])
    return give, take


async def _offer(unclear: Meaning, found: Sequence[Meaning], kept: str, ctx: Context) -> None:
    shown = unclear.fits[:PAGE]
    choices = {
        str(number): " ".join(("tagall", kept, *(each.chosen(one) if each is unclear else str(each) for each in found)))
        for number, one in enumerate(shown, 1)
    }
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    rows = [{"number": number, "path": one.path} for number, one in enumerate(shown, 1)]
    ctx.reply("taggings/which", what=unclear.typed, rows=rows)
