"""Here lives the reading of YAML with the line of every key, and with values out of the environment."""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from bot.problems import Key, Problem

NAMED: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")
PREFIX: Final = "tag:yaml.org,2002:"


class Core(yaml.SafeLoader):
    """YAML 1.2's plain values only: `no`, `22:00` and `2026-11-21` stay the text that they are."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and shape


for _tag, _pattern, _first in (
    ("null", r"(?:~|null|)", "~n\0"),
    ("bool", r"(?:true|false)", "tf"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    firsts = ["" if first == "\0" else first for first in _first]
    Core.add_implicit_resolver(PREFIX + _tag, re.compile(f"^{_pattern}$"), firsts)


class Tree:
    """`value` is the document as plain values, `lines` where each key and list item stands, `problems` what is wrong.

    A key without a value is as if it were not there. `${NAME}` and `${NAME:-default}` in texts are replaced
    after the YAML is understood, so that no value from the environment can change its structure.
    """

    def __init__(self, text: str, env: Mapping[str, str]) -> None:
        self.lines: dict[Key, int] = {(): 1}
        self.problems: list[Problem] = []
        self._env = env
        self._open: set[int] = set()
        self.value: Any = None
        try:
            root = yaml.compose(text, Loader=Core)
        except yaml.YAMLError as error:
            self._not_yaml(error)
        else:
            self.value = self._build(root, ()) if root is not None else None

    def _not_yaml(self, error: yaml.YAMLError) -> None:
        mark = getattr(error, "problem_mark", None)
        words = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        self.lines[()] = mark.line + 1 if mark else 1
        self.problems.append(Problem((), f"expected YAML: {words}"))

    def _build(self, node: yaml.Node, key: Key) -> Any:
        if id(node) in self._open:
            self.problems.append(Problem(key, "expected a value, this alias holds itself"))
            return None
        self._open.add(id(node))
        try:
            match node:
                case yaml.MappingNode():
                    return self._mapping(node, key)
                case yaml.SequenceNode():
                    return [self._item(item, (*key, index)) for index, item in enumerate(node.value)]
                case _:
                    return self._scalar(node, key)
        finally:
            self._open.discard(id(node))

    def _item(self, node: yaml.Node, key: Key) -> Any:
        self.lines[key] = node.start_mark.line + 1
        return self._build(node, key)

    def _mapping(self, node: yaml.MappingNode, key: Key) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for name, value in node.value:
            inner = (*key, str(name.value) if isinstance(name, yaml.ScalarNode) else "?")
            twice = inner in self.lines
            self.lines[inner] = name.start_mark.line + 1
            if twice:
                self.problems.append(Problem(inner, "expected once, it is written twice"))
            if (found := self._build(value, inner)) is not None:
                built[str(inner[-1])] = found
        return built

    def _scalar(self, node: yaml.Node, key: Key) -> Any:
        text = str(node.value)
        match node.tag.removeprefix(PREFIX):
            case "str":
                return self._filled(text, key)
            case "null":
                return None
            case "bool":
                return text == "true"
            case "int":
                return int(text)
            case "float":
                return float(text)
            case _:
                self.problems.append(Problem(key, "expected a plain value without a !tag"))
                return None

    def _filled(self, text: str, key: Key) -> str:
        def value(match: re.Match[str]) -> str:
            name, default = match.groups()
            if default is not None:
                return self._env.get(name) or default
            if name not in self._env:
                self.problems.append(Problem(key, f"expected the environment variable {name}, it is not set"))
            return self._env.get(name, "")

        return NAMED.sub(value, text)
