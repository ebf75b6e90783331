"""The XML of WeCom and WeChat callbacks, written as the platforms write it."""

from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import xmltodict

Fields = Mapping[str, Any]


class NotXml(Exception):  # noqa: N818 - named for what happened
    """A text is not one `<xml>` element."""


def write(fields: Fields) -> str:
    """`<xml>…</xml>`: strings as CDATA, numbers bare, mappings nested, a list as its element repeated."""
    return f"<xml>{_inner(fields)}</xml>"


def read(text: str) -> dict[str, Any]:
    """The children of the root element; raises `NotXml`."""
    try:
        root = xmltodict.parse(text, strip_whitespace=False).get("xml")
    except (ExpatError, ValueError) as error:
        raise NotXml("not well-formed") from error
    if not isinstance(root, dict):
        raise NotXml("the root is not an xml element with children")
    return {name: value for name, value in root.items() if name != "#text"}


def _inner(fields: Fields) -> str:
    return "\n".join(_element(name, value) for name, value in fields.items() if value is not None)


def _element(name: str, value: object) -> str:
    match value:
        case list():
            return "\n".join(_element(name, each) for each in value)
        case dict():
            return f"<{name}>{_inner(value)}</{name}>"
        case str():
            return f"<{name}>{_cdata(value)}</{name}>"
        case _:
            return f"<{name}>{value}</{name}>"


def _cdata(text: str) -> str:
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
