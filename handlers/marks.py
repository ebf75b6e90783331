"""Here lives who carries which tag over there: what a platform tells of it, and how far we are."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from domain.contacts import Profile
from domain.messages import Address
from domain.sync import TagsDue, TagsMet
from domain.tags import Source
from handlers import sync
from handlers.bindings import Standing, bind_there, tell
from handlers.context import Context
from handlers.readings import Guard, Reading
from handlers.router import on
from handlers.wants import MANY, TOGETHER, due, send, want
from models import marks as rows
from models.customers import Identity
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.listings import is_told_since, untold
from models.sync import Binding, Mark
from models.tags import Tag, Tagging

__all__ = ["adopt", "adopt_tag", "begun_anew", "drop_tag", "learned", "standing", "sweep_tag", "want"]

Read = tuple[Identity, str, frozenset[str]]
LATER = (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10))  # until the library was read


@on(TagsDue)
async def send_more(event: TagsDue, ctx: Context) -> None:
    """What one transaction left to the next."""
    if event.account not in ctx.house.tags:
        return
    if event.tags:
        tags = [tag for tag in (await Tag.of(event.tags)).values() if tag.is_for(event.account)]
        await bind_there(event.account, tags, ctx)
        await tell(ctx, event.account)
        for tag in tags:
            new = await rows.unmarked(event.account, tag.id, TOGETHER)
            await want(new, ctx)
            if len(new) == TOGETHER:
                await due(event.account, ctx, [tag.id])
    bindings = await Binding.filter(id__in=await rows.waiting(event.account)).select_related("tag")
    there = [row.id for row in bindings if row.remote_id and row.ours("", grouped=False)]
    found = await rows.pending("bindings", there, MANY)
    await rows.hold_behind({row.identity_id for row in found})
    await send(found, ctx)


async def adopt(
    reads: Sequence[Read], at: datetime, ctx: Context, *, source: Source = "platform", guard: Guard | None = None
) -> int:
    """Take over who carries what, each time all tags of one relation as read at `at`; how many taggings changed."""
    changed, _ = await _adopt(reads, at, ctx, source, guard)
    return changed


async def _adopt(
    reads: Sequence[Read], at: datetime, ctx: Context, source: Source, guard: Guard | None
) -> tuple[int, bool]:
    """The same, and whether there were tags among them that nobody knows here."""
    remotes = {remote for _, _, some in reads for remote in some}
    reading = await Reading.of([identity for identity, _, _ in reads], remotes, at, ctx, whole=True)
    unknown: set[str] = set()
    for identity, member, some in reads:
        if reading.relation(identity, member, some):
            unknown.add(identity.account)
    for account in sorted(unknown):
        await sync.ask(account, ctx)
    if guard:
        reading.hold_back(guard)
    return await reading.end(source), bool(unknown)


async def adopt_tag(account: str, remote: str, identities: Sequence[Identity], at: datetime, ctx: Context) -> int:
    """Take over that these followers carry this one tag; how many taggings changed."""
    binding = await Binding.filter(account=account, remote_id=remote).first()
    if binding is None:
        await sync.ask(account, ctx)
        return 0
    changed = 0
    for part in _parts(identities):
        reading = await Reading.of(part, [remote], at, ctx)
        for identity in part:
            reading.tag(identity, "", remote)
        changed += await reading.end("platform")
    await rows.seen(binding.id, [identity.id for identity in identities], at)
    return changed


async def sweep_tag(account: str, remote: str, since: datetime, ctx: Context, guard: Guard | None = None) -> list[str]:
    """Who has the tag there as far as we know, and was not told of in a reading of all carriers since then.

    Whether they lost it or are there no more themselves is yet to be asked. Of those who are to carry it no more
    nothing is left.
    """
    found, carried = await untold(account, remote, since)
    if guard and guard.holds(sum(mark.agreed and mark.wanted for mark in found), carried):
        found = [mark for mark in found if not mark.agreed]
    await drop_tag(remote, [mark.identity for mark in found if not mark.agreed], since, ctx)
    return [mark.identity.external_id for mark in found if mark.agreed]


async def drop_tag(remote: str, identities: Sequence[Identity], at: datetime, ctx: Context) -> int:
    """Take over that these followers do not carry this one tag; how many taggings changed."""
    changed = 0
    for part in _parts(identities):
        reading = await Reading.of(part, [remote], at, ctx)
        for identity in part:
            reading.without(identity, "", remote)
        changed += await reading.end("platform")
    return changed


async def learned(identity: Identity, profile: Profile, ctx: Context) -> None:
    """Take over the tags that a platform tells of one contact; those that are new to us, once the library was read."""
    if identity.account not in ctx.house.tags:
        return
    told = [(follow.userid, frozenset(follow.tags)) for follow in profile.follows if follow.tags is not None]
    if profile.tags is not None:
        told.append(("", frozenset(profile.tags)))
    if not told:
        return
    reads = [(identity, member, remotes) for member, remotes in told]
    _, is_unknown = await _adopt(reads, ctx.read_at, ctx, "platform", None)
    await InboxEvent.cancel(_lane(identity.address))  # this is newer
    if is_unknown:
        known = await _known(identity.address, set().union(*(remotes for _, remotes in told)))
        for member, remotes in told:
            await _again(TagsMet(ctx.read_at, identity.address, member, tuple(sorted(remotes - known))), ctx)


@on(TagsMet)
async def meet(event: TagsMet, ctx: Context) -> None:
    """Only what was unknown is looked at again: of the rest, and of a relation read since, there is newer news."""
    identity = await Identity.of(event.contact)
    if identity is None or await is_told_since(identity.id, event.member, event.at):
        return
    known = await _known(event.contact, event.tags)
    reading = await Reading.of([identity], event.tags, event.at, ctx)
    for remote in known:
        reading.tag(identity, event.member, remote)
    await reading.end("platform")
    left = tuple(sorted(set(event.tags) - known))
    await _again(replace(event, tags=left), ctx, event.round + 1)


async def begun_anew(identity: Identity, member: str, ctx: Context) -> None:
    """A relation that begins has no tags over there, whatever there was before; who carried some gets them again."""
    if identity.account not in ctx.house.tags:
        return
    await rows.hold_behind([identity.id])
    marks = await Mark.filter(identity_id=identity.id, member=member, sending__isnull=True)
    await rows.forget([mark.id for mark in marks])


async def standing(customers: Collection[int], ctx: Context) -> dict[int, dict[int, list[Standing]]]:
    """By customer and tag, how far each tag is in step with the accounts where they are."""
    carried = await Tagging.tags_of(customers)
    tags = await Tag.of(set().union(*carried.values()))
    identities = await Identity.filter(customer_id__in=sorted(carried), account__in=list(ctx.house.tags)).order_by("id")
    whose = {identity.id: identity.customer_id for identity in identities}
    marks = Mark.filter(identity_id__in=list(whose), binding__retired=False).select_related("binding").order_by("id")
    there: dict[tuple[int, str, int], list[Mark]] = defaultdict(list)
    for mark in await marks if whose else ():
        there[whose[mark.identity_id], mark.binding.account, mark.binding.tag_id or 0].append(mark)
    for identity in identities:
        for tag_id in sorted(carried[identity.customer_id]):
            if tags[tag_id].is_for(identity.account):
                there.setdefault((identity.customer_id, identity.account, tag_id), [])
    bindings = {(b.account, b.tag_id): b for b in await Binding.filter(tag_id__in=list(tags), retired=False)}
    found: dict[int, dict[int, list[Standing]]] = {customer_id: defaultdict(list) for customer_id in carried}
    for (customer_id, account, tag_id), some in there.items():
        if tag_id in carried[customer_id] or any(mark.wanted != mark.agreed for mark in some):
            found[customer_id][tag_id].append(_worst(account, some, bindings.get((account, tag_id)), ctx))
    return found


def _worst(account: str, marks: Sequence[Mark], binding: Binding | None, ctx: Context) -> Standing:
    kind = ctx.house.accounts[account]
    if binding and binding.remote_id is None and binding.reason:
        return Standing(account, kind, "failed", binding.reason)
    if failed := next((mark for mark in marks if mark.state == "failed"), None):
        return Standing(account, kind, "failed", failed.reason)
    waits = not any(mark.wanted or mark.agreed for mark in marks) or any(mark.state != "synced" for mark in marks)
    return Standing(account, kind, "pending" if waits else "synced")


async def _again(event: TagsMet, ctx: Context, number: int = 0) -> None:
    """Another try for what is still unknown; rules of the platform's own make tags that we never learn of."""
    if not event.tags or number >= len(LATER):
        return
    told = f"{event.contact.id}:{event.member}:{milliseconds(event.at)}:{number}"
    key = f"met:{event.contact.account}:{sha256(told.encode()).hexdigest()[:32]}"
    due = ctx.now + LATER[number]
    await InboxEvent.remind(replace(event, round=number), key, due, ctx.now, lane=_lane(event.contact))


def _lane(contact: Address) -> str:
    return f"met:{contact.account}:{contact.id}"


async def _known(contact: Address, remotes: Collection[str]) -> set[str]:
    found = await Binding.filter(account=contact.account, remote_id__in=sorted(remotes)) if remotes else []
    return {row.remote_id for row in found if row.remote_id}


def _parts(identities: Sequence[Identity]) -> Iterator[Sequence[Identity]]:
    return (identities[start : start + TOGETHER] for start in range(0, len(identities), TOGETHER))
