"""Here lives what a customer can be found by, and what a search is looking for.

Both sides are cut into keys: a letter that says what kind it is, then the text. A customer has keys; a query
has probes, in groups: what is exactly it, what begins or ends so, what has it inside, what differs by one typo.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Literal

from domain.sounds import has_chinese, readings, runs

NAME, SOUND, INITIALS, PHONE, ID, INSIDE = "nsip#w"  # SOUND is pinyin, and of other names the letters themselves
LONGEST = 48
SHORT, LONG = 4, 24  # letters in which a typo is looked for
NATIONAL = 11  # digits of a Chinese mobile number
MOST_PIECES = 8

Why = Literal["id", "name", "sound", "initials", "phone", "inside", "typo"]


@dataclass(frozen=True, slots=True)
class Probe:
    """Customers with one of the keys (`any`), some of `each` key, with `all` of them, or with one beginning so."""

    why: Why
    how: Literal["any", "each", "all", "prefix"]
    keys: tuple[str, ...]

    @property
    def octets(self) -> list[bytes]:
        return [octets(key) for key in self.keys]


Group = tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for, best first; `spelled` in letters, so a slip is likely; `numbered`, so it may be an id."""

    exact: Group = ()
    beginning: Group = ()
    inside: Group = ()
    spelled: bool = False
    numbered: bool = False


def octets(key: str) -> bytes:
    """How a key is stored: bytes, whose order is the same in every database and language."""
    return key[:LONGEST].encode("utf-8", "replace")


def plain(text: str) -> str:
    """Letters and digits only, in one width, one case, without accents; signs alone stay as they are."""
    folded = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    folded = unicodedata.normalize("NFC", folded).casefold()
    return " ".join(re.findall(r"[^\W_]+", folded)) or "".join(folded.split())


def identifier(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().removeprefix("@").casefold()


def digits_of(phone: str) -> str:
    """The digits with their country's, as far as it can be told: 13800000000 and 0086… become 86138…, 010… 8610…."""
    digits = _digits(phone)
    mobile = len(digits) == NATIONAL and digits[0] == "1"
    landline = NATIONAL <= len(digits) <= NATIONAL + 1 and digits[0] == "0"
    return "86" + digits.removeprefix("0") if (mobile or landline) and "+" not in phone else digits


def _digits(phone: str) -> str:
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone))
    return digits.removeprefix("00") if len(digits) > NATIONAL else digits


def keys_of(names: Iterable[str], phones: Iterable[str], ids: Iterable[str], company: str) -> frozenset[bytes]:
    """Everything that a customer with these is found by."""
    found = {ID + identifier(text) for text in ids if text}
    found |= {PHONE + digits_of(phone)[::-1] for phone in phones if digits_of(phone)}
    for name in filter(None, map(plain, names)):
        found |= set(_keys_of_name(name))
    found |= {INSIDE + piece for run in runs(_without_form(plain(company))) for piece in _pieces(run)}
    return frozenset(map(octets, found))


def question(query: str) -> Question:
    """What `query` asks for; an empty one asks for nobody."""
    text = plain(query)
    if not text:
        return Question()
    return Question(
        _exact(query, text),
        _beginning(query, text),
        _inside(text),
        spelled=not has_chinese(text),
        numbered=any(character.isdigit() for character in text),
    )


def near(query: str) -> Iterator[Group]:
    """What sounds the same, then what is one letter off; each worked out only when it is asked for."""
    text = plain(query)
    sounds = [sound for sound in _sounds(text) if sound.isascii() and sound.isalpha()]
    if has_chinese(text) and sounds:
        yield (Probe("sound", "any", tuple(SOUND + sound for sound in sounds)),)
    off = {word for sound in sounds if SHORT <= len(sound) <= LONG for word in one_typo(sound)} - set(sounds)
    if off:
        yield (Probe("typo", "each", tuple(SOUND + word for word in sorted(off))),)


def one_typo(word: str) -> frozenset[str]:
    """Every word that one missing, extra, wrong or swapped letter makes of `word`."""
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    shorter = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    wrong = {a + c + b[1:] for a, b in cuts if b for c in ascii_lowercase}
    longer = {a + c + b for a, b in cuts for c in ascii_lowercase}
    return frozenset(shorter | swapped | wrong | longer) - {word}


def _joined(text: str) -> str:
    return text.replace(" ", "")


def _keys_of_name(name: str) -> Iterator[str]:
    """`name` is plain. What begins a name of one word is found as its beginning."""
    if has_chinese(name):
        yield NAME + _joined(name)
    for syllables in readings(name):
        yield SOUND + "".join(syllables)
        if len(syllables) > 1:
            yield INITIALS + "".join(syllable[0] for syllable in syllables)
    parts = list(runs(name))
    pieces = [piece for run in parts for piece in _pieces(run)]
    yield from (INSIDE + piece for piece in pieces[len(parts) == 1 :])


def _pieces(run: str) -> list[str]:
    """Of Chinese every two neighbours, of other scripts the whole word."""
    if has_chinese(run):
        return [run[at : at + 2] for at in range(len(run) - 1)]
    return [run]


def _without_form(company: str) -> str:
    """A company's name without its legal form, which half of all companies share."""
    return re.sub(r"(股份|责任|有限|总|分)*公司$", "", company)


def _sounds(text: str) -> tuple[str, ...]:
    spelled = ["".join(syllables) for syllables in readings(text)]
    return tuple(dict.fromkeys(sound[:LONGEST] for sound in spelled))


def _is_number(query: str) -> bool:
    return bool(re.fullmatch(r"\+?[\d\s().-]*\d{2}[\d\s().-]*", unicodedata.normalize("NFKC", query.strip())))


def _exact(query: str, text: str) -> Group:
    whole = Probe("name", "any", tuple(_spelled(query, text)))
    known = Probe("id", "any", (ID + identifier(query),))
    if not _is_number(query):
        return (known, whole)
    return (known, whole, Probe("phone", "any", (PHONE + digits_of(query)[::-1],)))


def _spelled(query: str, text: str) -> Iterator[str]:
    """As typed; where somebody typed ü, the keyboard's v may be meant."""
    letter = NAME if has_chinese(text) else SOUND
    yield letter + _joined(text)
    if "ü" in query.casefold():
        yield letter + _joined(plain(query.casefold().replace("ü", "v")))


def _beginning(query: str, text: str) -> Group:
    probes = [Probe("name", "prefix", (key,)) for key in _spelled(query, text)]
    if text.isascii() and text.isalpha() and len(text) > 1:
        probes.append(Probe("initials", "any", (INITIALS + text,)))
    if _is_number(query):
        probes.append(Probe("phone", "prefix", (PHONE + _digits(query)[::-1],)))
    return tuple(probes)


def _inside(text: str) -> Group:
    parts = list(runs(_without_form(text) or text))
    if len(parts) == 1 and not has_chinese(text):
        return (Probe("inside", "prefix", (INSIDE + text,)),) if len(text) > 1 else ()
    pieces = dict.fromkeys(piece for run in parts for piece in _pieces(run))
    return (Probe("inside", "all", tuple(INSIDE + piece for piece in list(pieces)[:MOST_PIECES])),) if pieces else ()
