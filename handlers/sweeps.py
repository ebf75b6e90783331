"""Here lives the giving and taking of tags by rules: to whoever changed, at once, and to everybody, every night.

Each time it is computed anew what differs from what the rules say, so that nothing is lost and nothing done twice
whatever is cut off where.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from domain.autotags import Standing, TagRule, any_of, verdict
from domain.rules import And, Carries, Not, Or, Rule
from domain.sweeps import CustomersTouched, RuleDue, RulesDue
from handlers.context import Context
from handlers.router import on
from handlers.rulebook import Rulebook, opened
from handlers.wants import want
from models import index, spans, standings
from models.autotags import AutoTag
from models.changes import Actor
from models.inbox import InboxEvent
from models.marks import hold
from models.standings import Pair
from models.tags import Tagging

LANE = "rules"
LINES = 200  # of the log that one transaction looks at
AT_ONCE = 200  # customers whom one transaction brings into line with a rule
LATER = 9  # going through everybody keeps nobody waiting who has just changed
KEPT = timedelta(days=1)  # what was previewed, and nobody said yes

Change = tuple[int, TagRule, bool]  # a customer, the rule because of which, and whether its tag comes


async def sweep(row: AutoTag, ctx: Context, day: str = "") -> None:
    """Let everybody have a rule's tag, or not, as it says."""
    await _remind(RuleDue(ctx.now, row.id, row.version, day), ctx)


@on(CustomersTouched)
async def apply(event: CustomersTouched, ctx: Context) -> None:
    """The next ones who changed; when all have been looked at, the place in the log moves on."""
    if await spans.is_lost():
        await _begin_anew(event, ctx)
        return
    since = spans.place(event.since)
    if await spans.news("default") != since:  # what waited here has been seen meanwhile
        return
    begun = event if event.until else await _begun(event)
    until = spans.place(begun.until)
    lines = await spans.lines(since, until, begun.after, LINES)
    book = await opened(ctx)
    await obey({customer_id for _, customer_id in lines}, book.rules, book, ctx)
    if len(lines) < LINES:
        await spans.move(until, since)
        return
    more = replace(begun, at=ctx.now, after=lines[-1][0], round=begun.round + 1)
    key = f"touched:{_digest(event.since)}:{more.round}"
    await InboxEvent.remind(more, key, ctx.now, ctx.now, lane=LANE)


@on(RuleDue)
async def go_on(event: RuleDue, ctx: Context) -> None:
    """The next ones of whom the rule says something else than they carry; nothing, once it says something else."""
    book = await opened(ctx)
    rule = book.called(event.rule)
    if rule is None or rule.version != event.version:
        return
    same = book.of(rule.tag)
    unlike = await _unlike(rule, same, event.after, ctx)
    await obey(unlike, same, book, ctx)
    if len(unlike) == AT_ONCE:
        await _remind(replace(event, at=ctx.now, after=unlike[-1], round=event.round + 1), ctx)


@on(RulesDue)
async def sweep_all(event: RulesDue, ctx: Context) -> None:
    """Whoever changed until now is among everybody."""
    await AutoTag.forget(ctx.now - KEPT)
    active = [row for row in await AutoTag.living() if row.state == "active"]
    if active:
        await spans.begin()
        await spans.move(await spans.here())
    for row in active:
        await sweep(row, ctx, event.day)


async def obey(customers: Collection[int], these: Sequence[TagRule], book: Rulebook, ctx: Context) -> set[int]:
    """Let these customers have, and have not, what these rules say, here and on the platforms; who is changed.

    The rules of a tag are all among them, or none. Whoever is to be changed is held and looked at once more: who gives
    and takes tags holds the customers first.
    """
    found = await _changes(customers, these, book, ctx)
    if not found:
        return set()
    await hold({customer_id for customer_id, _, _ in found})
    sure = await _changes({customer_id for customer_id, _, _ in found}, these, book, ctx)
    changed: list[Pair] = []
    for rule in these:
        actor, tag = Actor(None, rule.cause, ctx.now), book.tags[rule.id]
        comes, goes = (
            [(one, tag) for one, why, on in sure if why is rule and on is wanted] for wanted in (True, False)
        )
        changed += await Tagging.give(comes, "rule", actor) if comes else []
        changed += await Tagging.take(goes, actor) if goes else []
    everybody = {customer_id for customer_id, _ in changed}
    await want(everybody, ctx)
    return everybody


async def _changes(customers: Collection[int], these: Sequence[TagRule], book: Rulebook, ctx: Context) -> list[Change]:
    """What is not as these rules say."""
    ids = await standings.whole(customers)
    if not (ids and these):
        return []
    holding = await standings.holding({rule.id: rule.rule for rule in these}, ids, ctx.moment)
    by_tag: dict[int, list[TagRule]] = {}
    for rule in these:
        by_tag.setdefault(rule.tag, []).append(rule)
    carried = await standings.carried(ids, by_tag)
    stands = {
        (one, tag): Standing(
            frozenset(rule.id for rule in some if one in holding[rule.id]), frozenset(carried.get((one, tag), ()))
        )
        for one in ids
        for tag, some in by_tag.items()
    }
    unlike = [pair for pair, now in stands.items() if (not now.sources if now.holding else now.sources == {"rule"})]
    last = await standings.latest({pair: bool(stands[pair].sources) for pair in unlike})
    found: list[Change] = []
    for pair in unlike:
        now = stands[pair]
        if told := last.get(pair):
            now = replace(now, cause=told.cause, changed_at=told.at)
        if said := verdict(by_tag[pair[1]], book.asleep, now):
            found.append((pair[0], *said))
    return found


async def _unlike(rule: TagRule, same: Sequence[TagRule], after: int, ctx: Context) -> list[int]:
    """The next customers who fulfil it without its tag; or, where that matters, have it and fulfil none.

    What is committed is asked, so that nobody waits for a look at everybody; whoever is found is looked at again.
    """
    carries = Carries(frozenset({rule.tag}))
    unlike: Rule = And((rule.rule, Not(carries)))
    if rule.removes:
        unlike = Or((unlike, And((carries, Not(any_of(same))))))
    async with index.look(ctx.moment) as view:
        return list(await view.ids(unlike, AT_ONCE, after))


async def _begun(event: CustomersTouched) -> CustomersTouched:
    return replace(event, until=str(await spans.here()), after=await spans.first(spans.place(event.since)))


async def _begin_anew(event: CustomersTouched, ctx: Context) -> None:
    """Nobody knows what was seen: everybody is gone through."""
    again = RulesDue(ctx.now, f"lost:{_digest(event.since)}")
    await InboxEvent.remind(again, f"rules:{again.day}", ctx.now, ctx.now, lane=LANE)


async def _remind(event: RuleDue, ctx: Context) -> None:
    key = f"rule:{event.rule}:{event.version}:{event.day}:{event.round}"
    await InboxEvent.remind(event, key, ctx.now, ctx.now, lane=LANE, priority=LATER)


def _digest(place: str) -> str:
    return sha256(place.encode()).hexdigest()[:32]
