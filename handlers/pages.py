"""Here lives who carries which tag on a platform, page by page, and who is no contact of a member any more.

A contact that is as we know it costs no statement of its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from domain.contacts import Follow, Profile
from domain.messages import Address
from domain.reconcile import is_too_much
from domain.sync import ContactRead, TagContactsRead
from handlers.contacts import capture, is_anew, learn
from handlers.context import Context
from handlers.marks import adopt, adopt_tag, drop_tag, sweep_tag, want
from handlers.notices import tell as tell_person
from handlers.readings import Guard
from handlers.rehearsals import rehearse_page, report
from handlers.router import on
from handlers.sync import current, follow, go_on, lane
from models.customers import Identity, Relation
from models.fields import instant, milliseconds
from models.identities import alone
from models.inbox import InboxEvent
from models.listings import missed
from models.marks import hold_behind
from models.staff import Staff
from models.sync import Sync

SKEW = timedelta(minutes=1)  # what the platform's clock may be behind ours

TOGETHER = 500  # contacts in one transaction: nobody else can write meanwhile on SQLite

ASKED = 100  # contacts of whom one call tells

Relations = Mapping[tuple[int, str], Relation]


@on(TagContactsRead)
async def take_over(event: TagContactsRead, ctx: Context) -> None:
    """One page, or a part of it; the next one is asked for in the same commit."""
    await alone("tags")
    sync = await current(event.asked, ctx)
    if not sync or sync.part != "contacts" or event.before != sync.found.get("parts", 0):
        return  # without a part that was buried nothing proves that anything is gone
    event = await _first_of(event, sync, ctx)
    since = _since(event, sync)
    sync.found = {**sync.found, "since": milliseconds(since)}
    guard = Guard(ctx.house.tags[sync.account].guard, int(sync.found.get("allowed_taggings", 0)))
    if event.asked.dry:
        counted = await rehearse_page(event, sync)
    elif event.asked.contacts:
        counted = {"taggings": await _doubted(event, sync, ctx)}
    elif event.tag:
        counted = {"taggings": await _followers(event, since, sync, guard, ctx)}
    else:
        counted = await _relations(event, guard, ctx)
        counted |= await _missed(event, since, ctx) if event.whole else {}
    counted |= {"held_taggings": guard.held} if guard.held else {}
    sync.found = {**sync.found, **{name: int(sync.found.get(name, 0)) + n for name, n in counted.items()}}
    sync.found["allowed_taggings"] = guard.allowed
    sync.found["parts"] = event.before + 1 if event.more else 0
    if event.more:
        await sync.note(ctx.now, found=sync.found)
    elif len(doubted := sync.found.get("doubted", ())) >= (ASKED if event.cursor else 1):
        await go_on(sync, event.cursor, ctx, sorted(doubted)[:ASKED])
    elif event.cursor:
        await go_on(sync, event.cursor, ctx)
    else:
        await _finish(sync, ctx)


async def _first_of(event: TagContactsRead, sync: Sync, ctx: Context) -> TagContactsRead:
    """As many as one transaction should take; the rest of the page follows in this lane, before what is asked next."""
    if len(event.contacts) <= TOGETHER:
        return event
    starts = range(0, len(event.contacts), TOGETHER)
    told = [replace(event, contacts=event.contacts[start : start + TOGETHER]) for start in starts]
    for number, part in enumerate(told[1:], 1):
        is_last = number == len(told) - 1
        later = replace(part, before=number, more=not is_last, whole=event.whole and is_last)
        key = f"tags:{sync.account}:{sync.run}:{sync.found.get('pages', 0)}:part{number}"
        await InboxEvent.remind(later, key, ctx.now, ctx.now, lane=lane(sync.account))
    return replace(told[0], more=True, whole=False)


def _since(event: TagContactsRead, sync: Sync) -> datetime:
    """When the reading of this comparison began, by the clock of whoever read first by theirs."""
    told, began = sync.found.get("since"), sync.started_at or event.at
    return min(event.at, instant(int(told)) if told else began)


async def _finish(sync: Sync, ctx: Context) -> None:
    if sync.dry is not None:
        await report(sync, ctx)
        held, waits = sync.dry.get("before", {}), bool(sync.dry.get("next"))
        part = "held" if "held" in held else ""  # whoever looked before allowing may still allow
        await sync.note(ctx.now, part=part, dry=None, found={**sync.kept, **held})
        if waits:
            await follow(sync, ctx)
        return
    if held := int(sync.found.get("held_taggings", 0)):
        await _tell_managers(sync.account, held, ctx)
    took = (ctx.now - sync.started_at) // timedelta(milliseconds=1) if sync.started_at else 0
    await sync.note(ctx.now, part="", finished_at=ctx.now, took=took, found=sync.found, reason="")


async def _tell_managers(account: str, held: int, ctx: Context) -> None:
    """So many tags are gone from contacts there that a manager must say that it is meant."""
    channel, offers = ctx.house.accounts.get(account, ""), {"allow": f"sync allow {account}"}
    for person in await Staff.managers():
        await tell_person(person, ctx, "sync/kept", offers=offers, account=account, channel=channel, count=held)


async def _followers(event: TagContactsRead, since: datetime, sync: Sync, guard: Guard, ctx: Context) -> int:
    """Followers whom we have never met are no customers yet. Who lost the tag may have left: `doubted` are asked of."""
    account = event.asked.account
    identities = await Identity.filter(account=account, external_id__in=[each.id for each in event.contacts])
    changed = await adopt_tag(account, event.tag, identities, event.at, ctx)
    if event.whole:
        doubted = dict(sync.found.get("doubted", {}))
        for openid in await sweep_tag(account, event.tag, since, ctx, guard):
            doubted[openid] = [*doubted.get(openid, ()), event.tag]
        sync.found = {**sync.found, "doubted": doubted}
    return changed


async def _doubted(event: TagContactsRead, sync: Sync, ctx: Context) -> int:
    """Who is there without a tag has lost it; who follows no more, and of whom nobody told us, keeps it here."""
    account, asked = event.asked.account, event.asked.contacts
    doubted = dict(sync.found.get("doubted", {}))
    missing = {openid: doubted.pop(openid, ()) for openid in asked}
    sync.found = {**sync.found, "doubted": doubted}
    told = {each.id: each.tags for each in event.contacts}
    known = {each.external_id: each for each in await Identity.filter(account=account, external_id__in=list(asked))}
    changed = 0
    for tag in sorted(set(chain.from_iterable(missing.values()))):
        lost = [openid for openid, tags in told.items() if tags is not None and tag in missing[openid]]
        those = [known[openid] for openid in lost if openid in known and tag not in (told[openid] or ())]
        changed += await drop_tag(tag, those, event.at, ctx)
    gone = [identity for openid, identity in known.items() if openid not in told]
    for identity in gone:
        await identity.reached("unfollowed", event.at)
    await want([identity.customer_id for identity in gone], ctx)
    return changed


async def _relations(event: TagContactsRead, guard: Guard, ctx: Context) -> dict[str, int]:
    known = await _known(event)
    met = await Relation.filter(identity_id__in=[identity.id for identity in known.values()])
    relations = {(relation.identity_id, relation.userid): relation for relation in met}
    new, back = 0, list[int]()
    for contact, reads in _by_contact(event.contacts).items():
        if identity := known.get(contact):
            fresh = _fresh(identity, reads, relations, event.at)
            known[contact], is_back = await _met(identity, fresh, relations, event, ctx)
            back += [known[contact].customer_id] if is_back else []
        elif profile := _profile(reads):
            address = Address(event.asked.account, contact)
            known[contact], is_new = await capture(address, profile, ctx, at=event.at, owner=reads[0].member)
            new += is_new
    told = [each for each in event.contacts if each.id in known and _fresh(known[each.id], [each], relations, event.at)]
    await _stamp({(known[each.id].id, each.member) for each in told}, event.at)
    tagged = [(known[each.id], each.member, frozenset(each.tags)) for each in told if each.tags is not None]
    changed = await adopt(tagged, event.at, ctx, guard=guard)
    await want(back, ctx)
    return {"new": new, "taggings": changed}


async def _known(event: TagContactsRead) -> dict[str, Identity]:
    """By the platform's id; their customers are held from here on, in the order in which everybody holds several."""
    ids = sorted({each.id for each in event.contacts})
    known = Identity.filter(account=event.asked.account, external_id__in=ids)
    await hold_behind([int(str(each)) for each in await known.values_list("id", flat=True)])
    return {identity.external_id: identity for identity in await known.select_related("customer")}


def _by_contact(contacts: Iterable[ContactRead]) -> dict[str, list[ContactRead]]:
    found: dict[str, list[ContactRead]] = {}
    for each in contacts:
        found.setdefault(each.id, []).append(each)
    return found


def _fresh(
    identity: Identity, reads: Sequence[ContactRead], relations: Relations, at: datetime
) -> Sequence[ContactRead]:
    """Without relations of which we have heard since the reading began that they are over."""
    known = [(each, relations.get((identity.id, each.member))) for each in reads]
    return [each for each, row in known if not (row and row.ended_at and row.ended_at >= at)]


def _profile(reads: Sequence[ContactRead]) -> Profile | None:
    """What all members' relations together tell of a contact; tags are taken over of the whole page at once."""
    told = [each.profile for each in reads if each.profile]
    follows = [replace(follow, tags=None) for profile in told for follow in profile.follows]
    return replace(told[0], follows=tuple(follows)) if told else None


async def _met(
    identity: Identity, reads: Sequence[ContactRead], relations: Relations, event: TagContactsRead, ctx: Context
) -> tuple[Identity, bool]:
    """Learn what is new of a contact that we know, and that it can be reached again; whether anything was."""
    profile = _profile(reads)
    is_back = bool(reads) and identity.state != "reachable" and identity.state_at < event.at
    if profile and _differs(identity, profile, relations):
        identity = await learn(identity, profile, ctx)
        is_back = True
    if is_back:
        await identity.reached("reachable", event.at)
    return identity, is_back


def _differs(identity: Identity, profile: Profile, relations: Relations) -> bool:
    told = {"name": profile.name, "unionid": profile.unionid}
    return any(value and value != getattr(identity, name) for name, value in told.items()) or any(
        _is_other(relations.get((identity.id, follow.userid)), follow) for follow in profile.follows
    )


def _is_other(row: Relation | None, follow: Follow) -> bool:
    if row is None or row.ended_at or is_anew(row, follow):
        return True
    here = (row.remark, row.description, row.company, tuple(row.phones))
    return here != (follow.remark[:64], follow.description[:200], follow.company[:64], follow.phones)


async def _stamp(pairs: Collection[tuple[int, str]], at: datetime) -> None:
    """They are in the listing."""
    rows = await Relation.filter(identity_id__in=sorted({identity for identity, _ in pairs}))
    ids = [row.id for row in rows if (row.identity_id, row.userid) in pairs]
    await Relation.filter(id__in=ids).update(read_at=at)


async def _missed(event: TagContactsRead, since: datetime, ctx: Context) -> dict[str, int]:
    """Relations of these members that are in none of their pages are over, unless suspiciously many are."""
    listed, gone = await missed(event.asked.account, event.members, since, SKEW)
    if not gone or not listed:
        return {}
    if is_too_much(len(gone), listed + len(gone), ctx.house.tags[event.asked.account].guard):
        return {"held_relations": len(gone)}
    for relation in gone:
        await Relation.end(relation.identity_id, relation.userid, event.at)
        if not await Relation.lasting(relation.identity_id):
            await relation.identity.reached("deleted", event.at)
    await want(sorted({relation.identity.customer_id for relation in gone}), ctx)
    return {"ended": len(gone)}
