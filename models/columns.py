"""Here lives what rules ask most of customers, laid out by id in memory: numbers, and words of which there are few."""

# ruff: noqa: S608 - the words of these statements are our own, every value is a parameter

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from pyroaring import BitMap

from domain.rule_facts import Person, holds
from domain.rules import Condition, Moment
from models.bitmaps import Ids, Truths, ids_of, of_ids, of_truths

MISSING = -(1 << 62)  # no instant
CHUNK = 131_072  # ids whose values are stored together
MOST_WORDS = 20_000  # of one column; with more, SQL finds them sooner than a look at each
SPARSE = 16  # so many times fewer customers than there are: only theirs are looked at
FEW = 4  # words for which a comparison each is faster than looking up what was found of all of them
REMEMBERED = 64  # conditions about words whose answers are kept
EPOCH = datetime.fromtimestamp(0, UTC)
NUMBERS: dict[str, tuple[str, type[np.int32] | type[np.int64]]] = {
    "created": ("c.created_at", np.int64),
    "last_seen": ("c.seen_at", np.int64),
    "last_order": (f"COALESCE(c.last_order_at, {MISSING})", np.int64),
    "pushed": (f"COALESCE(c.pushed_at, {MISSING})", np.int64),
    "clicked": (f"COALESCE(c.clicked_at, {MISSING})", np.int64),
    "amount": ("c.amount", np.int64),
    "orders": ("c.orders", np.int32),
    "score": ("c.score", np.int32),
    "owner": ("COALESCE(c.owner_id, 0)", np.int32),
    "attendant": ("COALESCE(c.attendant_id, 0)", np.int32),
}
WORDS: dict[str, str] = {
    "stage": "COALESCE(l.stage, '')",
    **{name: f"c.{name}" for name in ("gender", "consent", "language", "city", "source", "birthday")},
}
ROW = f"""SELECT c.id, c.merged_into_id IS NULL AS alive, {", ".join(sql for sql, _ in NUMBERS.values())},
    {", ".join(WORDS.values())} FROM customer AS c LEFT JOIN lead AS l ON l.customer_id = c.id"""

Numbers = NDArray[Any]
Test = Callable[[Numbers], Truths]


class Words:
    """A column of texts: each customer's is a number, `values` says of which text; those of "" are 0."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.values = [""]
        self.codes = np.zeros(0, np.uint16)
        self._code = {"": 0}
        self._answers: dict[tuple[Condition, int], Truths] = {}

    @property
    def overfull(self) -> bool:
        return len(self.values) > MOST_WORDS

    def coded(self, texts: Iterable[str]) -> NDArray[np.uint16]:
        return np.fromiter((self._coded(text) for text in texts), np.uint16)

    def test(self, rule: Condition, moment: Moment) -> Test:
        """Whether a condition about this text is true, answered once for each text that there is."""
        chosen = self._answered(rule, moment)
        codes = np.flatnonzero(chosen)
        if 0 < len(codes) <= FEW:
            return lambda found: reduce(or_, [found == code for code in codes])
        return lambda found: np.take(chosen, found)

    def _coded(self, text: str) -> int:
        if text not in self._code and not self.overfull:
            self._code[text] = len(self.values)
            self.values.append(text)
        return self._code.get(text, 0)

    def _answered(self, rule: Condition, moment: Moment) -> Truths:
        today = moment.now.astimezone(moment.timezone).date().toordinal()
        known = self._answers.pop((rule, today), np.zeros(0, np.bool_))
        more = [holds(rule, self._person(text), moment) for text in self.values[len(known) :]]
        self._answers[rule, today] = found = np.concatenate([known, np.array(more, np.bool_)]) if more else known
        if len(self._answers) > REMEMBERED:
            del self._answers[next(iter(self._answers))]
        return found

    def _person(self, text: str) -> Person:
        stage = text or None if self.name == "stage" else None
        return Person(id=0, created=EPOCH, last_seen=EPOCH, texts={self.name: text}, stage=stage)


class Columns:
    """`alive` are the customers that rules can find; `dirty` names the stored pieces that are not so any more."""

    def __init__(self) -> None:
        self.alive = BitMap()
        self.numbers: dict[str, Numbers] = {name: np.zeros(0, kind) for name, (_, kind) in NUMBERS.items()}
        self.words = {name: Words(name) for name in WORDS}
        self.dirty: set[str] = set()
        self._room = 0

    @property
    def octets(self) -> int:
        arrays = (*self.numbers.values(), *(words.codes for words in self.words.values()))
        return sum(each.nbytes for each in arrays)

    def knows(self, name: str) -> bool:
        """Whether it has the column: one with too many different texts is none."""
        return name in self.numbers or name in self.words

    def where(self, name: str, test: Test, within: BitMap) -> BitMap:
        """Those within, whose value passes."""
        values = self.numbers[name] if name in self.numbers else self.words[name].codes
        if len(within) * SPARSE < len(values):
            ids = ids_of(within)
            return of_ids(ids[test(values[ids])].astype(np.int64))
        return of_truths(test(values)) & within

    def take(self, asked: BitMap, rows: Sequence[Sequence[Any]]) -> None:
        """What the database has of those who are asked of: `rows` as ROW reads them; who has none is gone."""
        columns = list(zip(*rows, strict=True)) or [()] * (2 + len(NUMBERS) + len(WORDS))
        ids = np.array(columns[0], np.int64)
        alive = of_ids(ids[np.array(columns[1], np.bool_)])
        if self.alive & asked != alive:
            self.alive = self.alive - asked | alive
            self.dirty.add("alive")
        if not len(ids):
            return
        self._make_room(int(ids.max()) + 1)
        for name, column in zip(NUMBERS, columns[2:], strict=False):
            self._write(name, self.numbers[name], ids, np.array(column, self.numbers[name].dtype))
        for name, column in zip(WORDS, columns[2 + len(NUMBERS) :], strict=True):
            if name in self.words:
                self._say(self.words[name], ids, column)

    def pieces(self) -> Iterator[str]:
        """The names of all pieces that are stored."""
        yield "alive"
        for name in (*self.numbers, *self.words):
            yield from (f"{name}/{chunk}" for chunk in range(self._room // CHUNK))

    def packed(self, piece: str) -> bytes:
        """A piece as it is stored. One of words has its own list: nobody else need know what number a text has here."""
        if piece == "alive":
            return self.alive.serialize()
        name, chunk = self._place(piece)
        if name in self.numbers:
            return self.numbers[name][chunk].tobytes()
        words = self.words[name]
        used = np.flatnonzero(np.bincount(words.codes[chunk], minlength=len(words.values)))
        own = np.zeros(len(words.values), np.uint16)
        own[used] = np.arange(len(used))
        texts = orjson.dumps([words.values[code] for code in used])
        return b"%d\n%s%s" % (len(texts), texts, own[words.codes[chunk]].tobytes())

    def unpack(self, piece: str, stored: bytes) -> None:
        if piece == "alive":
            self.alive = BitMap.deserialize(stored)
            return
        name, chunk = self._place(piece)
        self._make_room(chunk.stop)
        if name in self.numbers:
            self.numbers[name][chunk] = np.frombuffer(stored, self.numbers[name].dtype)
        elif name in self.words:
            length, _, rest = stored.partition(b"\n")
            texts, codes = rest[: int(length)], rest[int(length) :]
            own = self.words[name].coded(orjson.loads(texts))
            self.words[name].codes[chunk] = own[np.frombuffer(codes, np.uint16)]

    def lack(self, pieces: Iterable[str]) -> None:
        """Only these pieces are stored: a column of words that lacks some was too full to be one."""
        missing = set(self.pieces()).difference(pieces)
        if any(piece.partition("/")[0] not in self.words for piece in missing):
            raise LookupError(f"the snapshot of the index lacks {min(missing)}")
        for piece in missing:
            self.words.pop(piece.partition("/")[0], None)

    def _place(self, piece: str) -> tuple[str, slice]:
        name, _, number = piece.partition("/")
        return name, slice(int(number) * CHUNK, (int(number) + 1) * CHUNK)

    def _make_room(self, ids: int) -> None:
        if ids <= self._room:
            return
        before, self._room = self._room, -(-ids // CHUNK) * CHUNK
        more = self._room - before
        for name, values in self.numbers.items():
            self.numbers[name] = np.concatenate([values, np.zeros(more, values.dtype)])
        for words in self.words.values():
            words.codes = np.concatenate([words.codes, np.zeros(more, np.uint16)])
        self.dirty.update(
            f"{name}/{n}" for name in (*self.numbers, *self.words) for n in range(before // CHUNK, self._room // CHUNK)
        )

    def _write(self, name: str, values: Numbers, ids: Ids, new: Numbers) -> None:
        changed = values[ids] != new
        if changed.any():
            values[ids] = new
            self.dirty.update(f"{name}/{chunk}" for chunk in np.unique(ids[changed] // CHUNK))

    def _say(self, words: Words, ids: Ids, texts: Iterable[str]) -> None:
        codes = words.coded(texts)
        if words.overfull:
            self.words.pop(words.name)
        else:
            self._write(words.name, words.codes, ids, codes)
