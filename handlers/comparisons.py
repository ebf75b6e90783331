"""Here lives the comparison of an account's tag library with ours, and when people are asked before anything goes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.reconcile import Changed, Created, Disputed, Step, chosen, vanishing
from domain.sync import TagLibraryRead, TagsAsked
from domain.tags import Library, Policy, Shape
from handlers.adoptions import adopt
from handlers.bindings import tell
from handlers.context import Context
from handlers.disputes import ask_people, settled
from handlers.libraries import Picture
from handlers.notices import NOTHING
from handlers.notices import tell as tell_person
from handlers.rehearsals import rehearse
from handlers.router import on
from handlers.sync import ask, current, go_on
from handlers.wants import due, want
from models.adoptions import changed, namesakes
from models.bearers import carrying
from models.fields import milliseconds
from models.identities import alone
from models.staff import Staff
from models.sync import Binding, Sync

NAMED = 3
GROWN = 2  # managers are asked again when so many times as many are missing
LATER = timedelta(minutes=1)  # until what was on its way has arrived, as a rule


@on(TagLibraryRead)
async def compare(event: TagLibraryRead, ctx: Context) -> None:
    await alone("tags")
    asked = event.asked
    sync = await current(asked, ctx)
    if not sync:
        return
    picture = await Picture.of(asked.account, event.at, ctx)
    steps = picture.steps(event.library)
    if asked.dry:
        await rehearse(sync, picture, steps, ctx)
    elif await _is_held(sync, steps, picture, ctx):
        return
    else:
        await _take_over(sync, asked, steps, picture, ctx)
        if _is_open(picture, event.library):
            await ask(asked.account, ctx, LATER)
    if asked.run:
        await go_on(sync, "", ctx)


async def take(row: Binding, policy: Policy, ctx: Context) -> None:
    """A person chose what the platform has, or what we have; whoever asks holds the mark `tags`."""
    picture = await Picture.of(row.account, ctx.now, ctx)
    bound = picture.bound(picture.bindings[row.id], picture.groups_there)
    theirs = Shape(**row.theirs) if row.theirs else None
    decided = picture.bindings[row.id]
    decided.reason = ""  # why it failed is over, whoever was chosen
    await changed([decided], "reason")
    await settled([decided], ctx)
    await adopt(picture, [chosen(bound, theirs, policy)], ctx)
    await tell(ctx)


async def _take_over(sync: Sync, asked: TagsAsked, steps: Sequence[Step], picture: Picture, ctx: Context) -> None:
    await ask_people([step for step in steps if isinstance(step, Disputed)], picture, ctx)
    gone = list(vanishing(steps).values())
    carried = await carrying(*gone) if gone else 0
    await adopt(picture, steps, ctx)
    if gone:
        await _tell_managers("sync/vanished", picture, ctx, carried=carried, **_named(gone, picture))
    await _tell_of_namesakes(picture, steps, ctx)
    counted = Counter(type(step).__name__.lower() for step in steps)
    freed = {"part": ""} if sync.part == "held" else {}
    found = {**sync.found, **counted, "went": _went(sync, len(gone), ctx), "missing": []}
    await sync.note(ctx.now, found=found, reason="", allowed=False, **freed)
    if asked.run:
        await _retry(sync, picture, ctx)
    await tell(ctx, "" if steps else sync.account)


async def _retry(sync: Sync, picture: Picture, ctx: Context) -> None:
    """What failed before may succeed now."""
    rows = picture.bindings.values()
    used = sum(row.level == "tag" and not row.retired and row.reason != "library_full" for row in rows)
    await want(await sync.retry(picture.rules.limits.tags - used), ctx)
    await due(sync.account, ctx)


def _went(sync: Sync, gone: int, ctx: Context) -> list[tuple[int, int]]:
    """What will count when more goes within the hour; nothing, once a manager has said that it is meant."""
    if sync.allowed:
        return []
    return [*sync.went(ctx.now), *([(milliseconds(ctx.now), gone)] if gone else [])]


async def _is_held(sync: Sync, steps: Sequence[Step], picture: Picture, ctx: Context) -> bool:
    """Whether so much is gone there that a manager must say that it is meant: until then nothing is taken over.

    What they said holds for the tags that they were told of, and for no others.
    """
    gone = vanishing(steps)
    allowed = set(sync.found.get("allowed_tags", ())) if sync.allowed else set()
    if gone.keys() <= allowed or not picture.must_wait(gone, sync, ctx.now):
        return False
    told = sync.found.get("told_of", []) if sync.part == "held" else []
    if len(gone) >= GROWN * len(told):
        told = sorted(gone)
        await _tell_of_missing(sync, list(gone.values()), picture, ctx)
    found = {**sync.found, "held": len(gone), "told_of": told, "missing": sorted(gone)}
    await sync.note(ctx.now, part="held", found=found, reason="", allowed=False)
    return True


async def _tell_of_missing(sync: Sync, gone: Sequence[int], picture: Picture, ctx: Context) -> None:
    before = sum(number for _, number in sync.went(ctx.now))
    offers = {"allow": f"sync allow {picture.account}"}
    told = {"before": before, "there": picture.there + before, "carried": await carrying(*gone)}
    await _tell_managers("sync/held", picture, ctx, offers=offers, **told, **_named(gone, picture))


def _named(tags: Sequence[int], picture: Picture) -> dict[str, Any]:
    return {"count": len(tags), "names": [picture.tags[tag].path for tag in tags[:NAMED]]}


async def _tell_managers(
    template: str, picture: Picture, ctx: Context, *, offers: Mapping[str, str] = NOTHING, **told: Any
) -> None:
    channel = ctx.house.accounts.get(picture.account, "")
    for person in await Staff.managers():
        await tell_person(person, ctx, template, offers=offers, account=picture.account, channel=channel, **told)


async def _tell_of_namesakes(picture: Picture, steps: Sequence[Step], ctx: Context) -> None:
    """Two tags that have come to have one name stay two, until somebody says that they are one."""
    named = {step.remote.shape.name for step in steps if isinstance(step, Created)}
    named |= {
        step.ours.name for step in steps if isinstance(step, Changed) and step.ours and step.ours != step.bound.ours
    }
    alike = sorted(await namesakes(named))
    if alike:
        await _tell_managers("sync/alike", picture, ctx, names=alike[:NAMED])


def _is_open(picture: Picture, library: Library) -> bool:
    """Whether something could not be decided, because it was on its way."""
    there = {remote.id: remote.shape for remote in library.items}
    return any(
        bound.making or (bound.remote and there.get(bound.remote) != bound.agreed)
        for bound in picture.bounds()
        if bound.busy
    )
