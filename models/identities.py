"""Here lives the question which customers seem to be one person, and the holding of both while it is answered."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from domain.leads import Stage, after_reply
from domain.search import PHONE, digits_of, octets
from models import rows
from models.customers import Customer, Identity
from models.leads import Lead
from models.messages import Message
from models.sql import dialect, select

# Waits for all who write anything about the customer, and lets nobody begin; SQLite has one writer.
HELD = {"sqlite": "id = $1", "postgres": "id = $1 FOR UPDATE"}
ALONE = "SELECT 1 AS one FROM (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))) AS held"
AT_ONCE = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS held"
SAME_UNIONID = "SELECT DISTINCT customer_id AS id FROM identity WHERE unionid = $1 ORDER BY customer_id"
SAME_PHONE = """SELECT c.id, c.phone FROM searchable AS s JOIN customer AS c ON c.id = s.customer_id
    WHERE s.key = $1 AND c.merged_into_id IS NULL ORDER BY c.id LIMIT 20"""
TOLD_APART = """WITH RECURSIVE one (id) AS (SELECT id FROM customer WHERE id = $1
        UNION SELECT c.id FROM customer AS c JOIN one ON c.merged_into_id = one.id),
    other (id) AS (SELECT id FROM customer WHERE id = $2
        UNION SELECT c.id FROM customer AS c JOIN other ON c.merged_into_id = other.id)
    SELECT 1 AS found FROM merge WHERE state = 'undone'
        AND (kept_id IN (SELECT id FROM one) AND absorbed_id IN (SELECT id FROM other)
            OR kept_id IN (SELECT id FROM other) AND absorbed_id IN (SELECT id FROM one)) LIMIT 1"""


_unawaited: ContextVar[str] = ContextVar("unawaited", default="")


class Busy(Exception):  # noqa: N818 - named for what happened
    """Somebody else is alone with a mark that is not to be waited for."""


@contextmanager
def not_awaiting(mark: str) -> Iterator[None]:
    """In this block nobody waits to be alone with this mark: who cannot be at once is told Busy."""
    token = _unawaited.set(mark)
    try:
        yield
    finally:
        _unawaited.reset(token)


async def alone(mark: str) -> None:
    """Nobody else learns of this mark until this transaction ends, so that of two who do one sees the other."""
    if dialect() != "postgres":
        return
    if mark != _unawaited.get():
        await select(ALONE, mark)
    elif not (await select(AT_ONCE, mark))[0]["held"]:
        raise Busy


async def held(ids: Iterable[int]) -> list[Customer]:
    """As they are now, in the order in which everybody holds several; nobody writes about them until the end."""
    found = [await rows.find(Customer, HELD[dialect()], customer_id) for customer_id in sorted(set(ids))]
    return [row[0] for row in found if row]


async def with_unionid(unionid: str) -> list[int]:
    """The customers one of whose accounts belongs to this person of WeChat."""
    return [row["id"] for row in await select(SAME_UNIONID, unionid)]


async def with_phone(phone: str) -> list[int]:
    """The customers whose own number it is, however it is written."""
    digits = digits_of(phone)
    found = await select(SAME_PHONE, octets(PHONE + digits[::-1])) if digits else []
    return [row["id"] for row in found if digits_of(row["phone"]) == digits]


async def told_apart(one: int, other: int) -> bool:
    """Whether a person said that these two are not the same: a joining of them, or of what they took in, was undone."""
    return bool(await select(TOLD_APART, one, other))


async def apart(customer: Customer, identity: Identity, at: datetime) -> tuple[Customer, Lead]:
    """A customer of its own for one account, that still has to move; the same owner, a lead as far as it got there."""
    said = Message.filter(identity_id=identity.id).order_by("id")
    first = await said.filter(direction="in").first()
    answered = await said.filter(direction="out", staff_id__isnull=False).exists()
    whose: dict[str, Any] = {"owner_id": customer.owner_id, "source": identity.source, "created_at": at}
    alone = await Customer.create(
        name=identity.name, attendant_id=customer.attendant_id, seen_at=identity.heard_at or identity.added_at, **whose
    )
    lead = await Lead.create(
        customer=alone,
        stage=after_reply(Stage.NEW) if answered else Stage.NEW,
        first_words=first.text if first else "",
        claimed_at=at if customer.owner_id else None,
        **whose,
    )
    return alone, lead
