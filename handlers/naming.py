"""Here lives which tag or group a colleague means, and the making of tags."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.commands import target_in
from domain.errors import Refusal
from domain.naming import Wanted, folded, groups_named, is_group, like, missing, tags_named
from domain.permissions import Role, allows
from domain.tags import Source
from handlers.bindings import Standing, bind, state, tell
from handlers.context import Context
from handlers.router import colleague
from models.bearers import MANY, carriers
from models.dialogs import Dialog
from models.tags import Tag, TagGroup
from templates.terms import terms

PAGE = 6  # with a line above and a line below, what a phone shows
CHOICE = timedelta(minutes=2)
SHOWN = 3  # accounts of which an answer tells what is not in step there
WORST = ("failed", "not_ours", "conflict", "held", "pending", "synced")


@dataclass(frozen=True, slots=True)
class Made:
    """What was asked for: the tags that are new, and those that were there."""

    new: Sequence[Tag]
    there: Sequence[Tag]


def short_id(tag: Tag) -> str:
    return f"G{tag.id}"


async def meant(text: str, again: Callable[[str], str], ctx: Context) -> Tag | TagGroup | None:
    """The tag or group that `text` names; None where several are called so, and the choice has been offered.

    `again` types the command out anew, at another name.
    """
    tags = await Tag.living()
    if (target := target_in(text)) and target.kind == "G":
        return _by_id(target.number, tags) or await _gone(target.number)
    everything = await TagGroup.living()
    groups = groups_named(text, everything)
    found = [] if is_group(text) else tags_named(text, tags)
    if len(found) + len(groups) > 1:
        await _offer(text, found, groups, again, ctx)
        return None
    if not (found or groups):
        raise _unknown(text, like(text, tags, everything), ctx)
    return found[0] if found else groups[0]


async def tag_meant(text: str, again: Callable[[str], str], ctx: Context) -> Tag | None:
    """The same, where a group makes no sense."""
    tags = await Tag.living()
    if (target := target_in(text)) and target.kind == "G":
        return _by_id(target.number, tags) or await _gone(target.number)
    found = [] if is_group(text) else tags_named(text, tags)
    if len(found) > 1:
        await _offer(text, found, (), again, ctx)
        return None
    if not found and groups_named(text, await TagGroup.living()):
        raise Refusal("refusals/tag_no_group", what=text)
    if not found:
        raise _unknown(text, like(text, tags), ctx)
    return found[0]


async def make(wanted: Sequence[Wanted], source: Source, ctx: Context) -> Made:
    """Let these tags be there, each in its group, on every account of its scope; nothing that is there changes.

    Who calls holds the library.
    """
    ungrouped = terms(ctx.house.language)["tag_groups"]["ungrouped"]
    new, there = missing(wanted, await Tag.living())
    groups = await _groups((each.group or ungrouped for each in new), source, ctx)
    rows = [(groups[folded(each.group or ungrouped)].id, each.name, each.description, list(each.scope)) for each in new]
    made = await Tag.made(rows, source, ctx.now)
    if made:
        await bind(made, ctx)
        await tell(ctx)
    ctx.about(*map(short_id, (*made, *there)))
    return Made(made, there)


async def group_called(name: str, source: Source, ctx: Context) -> TagGroup:
    """The group of this name, which is made if there is none."""
    return (await _groups([name], source, ctx))[folded(name)]


async def troubles(tags: Iterable[Tag], ctx: Context) -> list[dict[str, Any]]:
    """Where these tags cannot be, and why: one row for an account and a reason, with how many and the first names."""
    known = {tag.id: tag for tag in tags}
    failed: dict[Standing, list[str]] = {}
    for tag_id, standings in (await state(list(known), ctx)).items():
        for each in standings:
            if each.word in ("failed", "not_ours", "conflict"):
                failed.setdefault(each, []).append(known[tag_id].path)
    rows = [{**standing_row(each, ctx), "number": len(names), "names": names[:3]} for each, names in failed.items()]
    return rows[:SHOWN]


def standing_row(standing: Standing, ctx: Context) -> dict[str, Any]:
    """What a template tells of an account; it is named only where there are several of its kind."""
    rules = ctx.house.tags.get(standing.account)
    several = sum(kind == standing.kind for kind in ctx.house.accounts.values()) > 1
    return {
        "kind": standing.kind,
        "account": standing.account if several else "",
        "word": standing.word,
        "reason": standing.reason,
        "most": rules.limits.tags if rules else 0,
    }


def worst_first(standings: Sequence[Standing]) -> list[Standing]:
    return sorted(standings, key=lambda each: WORST.index(each.word))


async def _groups(names: Iterable[str], source: Source, ctx: Context) -> dict[str, TagGroup]:
    """By their folded names; what is missing is made."""
    groups = {folded(group.name): group for group in reversed(await TagGroup.living())}
    for name in dict.fromkeys(names):
        if folded(name) not in groups:
            groups[folded(name)] = await TagGroup.create(name=name, source=source, created_at=ctx.now)
    return groups


def _by_id(tag_id: int, tags: Iterable[Tag]) -> Tag | None:
    return next((tag for tag in tags if tag.id == tag_id), None)


async def _gone(tag_id: int) -> Tag:
    """Raise Refusal that says what has become of it."""
    tag = (await Tag.of([tag_id])).get(tag_id)
    if tag is None:
        raise Refusal("refusals/no_such_id", what=f"G{tag_id}")
    into = f"G{tag.merged_into_id}" if tag.merged_into_id else ""
    raise Refusal("refusals/tag_gone", id=short_id(tag), path=tag.path, into=into)


async def _offer(
    text: str, tags: Sequence[Tag], groups: Sequence[TagGroup], again: Callable[[str], str], ctx: Context
) -> None:
    carried = await carriers([tag.id for tag in tags[:PAGE]])
    rows: list[dict[str, Any]] = [
        {"id": short_id(tag), "name": tag.path, "carried": amount(carried.get(tag.id, 0))} for tag in tags
    ]
    rows += [{"id": "", "name": f"{group.name}/", "carried": 0} for group in groups]
    choices = {str(n): again(row["id"] or f'"{row["name"]}"') for n, row in enumerate(rows[:PAGE], 1)}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("tags/choice", what=text, rows=rows[:PAGE], many=len(rows) > PAGE)


def amount(carriers: int) -> str:
    """As it is told: beyond MANY nobody has counted."""
    return str(carriers) if carriers <= MANY else f"{MANY}+"


def _unknown(text: str, near: Sequence[str], ctx: Context) -> Refusal:
    manages = allows(colleague(ctx).role, Role.MANAGER)
    return Refusal("refusals/no_such_tag", what=text, near=near, manages=manages and not is_group(text))
