"""Here lives what is written in a push: its blanks, the values that fill them, and the addresses in it."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from domain.addresses import found, is_address, replaced
from domain.blanks import PEOPLE, Wording, folded, read, value_of
from domain.errors import Refusal
from domain.messages import Content, File, Image, Link, Notice, Text

OURS = re.compile(r"https?://[\w.:\-]+(?:[/?#]|$)", re.IGNORECASE)  # whose address it is stands in it as it is written


@dataclass(frozen=True, slots=True)
class Person:
    """What blanks can say of one recipient; `owner` is the colleague who looks after them."""

    name: str = ""
    company: str = ""
    city: str = ""
    owner: str = ""


def check(content: Content) -> None:
    """Raise Refusal for blanks that cannot be read, or that ask for what they may not."""
    for text in _texts(content):
        read(text)
    url = _url(content)
    names = read(url).names
    if url and not (OURS.match(url) if names & PEOPLE.keys() else names or is_address(url)):
        raise Refusal("refusals/push_address", what=url)


def blanks(content: Content) -> frozenset[str]:
    """The names of all blanks, in their one form."""
    return frozenset(name for text in (*_texts(content), _url(content)) for name in read(text).names)


def personal(content: Content) -> frozenset[str]:
    """The names of those that differ from person to person."""
    return blanks(content) & PEOPLE.keys()


def values_for(content: Content, pairs: Mapping[str, str]) -> dict[str, str]:
    """Values by the one form of their blanks' names; raises Refusal for a name that no blank here has."""
    there = blanks(content)
    if stray := next((word for word in pairs if folded(word) not in there), ""):
        raise Refusal("refusals/blank_unknown", name=stray, there=sorted(there))
    return {folded(word): value for word, value in pairs.items()}


def written(content: Content, values: Mapping[str, str], person: Person | None = None) -> Content:
    """With every blank filled; raises Refusal naming one for which there is no value and no default.

    `values` for a blank about a person is the default of it. Where there is none either, the blank goes together with
    the comma that led to it; without `person` the words are everybody's, and such a blank is one without a value.
    """
    given = {folded(name): value_of(value) for name, value in values.items() if value.strip()}

    def say(text: str) -> str:
        return _filled(read(text), given, person, value_of)

    def address(url: str) -> str:
        filled = _filled(read(url), given, person, _quoted)
        if filled and not is_address(filled):
            raise Refusal("refusals/push_address", what=filled)
        return filled

    return _changed(content, say, address)


def addresses(content: Content) -> tuple[str, ...]:
    """The http addresses that a person could open in it, in order, each once; blanks of an address are not filled."""
    whole = [url for url in [_url(content)] if is_address(url) and not read(url).names]
    return tuple(dict.fromkeys([*(address for text in _texts(content) for address in found(text)), *whole]))


def readdressed(content: Content, names: Mapping[str, str]) -> Content:
    """With other addresses in the place of these."""
    if not names:
        return content
    return _changed(content, lambda text: replaced(text, names), lambda url: names.get(url, url))


def _filled(wording: Wording, given: Mapping[str, str], person: Person | None, plain: Callable[[str], str]) -> str:
    """`plain` makes what is known of the person fit to stand there."""
    values = {name: value for name in wording.names if (value := given.get(name))}
    for name in wording.names & PEOPLE.keys():
        field = PEOPLE[name]
        known = plain(getattr(person, field)) if person else ""
        default = values.get(name) or next((given[alias] for alias in _aliases(field) if alias in given), "")
        if known or default or person:
            values[name] = known or default
    return wording.filled(values)


def _aliases(field: str) -> Iterator[str]:
    return (name for name, meant in PEOPLE.items() if meant == field)


def _quoted(value: str) -> str:
    return quote(value_of(value), safe="")


def _texts(content: Content) -> tuple[str, ...]:
    match content:
        case Text(text=text):
            return (text,)
        case Image(caption=caption) | File(caption=caption):
            return (caption,)
        case Link():
            return (content.title, content.description)
        case Notice():
            return (*(value for _, value in content.data), content.text)
        case _:
            return ()


def _url(content: Content) -> str:
    return content.url if isinstance(content, Link | Notice) else ""


def _changed(content: Content, say: Callable[[str], str], address: Callable[[str], str]) -> Content:
    match content:
        case Text(text=text):
            return Text(say(text))
        case Image(caption=caption) | File(caption=caption):
            return replace(content, caption=say(caption))
        case Link():
            title, description = say(content.title), say(content.description)
            return replace(content, title=title, description=description, url=address(content.url))
        case Notice():
            data = tuple((key, say(value)) for key, value in content.data)
            return replace(content, data=data, url=address(content.url), text=say(content.text))
        case _:
            return content
