"""Here lives what platforms are told of our tag library: what differs from the state that both sides agreed on."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from domain.bindings import Alter, Create, Delete, Fail, Forget, Move, Place, Revive, edits, rearranged
from domain.messages import Address
from domain.outgoing import NewTag, TagEdit
from domain.tags import Shape, TagLimits
from handlers.context import Context
from handlers.wants import due
from models import marks
from models.differences import differing, homeless, named
from models.identities import alone
from models.sync import Binding, Sync
from models.tags import Tag

Word = Literal["synced", "pending", "failed", "not_ours", "conflict", "held"]
CHANGED = ("sent", "reason", "touched_at")


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a tag, or a customer's tag, is in step with one account; `reason` where it is not to be had there."""

    account: str
    kind: str
    word: Word
    reason: str = ""


async def bind(tags: Sequence[Tag], ctx: Context) -> None:
    """Let tags be on every account of their scope; what failed there before is tried again."""
    for account in sorted(ctx.house.tags):
        await bind_there(account, [tag for tag in tags if tag.is_for(account)], ctx)


async def bind_there(account: str, tags: Sequence[Tag], ctx: Context) -> None:
    """The same on one account. Tags have their group; who is bound is told by `tell`."""
    await alone("tags")
    limits, placed = ctx.house.tags[account].limits, Binding.filter(account=account, level="tag", retired=False)
    mine = {row.tag_id: row for row in await placed.filter(tag_id__in=[tag.id for tag in tags])}
    living = [tag for tag in tags if tag.gone_at is None]
    new = [tag for tag in living if tag.id not in mine]
    room = limits.tags - await placed.exclude(reason="library_full").count() if new else 0
    names = await named(account, [tag.name for tag in new])
    again = [row.id for row in mine.values() if row.reason not in {"", "not_ours"}]
    await Binding.filter(id__in=again).update(reason="")
    bound = []
    for tag in new:
        reason = _why_not(tag, limits, names, room)
        room -= not reason
        names[tag.name] += 1
        bound.append(Binding(account=account, level="tag", tag_id=tag.id, reason=reason, touched_at=ctx.now))
    if bound:
        await Binding.bulk_create(bound)
        await _bind_groups(account, ctx)


async def rehome(tag: Tag, ctx: Context) -> None:
    """A tag whose group changed is made anew where a platform cannot move it; the old one goes at last."""
    await alone("tags")
    for account in sorted(ctx.house.tags):
        if await Binding.filter(account=account, tag_id=tag.id).exists():
            await _rearranged(account, ctx)


async def tell(ctx: Context, account: str = "") -> None:
    """Send what can be sent now of the differences of one account's library, or of all."""
    await alone("tags")
    for each in [account] if account else sorted(ctx.house.tags):
        if each in ctx.house.tags:
            await _send(each, *await _rearranged(each, ctx), ctx)


async def state(tag_ids: Collection[int], ctx: Context) -> dict[int, list[Standing]]:
    """How far each of these tags is on the accounts where it is to be."""
    found: dict[int, list[Standing]] = {tag_id: [] for tag_id in tag_ids}
    placed = Binding.filter(tag_id__in=list(found), retired=False).select_related("tag").order_by("id")
    rows = await placed if found else []
    missing = await Sync.missing() if rows else set()
    for account in (name for name in ctx.house.accounts if name in ctx.house.tags):
        grouped = ctx.house.tags[account].limits.grouped
        for row in (row for row in rows if row.account == account):
            standing = _standing(row, row.ours("", grouped=grouped), ctx)
            found[row.tag_id or 0].append(replace(standing, word="held") if row.id in missing else standing)
    return found


def _standing(row: Binding, ours: Shape | None, ctx: Context) -> Standing:
    is_so = ours is not None and row.shape is not None and (ours.name, ours.order) == (row.shape.name, row.shape.order)
    word: Word = "synced" if row.remote_id and row.sent is None and is_so else "pending"
    if row.theirs is not None:
        word = "conflict"
    elif row.reason:
        word = "not_ours" if row.reason == "not_ours" else "failed"
    return Standing(row.account, ctx.house.accounts[row.account], word, row.reason)


def _why_not(tag: Tag, limits: TagLimits, names: Counter[str], room: int) -> str:
    if len(tag.name) > limits.name:
        return "name_too_long"
    if not limits.grouped and names[tag.name]:
        return "name_taken"
    return "" if room > 0 else "library_full"


async def places(account: str, ctx: Context) -> tuple[dict[int, Binding], list[Place]]:
    """Our side of an account as far as it differs, by binding, with what that may meet there."""
    grouped = ctx.house.tags[account].limits.grouped
    rows = {row.id: row for row in await differing(account, grouped=grouped) if not row.is_over}
    if not rows:
        return {}, []
    there = await Binding.filter(account=account, level="group").values_list("group_id", "remote_id", "retired")
    homes, remotes = {(row[0], row[1]) for row in there}, {row[0]: row[1] for row in there if not row[2]}
    free = await marks.free([row.id for row in rows.values() if row.retired and row.sent is None])
    found = []
    for row in rows.values():
        group = row.tag.group_id if row.tag else 0
        stays = row.agreed is not None and (group, row.agreed["group"]) in homes  # also if its group went meanwhile
        home = row.agreed["group"] if row.agreed and stays else remotes.get(group) or ""
        found.append(
            Place(
                id=row.id,
                level=row.level,
                subject=row.tag_id or row.group_id or 0,
                group=group,
                remote=row.remote_id or "",
                agreed=row.shape,
                ours=row.ours(home, grouped=grouped),
                sent=Shape(**row.sent) if row.sent else None,
                deleting=row.sent == {},
                reason=row.reason,
                disputed=row.theirs is not None,
                retired=row.retired,
                heir=row.heir_id or 0,
                free=row.id in free and bool(row.remote_id),
            )
        )
    return rows, found


async def _rearranged(account: str, ctx: Context) -> tuple[dict[int, Binding], list[Place]]:
    """Our side of an account as `places` tells it, everything at its place."""
    grouped = ctx.house.tags[account].limits.grouped
    for _ in range(3):  # what moved may find its old place, in a group that has found its own
        rows, found = await places(account, ctx)
        if not (steps := list(rearranged(found, grouped=grouped))):
            return rows, found
        for step in steps:
            match step:
                case Forget(place):
                    await rows[place.id].delete()
                case Revive(place, instead):
                    await _revive(rows[place.id], rows[instead.id], ctx)
                case Move(place):
                    await _move(rows[place.id], ctx)
    return await places(account, ctx)


async def _revive(elder: Binding, row: Binding, ctx: Context) -> None:
    """Its customers there keep it; those who carry the heir get it."""
    elder.tag_id, elder.group_id = row.tag_id, row.group_id
    elder.retired, elder.heir_id, elder.reason = False, None, ""
    await row.delete()
    await elder.save(update_fields=["tag_id", "group_id", "retired", "heir_id", "reason"])
    if row.tag_id:
        await marks.revive(elder.id)
        await due(elder.account, ctx, [row.tag_id])


async def _move(row: Binding, ctx: Context) -> None:
    row.retired, row.heir_id = True, row.tag_id
    await row.save(update_fields=["retired", "heir_id"])
    await Binding.create(account=row.account, level="tag", tag_id=row.tag_id, touched_at=ctx.now)


async def _send(account: str, rows: dict[int, Binding], found: list[Place], ctx: Context) -> None:
    grouped = ctx.house.tags[account].limits.grouped
    if await _bind_groups(account, ctx):
        rows, found = await places(account, ctx)
    touched: list[Binding] = []
    for step in edits(found, grouped=grouped):
        match step:
            case Fail(place, reason):
                rows[place.id].reason = reason
                touched.append(rows[place.id])
            case Delete(gone):
                ctx.send(_deleted(account, gone))
                touched += _on_their_way(((rows[place.id], {}) for place in gone), ctx)
            case Alter(place, to):
                ctx.send(_altered(account, place, to))
                touched += _on_their_way([(rows[place.id], asdict(to))], ctx)
            case Create(new, group):
                ctx.send(_created(account, new, group))
                made = (*new, group) if group and not group.remote else new
                touched += _on_their_way(((rows[place.id], asdict(place.ours or Shape(""))) for place in made), ctx)
    if touched:
        await Binding.bulk_update(touched, fields=CHANGED, batch_size=200)


async def _bind_groups(account: str, ctx: Context) -> bool:
    """A group has its place wherever one of its tags has one; whether one has got it now."""
    missing = await homeless(account) if ctx.house.tags[account].limits.grouped else []
    if missing:
        new = [Binding(account=account, level="group", group_id=group, touched_at=ctx.now) for group in missing]
        await Binding.bulk_create(new)
    return bool(missing)


def _on_their_way(changes: Iterable[tuple[Binding, dict[str, object]]], ctx: Context) -> list[Binding]:
    """Whatever was read from now on until it is settled, and whatever is being read, is out of date."""
    touched = []
    for row, sent in changes:
        row.sent, row.reason, row.touched_at = sent, "", ctx.now
        touched.append(row)
    return touched


def _deleted(account: str, gone: Sequence[Place]) -> TagEdit:
    remotes, ids = tuple(place.remote for place in gone), tuple(place.id for place in gone)
    return TagEdit(Address(account, "tags"), "delete", remotes=remotes, bindings=ids)


def _altered(account: str, place: Place, to: Shape) -> TagEdit:
    """Only what differs is told."""
    was = place.agreed
    name = to.name if was is None or was.name != to.name else None
    order = to.order if was is None or was.order != to.order else None
    to_whom = Address(account, "tags")
    return TagEdit(to_whom, "change", remote=place.remote, name=name, order=order, bindings=(place.id,))


def _created(account: str, new: Sequence[Place], group: Place | None) -> TagEdit:
    tags = tuple(NewTag(place.id, place.ours.name, place.ours.order) for place in new if place.ours)
    to = Address(account, "tags")
    if group is None or group.ours is None:
        return TagEdit(to, "create", tags=tags)
    if group.remote:
        return TagEdit(to, "create", remote=group.remote, tags=tags)
    return TagEdit(to, "create", name=group.ours.name, order=group.ours.order, binding=group.id, tags=tags)
