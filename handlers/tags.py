"""Here lives the tag library as staff see it, what they add to it, and what they change of a tag."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.naming import Wanted, described, listed, scope_in, unquoted, wish
from domain.permissions import Role
from domain.tags import path_in
from handlers.bindings import state
from handlers.context import Context
from handlers.dialogs import ask
from handlers.help import MORE
from handlers.naming import PAGE, Made, amount, make, meant, short_id, standing_row, troubles, worst_first
from handlers.packs import bring_in, write_out
from handlers.router import colleague, command
from models.bearers import carriers, carrying
from models.dialogs import Dialog
from models.identities import alone
from models.tags import Tag, TagGroup

LASTS = timedelta(minutes=10)
LATER_PAGE = re.compile(r"\s*page=([0-9]{1,4})$")
OUT, IN = ("导出", "export"), ("导入", "import")
LINE, IN_LINE = 40, 6  # characters and tags in one line of the list
ACCOUNTS = 4  # in what is told of one tag
NAMED = 4  # tags that an answer names


@command(Command("tags", "tags", zh=("标签", "标签库"), en=("tags",), takes="text"))
async def look(asked: Invocation, ctx: Context) -> None:
    later = LATER_PAGE.search(asked.text)
    text = unquoted(asked.text[: later.start()] if later else asked.text)
    page = max(1, int(later[1])) if later else 1
    if text.lower() in OUT and asked.text[:1].isalnum():
        await write_out(ctx)
    elif not text:
        await _all(page, ctx)
    else:
        match await meant(text, lambda name: f"tags {name}", ctx):
            case Tag() as tag:
                await _one(tag, ctx)
            case TagGroup() as group:
                await _group(group, page, ctx)


@command(
    Command(
        "newtag",
        "tags",
        zh=("建标签", "新标签", "新建标签"),
        en=("newtag",),
        role=Role.MANAGER,
        tier="write",
        takes="text",
        yields=True,
    )
)
async def add(asked: Invocation, ctx: Context) -> None:
    first, *rest = asked.text.split(maxsplit=1) or [""]
    if first.lower() in IN:
        await bring_in(unquoted("".join(rest)), asked.body, ctx)
        return
    wanted = wish(asked.words, asked.command.name)
    if not wanted.names:
        await ask(ctx, "newtag ", "tags/ask_new")
        return
    if not set(wanted.said) <= {"description", "scope"}:
        raise Refusal("refusals/bad_argument", command=asked.command.name, what=asked.words)
    await alone("tags")
    made = await make(_wanted(listed(wanted.names), wanted.said, ctx), "staff", ctx)
    await _tell(made, ctx)


def _wanted(names: Sequence[str], said: Mapping[str, str], ctx: Context) -> list[Wanted]:
    scope = scope_in(said.get("scope", ""), ctx.house.accounts, ctx.house.tags)
    description = described(said.get("description", ""))
    return [Wanted(*path_in(name), description, scope) for name in names]


async def _tell(made: Made, ctx: Context) -> None:
    new, there = ([f"{short_id(tag)} {tag.path}" for tag in tags] for tags in (made.new, made.there))
    ctx.reply(
        "tags/made",
        new=new[:NAMED],
        more=len(new[NAMED:]),
        there=there[:NAMED],
        others=len(there[NAMED:]),
        troubles=await troubles(made.new, ctx),
    )


async def _all(page: int, ctx: Context) -> None:
    lines = list(_lines(await Tag.living()))
    if not lines:
        raise Refusal("refusals/tags_none")
    await _show("tags/list", lines, page, "tags", ctx)


async def _group(group: TagGroup, page: int, ctx: Context) -> None:
    rows = [
        {"tag_id": tag.id, "id": short_id(tag), "name": tag.name, "description": tag.description}
        for tag in await Tag.living()
        if tag.group_id == group.id
    ]
    await _show("tags/group", rows, page, f'tags "{group.name}/"', ctx, group=group.name, number=len(rows))


async def _show(template: str, lines: Sequence[Any], page: int, again: str, ctx: Context, **values: Any) -> None:
    page = min(page, -(-len(lines) // PAGE) or 1)
    shown, more = lines[(page - 1) * PAGE : page * PAGE], len(lines) > page * PAGE
    await _count([row for line in shown for row in line.get("tags", [line])])
    later = {MORE: f"{again} page={page + 1}"} if more else {}
    await Dialog.offer(colleague(ctx), ctx.chat, later, ctx.now + LASTS)
    ctx.reply(template, lines=shown, more=more, **values)


async def _count(shown: Sequence[dict[str, Any]]) -> None:
    """Fill in how many carry the tags of one page."""
    found = await carriers([row["tag_id"] for row in shown])
    for row in shown:
        row["carried"] = amount(found.get(row["tag_id"], 0))


def _lines(tags: Sequence[Tag]) -> Iterator[dict[str, Any]]:
    """Each group with its tags, in lines that a phone breaks once at most."""
    line: dict[str, Any] = {}
    for tag in tags:
        row = {"tag_id": tag.id, "name": tag.name}
        if line and line["group_id"] == tag.group_id and _fits(line["tags"], tag.name):
            line["tags"].append(row)
            continue
        if line:
            yield line
        line = {"group_id": tag.group_id, "group": tag.group.name, "tags": [row]}
    if line:
        yield line


def _fits(tags: Sequence[Mapping[str, Any]], name: str) -> bool:
    return len(tags) < IN_LINE and sum(len(tag["name"]) for tag in tags) + len(name) < LINE


async def _one(tag: Tag, ctx: Context) -> None:
    ctx.about(short_id(tag))
    standings = worst_first((await state([tag.id], ctx)).get(tag.id, []))
    scope = [{"kind": ctx.house.accounts.get(name, name), "account": name} for name in tag.scope]
    several = len({each["kind"] for each in scope}) < len(scope)
    ctx.reply(
        "tags/one",
        id=short_id(tag),
        path=tag.path,
        carried=await carrying(tag.id),
        description=tag.description,
        scope=[each if several else {**each, "account": ""} for each in scope],
        rows=[standing_row(each, ctx) for each in standings[:ACCOUNTS]],
        more=len(standings[ACCOUNTS:]),
    )
