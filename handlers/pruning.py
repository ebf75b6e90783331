"""Here lives the deleting of tags, and the making of one out of two: previewed, and done when it is confirmed."""

from collections.abc import Sequence
from typing import Any

from domain.bindings import FINAL
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.naming import wish
from domain.permissions import Role
from handlers.bindings import bind_there, tell
from handlers.context import Context
from handlers.naming import meant, short_id, tag_meant
from handlers.partings import end, part
from handlers.plans import Preview, effect, propose, recheck
from handlers.router import command
from handlers.wants import due
from models.bearers import carrying, carrying_both
from models.identities import alone
from models.plans import Plan
from models.sync import Binding
from models.tags import Tag, TagGroup

NAMED = 5  # tags of a group that a preview names
LITTLE, PART = 5, 0.01  # so many more or fewer customers change nothing


@command(
    Command(
        "deltag",
        "tags",
        zh=("删标签", "删除标签"),
        en=("deltag",),
        role=Role.MANAGER,
        tier="danger",
        takes="text",
    )
)
async def delete(asked: Invocation, ctx: Context) -> None:
    (name,) = _names(asked, 1)
    await alone("tags")
    match await meant(name, lambda name: f"deltag {name}", ctx):
        case Tag() as tag:
            await _propose("deltag", await _deleting([tag], None, ctx), ctx)
        case TagGroup() as group:
            await _propose("deltag", await _deleting(await _of_group(group.id), group, ctx), ctx)


@recheck("deltag")
async def still_to_delete(plan: Plan, ctx: Context) -> Preview | None:
    """A group that has other tags by now is another thing to delete."""
    await alone("tags")
    tags = await _living(plan.payload["tags"])
    group = await TagGroup.get_or_none(id=plan.payload["group"])
    preview = await _deleting(await _of_group(group.id) if group else tags, group, ctx)
    return _changed(plan, preview, ("tags",), ("carried",), ctx)


@effect("deltag")
async def deleted(plan: Plan, ctx: Context) -> None:
    await alone("tags")
    tags = await _living(plan.payload["tags"])
    ids = [tag.id for tag in tags]
    carried = await carrying(*ids)
    customers = await end(ids, ctx)
    await TagGroup.tidy([tag.group_id for tag in tags], ctx.now)
    await tell(ctx)
    await part(ids, customers, ctx)
    ctx.about(*map(short_id, tags))
    group = await TagGroup.get_or_none(id=plan.payload["group"])
    ctx.reply("tags/deleted", carried=carried, **_told(tags, group))


@command(
    Command(
        "mergetags",
        "tags",
        zh=("并标签", "合并标签"),
        en=("mergetags",),
        role=Role.MANAGER,
        tier="danger",
        takes="text",
    )
)
async def merge(asked: Invocation, ctx: Context) -> None:
    first, second = _names(asked, 2)
    await alone("tags")
    if (gone := await tag_meant(first, lambda name: f'mergetags {name} "{second}"', ctx)) is None:
        return
    if kept := await tag_meant(second, lambda name: f"mergetags {short_id(gone)} {name}", ctx):
        if kept.id == gone.id:
            raise Refusal("refusals/same_tag", id=short_id(kept), path=kept.path)
        await _propose("mergetags", await _merging(gone, kept, ctx), ctx)


@recheck("mergetags")
async def still_to_merge(plan: Plan, ctx: Context) -> Preview | None:
    await alone("tags")
    gone, kept = await _living(plan.payload["tags"])
    return _changed(plan, await _merging(gone, kept, ctx), ("tags",), ("carried", "kept", "both"), ctx)


@effect("mergetags")
async def merged(plan: Plan, ctx: Context) -> None:
    """Whoever carried the one carries the other, for the same reason; on every platform the same comes of it."""
    await alone("tags")
    gone, kept = await _living(plan.payload["tags"])
    moved = await carrying(gone.id)
    customers = await end([gone.id], ctx, kept.id)
    await _hand_over(gone, kept, ctx)
    await TagGroup.tidy([gone.group_id], ctx.now)
    await tell(ctx)
    await part([gone.id], customers, ctx)
    ctx.about(short_id(gone), short_id(kept))
    ctx.reply("tags/merged", moved=moved, carried=await carrying(kept.id), **_both(gone, kept))


async def _hand_over(gone: Tag, kept: Tag, ctx: Context) -> None:
    """Wherever the first had a place the second gets one, or the first's; what is left of the first goes at last."""
    there = await Binding.filter(tag_id=gone.id, retired=False)
    accounts = sorted({binding.account for binding in there} & set(ctx.house.tags))
    await Binding.filter(id__in=[binding.id for binding in there]).update(retired=True, heir_id=kept.id)
    await Binding.filter(heir_id=gone.id).update(heir_id=kept.id)
    if kept.scope:
        await kept.edit(scope=sorted({*kept.scope, *accounts}))
    for account in accounts:
        await bind_there(account, [kept], ctx)
        await due(account, ctx, [kept.id])


async def _deleting(tags: Sequence[Tag], group: TagGroup | None, ctx: Context) -> Preview:
    if not tags:
        raise Refusal("refusals/tags_none")
    ids = [tag.id for tag in tags]
    carried = await carrying(*ids)
    stays = await Binding.filter(tag_id__in=ids, retired=False, reason__in=FINAL).values_list("account", flat=True)
    kinds = sorted({ctx.house.accounts.get(str(account), str(account)) for account in stays})
    told = {**_told(tags, group), "carried": carried, "stays": kinds, "over": ctx.house.approval_over}
    return Preview({"tags": ids, "group": group.id if group else 0, "carried": carried}, "tags/deleting", told)


async def _merging(gone: Tag, kept: Tag, ctx: Context) -> Preview:
    counts = {
        "carried": await carrying(gone.id),
        "kept": await carrying(kept.id),
        "both": await carrying_both(gone.id, kept.id),
    }
    told = {**_both(gone, kept), **counts, "over": ctx.house.approval_over}
    return Preview({"tags": [gone.id, kept.id], **counts}, "tags/merging", told)


async def _propose(kind: str, preview: Preview, ctx: Context) -> None:
    ids = [f"G{tag_id}" for tag_id in preview.payload["tags"]]
    ctx.about(*ids)
    needs = preview.payload["carried"] > ctx.house.approval_over
    values = dict(preview.values)
    await propose(ctx, kind, ids[0], preview.payload, preview.template, needs_approval=needs, **values)


def _changed(plan: Plan, preview: Preview, same: Sequence[str], counts: Sequence[str], ctx: Context) -> Preview | None:
    """What is to be previewed anew, if it is about other tags by now, or about many more or fewer customers."""
    old, new = plan.payload, preview.payload
    if new["carried"] > ctx.house.approval_over and not plan.needs_approval:
        raise Refusal("refusals/tag_grown", id=plan.subject, carried=new["carried"], command=plan.kind)
    fits = all(old[name] == new[name] for name in same)
    near = all(abs(old[name] - new[name]) <= max(PART * old[name], LITTLE) for name in counts)
    return None if fits and near else preview


async def _living(ids: Sequence[int]) -> list[Tag]:
    """In the order of these ids; Refusal where one has gone meanwhile."""
    tags = await Tag.of(ids)
    for tag_id in ids:
        if tags[tag_id].gone_at:
            into = tags[tag_id].merged_into_id
            path, merged_into = tags[tag_id].path, f"G{into}" if into else ""
            raise Refusal("refusals/tag_gone", id=f"G{tag_id}", path=path, into=merged_into)
    return [tags[tag_id] for tag_id in ids]


async def _of_group(group_id: int) -> list[Tag]:
    return [tag for tag in await Tag.living() if tag.group_id == group_id]


def _names(asked: Invocation, number: int) -> tuple[str, ...]:
    wanted = wish(asked.words, asked.command.name)
    if len(wanted.names) < number:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if len(wanted.names) > number or wanted.said:
        raise Refusal("refusals/too_much", command=asked.command.name, what=asked.words)
    return wanted.names


def _told(tags: Sequence[Tag], group: TagGroup | None) -> dict[str, Any]:
    return {
        "id": short_id(tags[0]),
        "path": tags[0].path,
        "group": group.name if group else "",
        "number": len(tags),
        "names": [tag.name for tag in tags[:NAMED]],
    }


def _both(gone: Tag, kept: Tag) -> dict[str, Any]:
    return {"id": short_id(gone), "path": gone.path, "other": short_id(kept), "other_path": kept.path}
