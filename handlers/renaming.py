"""Here lives the changing of tags and groups: another name, another group, what is said of them, where they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.naming import described, folded, scope_in, wish
from domain.permissions import Role
from domain.tags import name_in, tag_name_in
from handlers.bindings import bind, rehome, tell
from handlers.context import Context
from handlers.dialogs import ask
from handlers.naming import group_called, meant, short_id, troubles
from handlers.plans import Preview, effect, propose, recheck
from handlers.regroupings import regroup
from handlers.router import command
from models.identities import alone
from models.marks import carried_there
from models.plans import Plan
from models.sync import Binding
from models.tags import Tag, TagGroup
from templates.terms import terms


@command(
    Command(
        "edittag",
        "tags",
        zh=("改标签", "修改标签"),
        en=("edittag",),
        role=Role.MANAGER,
        tier="write",
        takes="text",
        yields=True,
    )
)
async def edit(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.words, asked.command.name)
    if not wanted.names:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if wanted.names[1:]:
        raise Refusal("refusals/bad_argument", command=asked.command.name, what=" ".join(wanted.names[1:]))
    await alone("tags")
    match await meant(wanted.names[0], lambda name: f"edittag {name} {_typed(wanted.said)}".rstrip(), ctx):
        case Tag() as tag:
            await _edit_tag(tag, wanted.said, ctx)
        case TagGroup() as group:
            await _edit_group(group, wanted.said, ctx)


async def _edit_tag(tag: Tag, said: Mapping[str, str], ctx: Context) -> None:
    ctx.about(short_id(tag))
    if not said:
        await ask(ctx, f"edittag {short_id(tag)} ", "tags/ask_edit", id=short_id(tag), path=tag.path)
        return
    if leaving := await _leaving(tag, said, ctx):
        await _propose(tag, said, leaving, ctx)
    else:
        await _change(tag, said, ctx)


@recheck("edittag")
async def still_to_leave(plan: Plan, ctx: Context) -> Preview | None:
    await alone("tags")
    tag = await _planned(plan)
    said = plan.payload["said"]
    leaving = await _leaving(tag, said, ctx)
    number = sum(row["customers"] for row in leaving)
    if number > ctx.house.approval_over and not plan.needs_approval:
        raise Refusal("refusals/tag_grown", id=plan.subject, carried=number, command=plan.kind)
    return _preview(tag, said, leaving, ctx) if number > plan.payload["customers"] else None


@effect("edittag")
async def left(plan: Plan, ctx: Context) -> None:
    await alone("tags")
    tag = await _planned(plan)
    ctx.about(short_id(tag))
    await _change(tag, plan.payload["said"], ctx)


async def _propose(tag: Tag, said: Mapping[str, str], leaving: Sequence[dict[str, Any]], ctx: Context) -> None:
    """Somebody loses the tag on a platform for good: that is shown first."""
    preview = _preview(tag, said, leaving, ctx)
    needs = preview.payload["customers"] > ctx.house.approval_over
    values = dict(preview.values)
    await propose(ctx, "edittag", short_id(tag), preview.payload, preview.template, needs_approval=needs, **values)


def _preview(tag: Tag, said: Mapping[str, str], leaving: Sequence[dict[str, Any]], ctx: Context) -> Preview:
    number = sum(row["customers"] for row in leaving)
    payload = {"tag": tag.id, "said": dict(said), "customers": number}
    told = {"id": short_id(tag), "path": tag.path, "leaving": list(leaving), "over": ctx.house.approval_over}
    return Preview(payload, "tags/leaving", told)


async def _leaving(tag: Tag, said: Mapping[str, str], ctx: Context) -> list[dict[str, Any]]:
    """The accounts that the tag is to leave although customers carry it there."""
    if "scope" not in said:
        return []
    name_in(said.get("name", tag.name))
    stays = set(scope_in(said["scope"], ctx.house.accounts, ctx.house.tags)) or set(ctx.house.tags)
    there = await carried_there(tag.id)
    return [
        {"kind": ctx.house.accounts.get(account, account), "account": account, "customers": number}
        for account, number in sorted(there.items())
        if account not in stays
    ]


async def _planned(plan: Plan) -> Tag:
    tag = (await Tag.of([plan.payload["tag"]]))[plan.payload["tag"]]
    if tag.gone_at:
        into = f"G{tag.merged_into_id}" if tag.merged_into_id else ""
        raise Refusal("refusals/tag_gone", id=short_id(tag), path=tag.path, into=into)
    return tag


async def _change(tag: Tag, said: Mapping[str, str], ctx: Context) -> None:
    before, path = short_id(tag), tag.path
    await _rename(tag, said, ctx)
    if "description" in said:
        await tag.edit(description=described(said["description"]))
    if "scope" in said:
        await _move_accounts(tag, said["scope"], ctx)
    await tell(ctx)
    ctx.reply(
        "tags/edited",
        id=before,
        path=path,
        new_path=tag.path,
        description=tag.description if "description" in said else None,
        scope=_channels(tag, ctx) if "scope" in said else None,
        troubles=await troubles([tag], ctx),
    )


async def _rename(tag: Tag, said: Mapping[str, str], ctx: Context) -> None:
    """Another name, another group, or both; never onto a tag that is there: two become one only where that is asked."""
    name = tag_name_in(said["name"]) if "name" in said else tag.name
    group = await _group(said, tag, ctx)
    for other in await Tag.living():
        if other.group_id == group.id and folded(other.name) == folded(name) and other.id != tag.id:
            raise Refusal("refusals/tag_exists", id=short_id(tag), other=short_id(other), path=other.path)
    await tag.edit(name=name)
    again = Binding.filter(tag_id=tag.id, retired=False, reason__in=["name_taken", "name_too_long"])
    await again.update(reason="")  # it may have another name now
    if group.id != (old := tag.group_id):
        tag.group = group
        await tag.save(update_fields=["group_id"])
        await TagGroup.tidy([old], ctx.now)
        await rehome(tag, ctx)


async def _group(said: Mapping[str, str], tag: Tag, ctx: Context) -> TagGroup:
    if "group" not in said:
        return tag.group
    name = said["group"].rstrip("/／") or terms(ctx.house.language)["tag_groups"]["ungrouped"]
    return await group_called(name_in(name), "staff", ctx)


async def _move_accounts(tag: Tag, words: str, ctx: Context) -> None:
    """Where it is to be no more it goes, with its customers' there; they keep it here."""
    await tag.edit(scope=list(scope_in(words, ctx.house.accounts, ctx.house.tags)))
    await bind([tag], ctx)


async def _edit_group(group: TagGroup, said: Mapping[str, str], ctx: Context) -> None:
    old = group.name
    if not said:
        await ask(ctx, f'edittag "{old}/" ', "tags/ask_group", group=old)
        return
    if set(said) != {"name"}:
        raise Refusal("refusals/tag_group_name", group=old)
    name = name_in(said["name"].rstrip("/／"))
    for other in await TagGroup.living():
        if folded(other.name) == folded(name) and other.id != group.id:
            raise Refusal("refusals/tag_group_exists", group=other.name)
    group.name = name
    await group.save(update_fields=["name"])
    await regroup({old: name})
    await tell(ctx)
    tags = [tag for tag in await Tag.living() if tag.group_id == group.id]
    ctx.about(*map(short_id, tags))
    ctx.reply("tags/group_edited", old=old, group=name, number=len(tags))


def _typed(said: Mapping[str, str]) -> str:
    return " ".join(f'{key}="{value}"' for key, value in said.items())


def _channels(tag: Tag, ctx: Context) -> list[dict[str, Any]]:
    """What it is to be on, each by its kind, or by its name where two are of one kind."""
    kinds = {account: ctx.house.accounts.get(account, account) for account in tag.scope}
    several = len(set(kinds.values())) < len(kinds)
    return [{"kind": kind, "account": account if several else ""} for account, kind in kinds.items()]
