"""Here lives which colleague is meant by what was typed after an @: a name, how it sounds, or how either begins."""

from collections.abc import Callable, Iterable, Iterator

from domain.search import plain
from domain.sounds import readings

Match = Callable[[str, str], bool]


def meant(typed: str, names: Iterable[str]) -> list[str]:
    """The names that `typed` may stand for; where one fits better than others, those that fit less are left out."""
    wanted = _joined(typed.lstrip("@"))
    known = {name: tuple(_spellings(name)) for name in names}
    for fits in (_whole, _beginning, _inside):
        if wanted and (found := [name for name, forms in known.items() if any(fits(form, wanted) for form in forms)]):
            return found
    return []


def _spellings(name: str) -> Iterator[str]:
    """As it is written, its pinyin, and the initials of that."""
    yield _joined(name)
    for syllables in readings(plain(name)):
        yield "".join(syllables)
        yield "".join(syllable[0] for syllable in syllables)


def _joined(text: str) -> str:
    return plain(text).replace(" ", "")


def _whole(form: str, wanted: str) -> bool:
    return form == wanted


def _beginning(form: str, wanted: str) -> bool:
    return form.startswith(wanted)


def _inside(form: str, wanted: str) -> bool:
    """A given name: 梅梅 of 韩梅梅; of letters at least three."""
    return wanted in form and (not wanted.isascii() or len(wanted) > 2)  # noqa: PLR2004 - as said
