"""Here live the blanks of one text: `{{ 客户 or "您" }}`, read once, filled many times.

The language is a small part of Jinja2: names, text in quotation marks, `or`, a handful of filters, and `if` with `==`,
`!=`, `and`, `or`, `not`. Everything else is refused where it is read: nothing is ever looked up, called or repeated.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import Template, TemplateError, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from domain.errors import Refusal
from domain.lines import plainly
from domain.snippets import JOINED_BEFORE, JOINED_BEHIND

LONGEST = 10_000  # characters of a text, as it is written and when it is filled
DEEPEST = 24  # expressions within each other
MOST = 200  # blanks in one text
PEOPLE: Mapping[str, str] = {
    "客户": "name",
    "姓名": "name",
    "名字": "name",
    "name": "name",
    "customer": "name",
    "公司": "company",
    "company": "company",
    "城市": "city",
    "city": "city",
    "顾问": "owner",
    "我": "owner",
    "owner": "owner",
    "me": "owner",
}
GONE = "\ue000"  # stands where a blank about a person has nothing to say
# A phone's keyboard has wide braces in Chinese, and quotation marks of its own.
TAG = re.compile(r"[{｛]{2}.*?[}｝]{2}|[{｛][%％].*?[%％][}｝]", re.DOTALL)
QUOTED = re.compile(r"([\"“”「」『』])([^\"“”「」『』]*)[\"“”「」『』]|('[^']*')|([^\"“”「」『』']+)|(.)", re.DOTALL)
OPENED = re.compile(r"[{｛][{｛%％]")
LONE = re.compile(rf"[{{｛]\s*(?:{'|'.join(PEOPLE)})\s*[}}｝]|[{{｛][{{｛%％]|[}}｝%％][}}｝]", re.IGNORECASE)
COMPARISONS = ("eq", "ne")
SPECIAL = ("self", "_")  # Jinja2's own names begin so


class Missing(Undefined):
    """A blank without a value: good for asking whether there is one, and for nothing else."""

    def _fail_with_undefined_error(self, *_: object, **__: object) -> str:  # type: ignore[override]
        name = self._undefined_name
        raise Refusal("refusals/blank_missing", name=name, personal=name in PEOPLE)

    __str__ = _fail_with_undefined_error


def _said(value: object) -> object:
    return value if isinstance(value, Undefined) or value else GONE


def _default(value: object, instead: object = "", _: object = None) -> object:
    """Nothing is as good as no value."""
    return value or instead


def _truncated(value: object, most: int) -> str:
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


FILTERS: Mapping[str, Callable[..., object]] = {
    "default": _default,
    "d": _default,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "title": lambda value: str(value).title(),
    "trim": lambda value: str(value).strip(),
    "truncate": _truncated,
}
ENVIRONMENT = ImmutableSandboxedEnvironment(
    comment_start_string="\ue001#",  # {# is what people write before a tag, no comment
    comment_end_string="#\ue001",
    undefined=Missing,
    finalize=_said,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.globals.clear()
ENVIRONMENT.filters.clear()
ENVIRONMENT.filters.update(FILTERS)
ENVIRONMENT.tests.clear()


@dataclass(frozen=True, slots=True)
class Wording:
    """One text as it can be filled; without `template` it has no blanks."""

    source: str
    names: frozenset[str] = frozenset()
    template: Template | None = None

    def filled(self, values: Mapping[str, str]) -> str:
        """`values` are by folded name. Raises Refusal naming a blank without a value, or where it gets too long."""
        if self.template is None:
            return self.source
        text = _closed_up(self.template.render({name: values[name] for name in self.names if name in values}))
        if len(text) > LONGEST:
            raise Refusal("refusals/wording_long", most=LONGEST, over=len(text) - LONGEST)
        return text


@lru_cache(maxsize=256)
def read(source: str) -> Wording:
    """Raises Refusal for what cannot be read, and for what no blank may do."""
    if len(source) > LONGEST:
        raise Refusal("refusals/wording_long", most=LONGEST, over=len(source) - LONGEST)
    if len(OPENED.findall(source)) > MOST:
        raise Refusal("refusals/blanks_many", most=MOST)
    plain = TAG.sub(lambda tag: _plain_tag(tag.group()), source.replace(GONE, ""))
    try:
        tree = ENVIRONMENT.parse(plain)
        names = frozenset(_statements(tree.body, 0))
        if all(isinstance(node, nodes.Output | nodes.TemplateData) for node in tree.find_all(nodes.Node)):
            return Wording(source)
        return Wording(source, names, ENVIRONMENT.from_string(tree))
    except TemplateError as error:
        line = getattr(error, "lineno", 1)
        raise Refusal("refusals/blank_unreadable", line=line, what=_line(source, line)) from error
    except (RecursionError, SyntaxError, ValueError, OverflowError, MemoryError) as error:
        raise Refusal("refusals/blank_unreadable", line=1, what=_line(source, 1)) from error


@lru_cache(maxsize=1024)
def folded(name: str) -> str:
    """The one form of a blank's name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def value_of(typed: str) -> str:
    """A value on one line, without what has a meaning here."""
    return " ".join(typed.replace(GONE, "").split())


def _plain_tag(tag: str) -> str:
    """With the braces and marks of a Latin keyboard; what stands in quotation marks is left as it is."""
    if "\\" in tag:
        raise Refusal("refusals/blank_not_allowed", what="\\")
    return "".join(_plain_piece(*piece.groups("")) for piece in QUOTED.finditer(tag))


def _plain_piece(mark: str, quoted: str, single: str, other: str, stray: str) -> str:
    return f'"{quoted}"' if mark else single or plainly(other).plain or stray


def _closed_up(text: str) -> str:
    """A blank without a value goes, together with the comma or space that led to it."""
    if GONE not in text:
        return text
    said, *others = text.split(GONE)
    for literal in others:
        said = said.rstrip(JOINED_BEFORE)
        said += literal if said and not said.endswith("\n") else literal.lstrip(JOINED_BEHIND)
    return said


def _statements(body: list[nodes.Node], depth: int) -> Iterator[str]:
    for node in body:
        match node:
            case nodes.Output():
                for piece in node.nodes:
                    yield from _output(piece, depth)
            case nodes.If():
                yield from _condition(node.test, depth + 1)
                yield from _statements([*node.body, *node.elif_, *node.else_], depth + 1)
            case _:
                raise _not_allowed(node)


def _output(node: nodes.Expr, depth: int) -> Iterator[str]:
    if not isinstance(node, nodes.TemplateData):
        yield from _text(node, depth)
    elif lone := LONE.search(node.data):
        raise Refusal("refusals/blank_brace", what=lone.group())


def _condition(node: nodes.Node, depth: int) -> Iterator[str]:
    match node:
        case nodes.And() | nodes.Or():
            _check_depth(depth)
            yield from _condition(node.left, depth + 1)
            yield from _condition(node.right, depth + 1)
        case nodes.Not():
            _check_depth(depth)
            yield from _condition(node.node, depth + 1)
        case nodes.Compare(ops=[nodes.Operand(op=op)]) if op in COMPARISONS:
            yield from _text(node.expr, depth + 1)
            yield from _text(node.ops[0].expr, depth + 1)
        case _:
            yield from _text(node, depth)


def _text(node: nodes.Node, depth: int) -> Iterator[str]:
    """An expression that is a text."""
    _check_depth(depth)
    match node:
        case nodes.Name(name=name) if not name.startswith(SPECIAL):
            node.name = folded(name)
            yield node.name
        case nodes.Const(value=str()):
            pass
        case nodes.Or():
            yield from _text(node.left, depth + 1)
            yield from _text(node.right, depth + 1)
        case nodes.CondExpr(test=test, expr1=first, expr2=nodes.Expr() as second):
            yield from _condition(test, depth + 1)
            yield from _text(first, depth + 1)
            yield from _text(second, depth + 1)
        case nodes.Filter(node=nodes.Expr() as filtered) if _is_known(node):
            yield from _text(filtered, depth + 1)
            if node.name != "truncate":
                for more in node.args[:1]:
                    yield from _text(more, depth + 1)
        case _:
            raise _not_allowed(node)


def _is_known(node: nodes.Filter) -> bool:
    """Whether it is one of FILTERS with what it takes."""
    if node.kwargs or node.dyn_args or node.dyn_kwargs:
        return False
    match node.name, node.args:
        case "default" | "d", [_] | [_, nodes.Const(value=bool())]:
            return True
        case "truncate", [nodes.Const(value=int(most))]:
            return 0 < most <= LONGEST
        case name, args:
            return name in FILTERS and name not in {"default", "d", "truncate"} and not args


def _check_depth(depth: int) -> None:
    if depth > DEEPEST:
        raise Refusal("refusals/blank_not_allowed", what="((…))")


def _not_allowed(node: nodes.Node) -> Refusal:
    match node:
        case nodes.Filter(name=name):
            what = f"|{name}"
        case nodes.Getattr(attr=attr):
            what = f".{attr}"
        case nodes.Name(name=name):
            what = name
        case nodes.Const(value=value):
            what = str(value)
        case nodes.Call():
            what = "(…)"
        case nodes.Getitem() | nodes.List() | nodes.Dict():
            what = "[…]"
        case _:
            what = type(node).__name__.lower().replace("condexpr", "if")
    return Refusal("refusals/blank_not_allowed", what=what)


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""
