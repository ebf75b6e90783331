"""Here lives how the content of a push is typed: text below the command, words for pictures, files and links."""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from domain.addresses import is_address
from domain.errors import Refusal
from domain.messages import Content, File, Image, Link, Notice, Text
from domain.wording import check

KEYS: Mapping[str, tuple[str, ...]] = {
    "image": ("图片", "图", "image", "picture", "pic"),
    "file": ("文件", "file"),
    "link": ("链接", "link", "url"),
    "title": ("标题", "title"),
    "description": ("说明", "描述", "description", "desc"),
    "cover": ("封面", "cover"),
    "notice": ("模板消息", "notice"),
}
NAMED = {word: key for key, words in KEYS.items() for word in words}
WHOLE = ("image", "file", "link", "notice")  # each is a content of its own
OF_LINK = ("title", "description", "cover")  # elsewhere these are blanks like any other
MEDIA = re.compile(r"[\w.@:\-]{3,200}", re.ASCII)  # what platforms call a file that they keep
FIELD = re.compile(r"\s*([A-Za-z][\w.]{0,63})\s*[:：][ \t\u3000]*(.*\S)\s*", re.ASCII)


def content_of(pairs: Mapping[str, str], body: str) -> tuple[Content | None, dict[str, str]]:
    """What is to be sent, None where nothing says it, and the pairs that are about something else.

    `pairs` have keys in lower case. Raises Refusal for what contradicts itself, and for blanks that cannot be read.
    """
    given: dict[str, str] = {}
    for word, value in pairs.items():
        key = NAMED.get(word, "")
        if key in given:
            raise Refusal("refusals/push_content_two", first=_word(key, pairs), second=word)
        if key:
            given[key] = value.strip()
    taken = set(given) if "link" in given else set(given) - set(OF_LINK)
    content = _content({key: given[key] for key in taken}, body.replace("\0", ""), pairs)
    if content:
        check(content)
    return content, {word: value for word, value in pairs.items() if NAMED.get(word, "") not in taken}


def _content(given: Mapping[str, str], body: str, pairs: Mapping[str, str]) -> Content | None:
    wholes = [key for key in WHOLE if key in given and (key, "notice" in given) != ("link", True)]
    if len(wholes) > 1:
        raise Refusal("refusals/push_content_two", first=_word(wholes[0], pairs), second=_word(wholes[1], pairs))
    match wholes:
        case ["image"]:
            media, url = _kept(given["image"])
            return Image(media, url, caption=body)
        case ["file"]:
            media, url = _kept(given["file"])
            return File(media, url, name=_file_name(url), caption=body)
        case ["link"]:
            return _link(given, body, pairs)
        case ["notice"]:
            return _notice(given, body)
        case _:
            return Text(body) if body.strip() else None


def _link(given: Mapping[str, str], body: str, pairs: Mapping[str, str]) -> Link:
    if not given.get("title"):
        raise Refusal("refusals/push_link_title")
    if body.strip() and given.get("description"):
        raise Refusal("refusals/push_content_two", first=_word("description", pairs), second="")
    cover = given.get("cover", "")
    if cover and not is_address(cover):
        raise Refusal("refusals/push_address", what=cover)
    if not given["link"]:
        raise Refusal("refusals/push_address", what="")
    return Link(given["title"], given["link"], given.get("description") or body.strip(), cover)


def _notice(given: Mapping[str, str], body: str) -> Notice:
    """Its fields are the lines of the body."""
    fields: list[tuple[str, str]] = []
    for line in filter(str.strip, body.splitlines()):
        found = FIELD.fullmatch(line)
        if found is None or found[1] in dict(fields):
            raise Refusal("refusals/push_field", what=line.strip())
        fields.append((found[1], found[2]))
    if not fields or not MEDIA.fullmatch(given["notice"]):
        raise Refusal("refusals/push_field", what=given["notice"] if fields else "")
    return Notice(given["notice"], tuple(fields), given.get("link", ""), "\n".join(value for _, value in fields))


def _kept(typed: str) -> tuple[str, str]:
    """The platform's name of a file, or its address."""
    if is_address(typed):
        return "", typed
    if MEDIA.fullmatch(typed):
        return typed, ""
    raise Refusal("refusals/push_address", what=typed)


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _word(key: str, pairs: Mapping[str, str]) -> str:
    """As it was typed."""
    return next(word for word in pairs if NAMED.get(word) == key)


def is_whole(pairs: Mapping[str, str]) -> bool:
    """Whether nothing needs to stand below: a picture, a file or a link can do without words."""
    given = {NAMED.get(word, "") for word in pairs}
    return not given.isdisjoint(WHOLE) and "notice" not in given
