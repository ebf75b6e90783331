"""Here live the tables that people hand in as CSV files: their columns, their cells, and the rows that are no good."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path

from domain.errors import Refusal
from domain.money import minor

ENCODINGS = ("utf-8-sig", "gb18030")  # Excel in China still writes the second
MOMENT = re.compile(
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
    r"(?:[T ]\s*([0-9]{1,2})[:：]([0-9]{2})(?:[:：]([0-9]{2})(?:[.,]([0-9]{1,6}))?)?)?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
FIRST_YEAR, LAST_YEAR = 1970, 2199
CURRENCY = re.compile("[A-Z]{3}")
AMOUNT = re.compile(r"[¥￥]?\s*((?:[0-9]{1,3}(?:[,， ][0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)")  # 199,50 is not 19950
GROUPS = str.maketrans("", "", ",， ")

Columns = Mapping[str, tuple[str, ...]]


class BadTable(Exception):  # noqa: N818 - named for what happened
    """The file cannot be read at all; one sentence."""


class BadRow(Exception):  # noqa: N818 - named for what happened
    """A row that cannot be taken over; why, in a few words."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `cells` by our own names for the columns, `raw` as it is written."""

    cells: Mapping[str, str]
    raw: Sequence[str]

    def text(self, name: str, longest: int) -> str:
        """Raises BadRow where there is nothing, or too much."""
        value = self.cells.get(name, "")
        if not value:
            raise BadRow(f"{name} is empty")
        if len(value) > longest:
            raise BadRow(f"{name} is longer than {longest} characters")
        if not value.isprintable():
            raise BadRow(f"{name} has characters that cannot be seen")
        return value

    def moment(self, name: str, timezone: tzinfo) -> datetime:
        """A day, or a day and a time, in the house's time zone unless it names another; raises BadRow."""
        said = self.text(name, 40)
        found = MOMENT.fullmatch(said)
        try:
            at = _moment(found, timezone) if found else None
        except ValueError:
            at = None
        if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise BadRow(f"{name} is no time: {said} (2026-03-01 or 2026-03-01 15:30)")
        return at

    def amount(self, name: str, currency: str) -> int:
        """In minor units; raises BadRow."""
        said = self.text(name, 40)
        try:
            if found := AMOUNT.fullmatch(said):
                return minor(Decimal(found[1].translate(GROUPS)), currency)
        except Refusal:
            pass
        raise BadRow(f"{name} is no amount of {currency}: {said}")

    def currency(self, name: str, usual: str) -> str:
        """Three letters of ISO 4217; raises BadRow."""
        said = self.cells.get(name, "").upper() or usual
        if not CURRENCY.fullmatch(said):
            raise BadRow(f"{name} is no currency: {said} (CNY, USD)")
        return said

    def one_of(self, name: str, words: Mapping[str, Sequence[str]], usual: str) -> str:
        """The value that one of its words stands for; raises BadRow."""
        said = self.cells.get(name, "").lower()
        found = next((value for value, known in words.items() if said in (value, *known)), None) if said else usual
        if found is None:
            raise BadRow(f"{name} is none of {', '.join(words)}: {said}")
        return found


class Table:
    """A CSV file with a line of names on top; `columns` are the words for each of ours, the needed ones first."""

    def __init__(self, file: Path, columns: Columns, needed: int) -> None:
        self.file = file
        self._text, self.encoding = _read(file)
        lines = csv.reader(io.StringIO(self._text, newline=""), dialect=_dialect(self._text))
        try:
            self._rows = [(number, line) for number, line in enumerate(lines) if any(map(str.strip, line))]
        except csv.Error as error:
            raise BadTable(f"{file} is no table: {error} in line {lines.line_num}") from error
        if not self._rows:
            raise BadTable(f"{file} is empty")
        self.head = self._rows.pop(0)[1]
        self._places = {
            name: place
            for name, words in columns.items()
            for place, said in reversed([*enumerate(self.head)])
            if said.strip().lower() in (name, *words)
        }
        if missing := [name for name in list(columns)[:needed] if name not in self._places]:
            raise BadTable(
                f"{file} needs the columns {', '.join(list(columns)[:needed])}; missing: {', '.join(missing)}"
            )

    def __len__(self) -> int:
        return len(self._rows)

    def parts(self, most: int) -> Iterator[list[Row]]:
        """All rows, so many at once."""
        for start in range(0, len(self._rows), most):
            yield [self._row(line) for _, line in self._rows[start : start + most]]

    def reject(self, rows: Sequence[tuple[Row, str]]) -> Path | None:
        """Write what was no good beside the file, with the reason; where all was good, nothing is there."""
        beside = self.file.with_suffix(".rejected.csv")
        beside.unlink(missing_ok=True)
        if not rows:
            return None
        with beside.open("w", encoding=self.encoding, newline="") as out:
            writer = csv.writer(out)
            writer.writerow([*self.head, "reason"])
            writer.writerows(
                [*(row.raw[: len(self.head)]), *[""] * (len(self.head) - len(row.raw)), why] for row, why in rows
            )
        return beside

    def _row(self, line: Sequence[str]) -> Row:
        cells = {name: line[place].strip() for name, place in self._places.items() if place < len(line)}
        return Row(cells, line)


def _read(file: Path) -> tuple[str, str]:
    try:
        octets = file.read_bytes()
    except OSError as error:
        raise BadTable(f"{file} cannot be read: {error.strerror}") from error
    for encoding in ENCODINGS:
        try:
            return octets.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise BadTable(f"{file} is neither UTF-8 nor GB18030: save it as CSV UTF-8")


def _dialect(text: str) -> type[csv.Dialect]:
    """Separated by what the first line has most of."""
    head = text.lstrip().partition("\n")[0]
    best = max(",;\t", key=head.count)

    class Found(csv.excel):
        delimiter = best

    return Found


def _moment(found: re.Match[str], timezone: tzinfo) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    zone = found[8]
    at = datetime(year, month, day, hour, minute, second, int((found[7] or "").ljust(6, "0")), tzinfo=timezone)
    return at if zone is None else datetime.fromisoformat(f"{at:%Y-%m-%dT%H:%M:%S.%f}{zone.replace('Z', '+00:00')}")
