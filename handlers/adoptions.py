"""Here lives what becomes of our tags when an account's library is other than agreed: each step of the comparison."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import chain

from domain.reconcile import Bound, Changed, Created, Ended, Lost, Matched, Step, Vanished
from domain.tags import Level, Remote, Shape
from handlers.bindings import rehome
from handlers.context import Context
from handlers.libraries import Picture
from handlers.partings import end, part
from handlers.regroupings import regroup
from handlers.wants import due, want
from models.adoptions import (
    Place,
    bearers,
    bound,
    changed,
    made_groups,
    made_tags,
    unbound,
    unmarked,
)
from models.sync import Binding
from models.tags import Tag, Tagging, TagGroup
from templates.terms import terms


async def adopt(picture: Picture, steps: Sequence[Step], ctx: Context) -> None:
    """Do them all; what is left to be told to platforms is not told here."""
    await unbound([step.bound.id for step in steps if isinstance(step, Ended)])
    await _match([step for step in steps if isinstance(step, Matched)], picture, ctx)
    await _create([step.remote for step in steps if isinstance(step, Created)], picture, ctx)
    await _change([step for step in steps if isinstance(step, Changed)], picture, ctx)
    await _lose([step.bound for step in steps if isinstance(step, Lost)], picture, ctx)
    await _drop([step.bound for step in steps if isinstance(step, Vanished)], picture, ctx)


async def _match(steps: Sequence[Matched], picture: Picture, ctx: Context) -> None:
    """The order is theirs from now on, where the platform wins."""
    waiting = {_subject(row): row for row in picture.bindings.values() if not (row.remote_id or row.retired)}
    met = [(step, waiting.get((step.free.level, step.free.subject))) for step in steps]
    for step, row in met:
        if row:
            row.remote_id, row.agreed, row.reason, row.touched_at = (
                step.remote.id,
                _json(step.remote.shape),
                "",
                ctx.now,
            )
    await changed([row for _, row in met if row], "remote_id", "agreed", "reason", "touched_at")
    levels: tuple[Level, ...] = ("group", "tag")
    for level in levels:
        new = [Place(step.free.subject, step.remote) for step, row in met if not row and step.free.level == level]
        await bound(picture.account, level, new, ctx.now)
    if picture.rules.policy == "platform" and picture.grouped:
        await _reorder(steps, picture)
    if tags := [step.free.subject for step in steps if step.free.level == "tag"]:
        await due(picture.account, ctx, tags)


async def _reorder(steps: Sequence[Matched], picture: Picture) -> None:
    for level, rows in (("group", picture.groups), ("tag", picture.tags)):
        orders = {step.free.subject: step.remote.shape.order for step in steps if step.free.level == level}
        new = [rows[subject] for subject, order in orders.items() if rows[subject].order != order]
        for row in new:
            row.order = orders[row.id]
        await changed(new, "order")


async def _create(remotes: Sequence[Remote], picture: Picture, ctx: Context) -> None:
    groups = [remote for remote in remotes if remote.level == "group"]
    made = await made_groups([remote.shape for remote in groups], ctx.now)
    await bound(picture.account, "group", [*map(Place, made, groups)], ctx.now)
    homes = await _woken(remotes, await _homes(picture, ctx), picture)
    tags = [remote for remote in remotes if remote.level == "tag" and _home(remote, homes)]
    made = await made_tags([(_home(remote, homes), remote.shape) for remote in tags], ctx.now)
    await bound(picture.account, "tag", [*map(Place, made, tags)], ctx.now)


async def _woken(remotes: Sequence[Remote], homes: Mapping[str, int], picture: Picture) -> Mapping[str, int]:
    """A group that is gone here, and has new tags there, is here again: as the one that has its name by now, if any.

    What is being made at this moment may be that one: its tags are taken over by the next reading.
    """
    found = dict(homes)
    for home in sorted({remote.shape.group for remote in remotes if remote.level == "tag"} & set(homes)):
        group = picture.groups.get(homes[home])
        if group is None or not group.gone_at:
            continue
        row = await Binding.get(account=picture.account, remote_id=home)
        name = str((row.agreed or {}).get("name", group.name))
        twin = next((each for each in picture.groups.values() if each.name == name and not each.gone_at), None)
        rows = await Binding.filter(account=picture.account, group_id=twin.id, retired=False) if twin else []
        if any(each.sent is not None for each in rows):
            del found[home]
        elif twin is None or any(each.remote_id for each in rows):
            group.gone_at = None
            await changed([group], "gone_at")
        else:
            await unbound([each.id for each in rows])
            found[home] = row.group_id = twin.id
            await changed([row], "group_id")
    return found


async def _homes(picture: Picture, ctx: Context) -> Mapping[str, int]:
    """Our groups by the platform's ids; one group holds all where the platform has none.

    A tag whose group is only being made there is taken over by the next reading.
    """
    if picture.grouped:
        rows = await Binding.filter(account=picture.account, level="group", remote_id__not_isnull=True)
        return {row.remote_id: row.group_id for row in rows if row.remote_id and row.group_id}
    name = terms(ctx.house.language)["channels"][ctx.house.accounts[picture.account]]
    group = await TagGroup.filter(name=name, gone_at=None).order_by("id").first()
    return {"": group.id if group else (await made_groups([Shape(name)], ctx.now))[0]}


def _home(remote: Remote, homes: Mapping[str, int]) -> int:
    return homes.get(remote.shape.group, 0) if "" not in homes else homes[""]


async def _change(steps: Sequence[Changed], picture: Picture, ctx: Context) -> None:
    await _revive([step for step in steps if step.bound.ours is None and step.ours is not None], picture, ctx)
    groups, tags = list[TagGroup](), list[Tag]()
    await regroup(_renamed(steps))
    for step in steps:
        row = picture.bindings[step.bound.id]
        row.agreed, row.touched_at = _json(step.agreed), ctx.now
        row.reason = "" if step.ours == step.agreed else row.reason
        if step.ours and step.ours != step.bound.ours:
            groups += _as_group(step, picture)
            tags += _as_tag(step, picture)
    await changed([picture.bindings[step.bound.id] for step in steps], "agreed", "reason", "touched_at")
    await changed(groups, "name", "order")
    await changed(tags, "name", "order")
    await _move([step for step in steps if step.bound.level == "tag"], picture, ctx)


def _renamed(steps: Sequence[Changed]) -> dict[str, str]:
    """The groups that are called otherwise there: by their old names the new ones."""
    both = [(step.bound.ours, step.ours) for step in steps if step.bound.level == "group"]
    return {old.name: new.name for old, new in both if old and new}


def _as_group(step: Changed, picture: Picture) -> Iterable[TagGroup]:
    if step.bound.level == "group" and step.ours:
        group = picture.groups[step.bound.subject]
        group.name, group.order = step.ours.name, step.ours.order
        yield group


def _as_tag(step: Changed, picture: Picture) -> Iterable[Tag]:
    if step.bound.level == "tag" and step.ours:
        tag = picture.tags[step.bound.subject]
        tag.name, tag.order = step.ours.name, step.ours.order if picture.grouped else tag.order
        yield tag


async def _move(steps: Sequence[Changed], picture: Picture, ctx: Context) -> None:
    """To another group of ours, if the platform has put it there."""
    moved = [(step, step.ours.group) for step in steps if step.ours and step.bound.ours]
    moved = [(step, group) for step, group in moved if step.bound.ours and group != step.bound.ours.group]
    homes = await _homes(picture, ctx) if moved else {}
    for step, remote in moved:
        tag, home = picture.tags[step.bound.subject], homes.get(remote)
        if home and home != tag.group_id:
            tag.group_id = home
            await changed([tag], "group_id")
            await rehome((await Tag.of([tag.id]))[tag.id], ctx)


async def _revive(steps: Sequence[Changed], picture: Picture, ctx: Context) -> None:
    """Gone here, changed there: it is here again, and so is who carries it there."""
    tags = [picture.tags[step.bound.subject] for step in steps if step.bound.level == "tag"]
    groups = {step.bound.subject for step in steps if step.bound.level == "group"} | {tag.group_id for tag in tags}
    for row in chain(tags, (picture.groups[group] for group in groups)):
        row.gone_at = None
    for tag in tags:
        tag.scope = tag.scope if tag.is_for(picture.account) else [*tag.scope, picture.account]
    await changed(tags, "gone_at", "scope")
    await changed([picture.groups[group] for group in sorted(groups)], "gone_at")
    carried = await bearers([step.bound.id for step in steps if step.bound.level == "tag"])
    await Tagging.give([(customer, picture.tags[tag]) for customer, tag in carried], "platform", ctx.actor)
    await want(sorted({customer for customer, _ in carried}), ctx)


async def _lose(bounds: Sequence[Bound], picture: Picture, ctx: Context) -> None:
    """To be made there anew, and then given to all who carry it."""
    rows = [picture.bindings[each.id] for each in bounds]
    for row in rows:
        row.remote_id, row.agreed, row.touched_at = None, None, ctx.now
    await changed(rows, "remote_id", "agreed", "touched_at")
    await unmarked([row.id for row in rows])


async def _drop(bounds: Sequence[Bound], picture: Picture, ctx: Context) -> None:
    """A group goes with its last tag."""
    tags = {each.subject: picture.tags[each.subject] for each in bounds if each.level == "tag"}
    customers = await end(list(tags), ctx) if tags else []
    for tag in tags.values():
        tag.gone_at = ctx.now
    await unbound([each.id for each in bounds])
    await TagGroup.tidy([tag.group_id for tag in tags.values()], ctx.now)
    if tags:
        await part(list(tags), customers, ctx)


def _subject(row: Binding) -> tuple[Level, int]:
    return row.level, row.tag_id or row.group_id or 0


def _json(shape: Shape) -> dict[str, object]:
    return asdict(shape)
