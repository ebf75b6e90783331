"""Here lives the taking over of tables: whose each row is, a transaction for each batch, and what came of it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from tortoise.exceptions import OperationalError

from bot.database import opened, transaction
from bot.settings import Settings
from bot.tables import BadRow, Row, Table
from domain.messages import Address
from domain.phones import kept
from models.audit import AuditEntry, Entry
from models.customers import Customer, Identity
from models.fields import milliseconds
from models.identities import with_phone
from models.inbox import OWN
from models.orders import Counted
from models.sql import is_deadlock

AT_ONCE = 500
TRIES = 5
SHORT_ID = re.compile(r"[Cc]([0-9]{1,18})")
LONGEST = 200

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Fact]):
    """What rows become: `read` makes a fact of a row and its customer, raises BadRow.

    `tell` takes facts over in the caller's transaction and says how many were new, and how many changed.
    """

    name: str
    read: Callable[[Row, int], Fact]
    tell: Callable[[Sequence[Fact]], Awaitable[tuple[int, int]]]


@dataclass(slots=True)
class Outcome:
    new: int = 0
    changed: int = 0
    same: int = 0
    rejected: list[tuple[Row, str]] = field(default_factory=list)

    def __str__(self) -> str:
        counts = {"new": self.new, "changed": self.changed, "known already": self.same, "rejected": len(self.rejected)}
        return ", ".join(f"{count:,} {word}" for word, count in counts.items())


async def take_over(
    settings: Settings,
    kind: Kind[Fact],
    table: Table,
    told: Callable[[str, int, int], None],
    now: datetime,
    *,
    dry: bool,
) -> Outcome:
    """Every good row; with `dry` only what would be rejected is found out. Can be said again: no row counts twice."""
    outcome, people = Outcome(), _People({channel.name for channel in settings.channels})
    done = 0
    async with opened(settings.database.address):
        if not dry:
            async with transaction():
                await Counted.be(settings.currency)
        for rows in table.parts(AT_ONCE):
            facts = await _facts(kind, rows, people, outcome)
            if dry:
                outcome.new += len(facts)
            else:
                await _told(kind, facts, outcome)
            done += len(rows)
            told(f"reading {table.file.name}", done, len(table))
        if not dry:
            await _note(settings, f"{kind.name} import {table.file.name}", str(outcome), now)
    return outcome


async def _facts(kind: Kind[Fact], rows: Sequence[Row], people: "_People", outcome: Outcome) -> list[Fact]:
    facts: list[Fact] = []
    for row in rows:
        try:
            facts.append(kind.read(row, await people.behind(row.text("customer", LONGEST))))
        except BadRow as error:
            outcome.rejected.append((row, str(error)))
    return facts


async def _told(kind: Kind[Fact], facts: Sequence[Fact], outcome: Outcome) -> None:
    """Whoever waits for us while we wait for them: one begins again."""
    for _ in range(TRIES - 1):
        with suppress(_Again):
            return await _batch(kind, facts, outcome)
    return await _batch(kind, facts, outcome, last=True)


async def _batch(kind: Kind[Fact], facts: Sequence[Fact], outcome: Outcome, *, last: bool = False) -> None:
    try:
        async with transaction():
            new, changed = await kind.tell(facts)
    except OperationalError as error:
        if last or not is_deadlock(error):
            raise
        raise _Again from error
    outcome.new += new
    outcome.changed += changed
    outcome.same += len(facts) - new - changed


async def _note(settings: Settings, typed: str, detail: str, now: datetime) -> None:
    """In the trail."""
    key = f"typed:{milliseconds(now)}"
    async with transaction():
        entry = Entry(now, None, OWN, OWN, "", "", key, typed, understood=typed, detail=detail)
        await AuditEntry.append([entry], settings.key)


class _Again(Exception):  # noqa: N818 - named for what happened
    """PostgreSQL ended the transaction, because two waited for each other."""


class _People:
    """Who a word stands for: C12, a phone number, or an account and the id there (wecom:wmXyz)."""

    def __init__(self, accounts: set[str]) -> None:
        self._accounts = accounts
        self._known: dict[str, int] = {}

    async def behind(self, said: str) -> int:
        """Raises BadRow for nobody, and for several."""
        if said not in self._known:
            self._known[said] = await self._found(said)
        return self._known[said]

    async def _found(self, said: str) -> int:
        if short := SHORT_ID.fullmatch(said):
            if not await Customer.exists(id=int(short[1])):
                raise BadRow(f"there is no customer {said}")
            return int(short[1])
        account, _, external_id = said.partition(":")
        if external_id and account in self._accounts:
            if (identity := await Identity.of(Address(account, external_id))) is None:
                raise BadRow(f"nobody has the account {said}")
            return identity.customer_id
        return await self._called(said)

    async def _called(self, said: str) -> int:
        phone = kept(said)
        if phone is None:
            raise BadRow(f"customer is neither C12 nor a phone number nor ACCOUNT:ID: {said}")
        found = await with_phone(phone)
        if len(found) != 1:
            several = f"several customers have this phone number: {', '.join(f'C{each}' for each in found)}"
            raise BadRow(several if found else "no customer has this phone number")
        return found[0]
