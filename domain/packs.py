"""Here lives the text form of a tag library, in YAML: read, and written so that it reads the same.

Groups with their tags: a list, or 高、中、低 in one line. `高: 一个月内会买` is a tag with a description,
`高: {渠道: 企微}` one with the channels where it is to be.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import yaml

from domain.errors import Refusal
from domain.naming import NAMED, Wanted, described
from domain.tags import name_in

MOST = 3_000  # tags, as many as WeCom has
WIDE = 100_000  # characters in a line, so that none is broken
COLON = re.compile("[ \t]*：[ \t]*$", re.MULTILINE)
DASH = re.compile(r"^([ \t]*)[-－](?=[^\s-])", re.MULTILINE)

Node = yaml.Node


def tags_in(text: str) -> tuple[Wanted, ...]:
    """The tags that the text tells of, in its order; raises Refusal that names the line of the first mistake.

    The `scope` of each is as it was written. What a phone's keyboard makes of colons and dashes is understood, too.
    """
    try:
        return _read(text)
    except Refusal as refusal:
        tidy = DASH.sub(r"\1- ", COLON.sub(":", text))
        if tidy == text:
            raise
        try:
            return _read(tidy)
        except Refusal:
            raise refusal from None


def text_of(tags: Iterable[Wanted], words: Mapping[str, str]) -> str:
    """The text that tells of these tags, which are in groups; `words` has what to call `description` and `scope`."""
    listed: dict[str, list[object]] = {}
    for tag in tags:
        listed.setdefault(tag.group, []).append(_item(tag, words))
    return str(yaml.safe_dump(listed, allow_unicode=True, sort_keys=False, width=WIDE)) if listed else ""


def _item(tag: Wanted, words: Mapping[str, str]) -> object:
    if tag.scope:
        said: dict[str, object] = {words["description"]: tag.description} if tag.description else {}
        return {tag.name: {**said, words["scope"]: list(tag.scope)}}
    return {tag.name: tag.description} if tag.description else tag.name


def _read(text: str) -> tuple[Wanted, ...]:
    root = _composed(text)
    if not isinstance(root, yaml.MappingNode):
        raise _mistake(root)
    found = [tag for group, tags in root.value for tag in _group(_word(group), tags)]
    if not found:
        raise Refusal("refusals/pack_empty")
    if len(found) > MOST:
        raise Refusal("refusals/pack_long", most=MOST)
    return tuple(found)


def _composed(text: str) -> Node | None:
    try:
        return yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 1
        raise Refusal("refusals/pack_line", line=line, what=_line(text, line)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Refusal("refusals/pack_line", line=1, what=_line(text, 1)) from error


def _group(group: str, tags: Node) -> Iterator[Wanted]:
    name = name_in(group)
    match tags:
        case yaml.SequenceNode(value=items):
            for item in items:
                yield from _tags(name, item)
        case yaml.MappingNode(value=pairs):
            for tag, said in pairs:
                yield _tag(name, tag, said)
        case _:
            yield from (Wanted(name, name_in(word)) for word in re.split("[、,，]", _word(tags)) if word.strip())


def _tags(group: str, item: Node) -> Iterator[Wanted]:
    if isinstance(item, yaml.MappingNode):
        for tag, said in item.value:
            yield _tag(group, tag, said)
    else:
        yield Wanted(group, name_in(_word(item)))


def _tag(group: str, tag: Node, said: Node) -> Wanted:
    name = name_in(_word(tag))
    if not isinstance(said, yaml.MappingNode):
        return Wanted(group, name, described(_word(said)))
    told = {NAMED.get(_word(key).lower(), ""): value for key, value in said.value}
    if not set(told) <= {"description", "scope"}:
        raise _mistake(said)
    description = described(_word(told["description"])) if "description" in told else ""
    return Wanted(group, name, description, _several(told["scope"]) if "scope" in told else ())


def _several(node: Node) -> tuple[str, ...]:
    words = [_word(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else [_word(node)]
    return tuple(part.strip() for word in words for part in re.split("[、,，]", word) if part.strip())


def _word(node: Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _mistake(node)
    return str(node.value)


def _mistake(node: Node | None) -> Refusal:
    if node is None:
        return Refusal("refusals/pack_empty")
    line = node.start_mark.line + 1
    return Refusal("refusals/pack_line", line=line, what=_line(node.start_mark.buffer or "", line))


def _line(text: str, line: int) -> str:
    return "".join(text.splitlines()[line - 1 : line]).strip().strip("\0")
