"""Here lives what a rule that tags would do if it were written: how many it is about, and who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.autotags import TagRule, any_of
from domain.rule_text import written
from domain.rules import And, Carries, Not
from handlers.context import Context
from handlers.plans import Preview
from handlers.router import scope
from handlers.rulebook import Rulebook, opened
from handlers.rules import Read, in_words, within
from models import standings
from models.autotags import AutoTag
from models.bearers import carrying
from models.customers import Customer
from models.index import look
from models.tags import Tag

LONG = 90  # characters of a rule
EXAMPLES = 5
LITTLE, PART = 5, 0.01  # so many more or fewer customers change nothing


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule that is to be written: `row` is what it is called by, `removes` who no longer fulfils it loses the tag."""

    row: AutoTag
    tag: Tag
    read: Read
    removes: bool


async def preview_of(draft: Draft, ctx: Context) -> Preview:
    """Raises Refusal where its tag would depend on itself."""
    book = await opened(ctx)
    row, tag, rule = draft.row, draft.tag, draft.read.bound
    await book.check(row.id, tag, rule)
    lacking = And((rule, Not(Carries(frozenset({tag.id})))))
    async with look(ctx.moment) as view:
        fulfil, gain = await view.count(rule), await view.count(lacking)
        examples = [*await view.ids(within(lacking if gain else rule, scope(ctx)), EXAMPLES)]
    lose = await standings.how_many_outgrown(tag.id, any_of(_with(draft, book)), ctx.moment) if draft.removes else 0
    counts = {"gain": gain, "lose": lose}
    payload = {"rule": row.id, "version": row.version, "text": written(draft.read.kept), "removes": draft.removes}
    told = {
        "id": row.short_id,
        "path": tag.path,
        "new": row.state == "planned",
        "rule": in_words(draft.read.kept, book.names, ctx, LONG),
        "removes": draft.removes,
        "fulfil": fulfil,
        "carried": await carrying(tag.id),
        "both": fulfil - gain,
        "examples": await _named(examples),
        "over": ctx.house.approval_over,
    }
    return Preview(payload | counts, "autotags/preview", told | counts)


def needs_approval(payload: Mapping[str, Any], ctx: Context) -> bool:
    return bool(payload["gain"] + payload["lose"] > ctx.house.approval_over)


def is_near(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether what was previewed still tells what would happen."""
    near = all(abs(old[name] - new[name]) <= max(PART * old[name], LITTLE) for name in ("gain", "lose"))
    return near and old["version"] == new["version"]


def _with(draft: Draft, book: Rulebook) -> Sequence[TagRule]:
    """The rules of its tag, once it is written."""
    others = [rule for rule in book.of(draft.tag.id) if rule.id != draft.row.id]
    own = TagRule(draft.row.id, 0, draft.tag.id, draft.read.bound, draft.removes, draft.row.changed_at)
    return [own, *others]


async def _named(ids: Sequence[int]) -> list[dict[str, str]]:
    names = dict(await Customer.filter(id__in=ids).values_list("id", "name"))
    return [{"id": f"C{each}", "name": str(names.get(each, ""))} for each in ids]
