"""Whatever is done to the trail besides writing to it is found and named, and no later command mends it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from models import chain
from models.audit import AuditEntry, AuditHead, AuditSubject, sealed
from models.chain import Noted, verify
from models.fields import milliseconds
from models.sql import select
from tests.models.test_audit import AT, KEY, OTHER, append, entry, written

pytestmark = pytest.mark.usefixtures("database")

COLUMNS = {
    "at": milliseconds(AT + timedelta(seconds=1)),
    "staff_id": 2,
    "staff_name": "韩梅梅",
    "account": "wecom",
    "sender": "8",
    "chat": "8",
    "cause": "other",
    "typed": "看 C6",
    "understood": "show C6",
    "subjects": "C6",
    "result": "denied",
    "detail": "x",
    "seal": "0" * 64,
}


@pytest.mark.parametrize("column", COLUMNS)
async def test_each_column_is_proved(column: str) -> None:
    await written()
    await AuditEntry.filter(number=5).update(**{column: COLUMNS[column]})
    await AuditEntry.filter(number=6).update(detail="changed as well, but later")
    assert (await verify(KEY))[2:] == ("changed", 5)


async def swapped(one: int, two: int) -> None:
    for old, new in ((one, 1000), (two, one), (1000, two)):
        await AuditEntry.filter(number=old).update(number=new)


async def inserted(number: int) -> None:
    """As somebody could who has the database and not the key."""
    seal = sealed(OTHER, "", [number])
    await AuditEntry.create(number=number, account="telegram", typed="看 C1", seal=seal, at=AT)


async def pushed_in_between() -> None:
    for number in (7, 6, 5):
        await AuditEntry.filter(number=number).update(number=number + 1)
    await inserted(5)
    await AuditHead.all().update(number=8)


async def cut_off_with_its_end() -> None:
    await AuditEntry.filter(number__gt=5).delete()
    await AuditSubject.filter(number__gt=5).delete()
    left = await AuditEntry.get(number=5)
    await AuditHead.all().update(number=5, seal=left.seal)


async def without_its_end() -> None:
    await AuditHead.all().delete()


async def with_an_end_of_their_own() -> None:
    await AuditHead.all().update(mark="0" * 64)


async def with_an_end_far_away() -> None:
    await AuditHead.all().update(number=900)


@pytest.mark.parametrize(
    ("deed", "first"),
    [
        (without_its_end, 8),
        (with_an_end_of_their_own, 8),
        (with_an_end_far_away, 8),
        (cut_off_with_its_end, 6),
    ],
)
async def test_what_was_done_to_the_end_is_not_mended_by_the_next_command(
    deed: Callable[[], Awaitable[None]], first: int
) -> None:
    await written()
    await deed()
    await append(entry("看 C1"), entry("看 C2"))
    await append(entry("看 C3"))
    assert await AuditEntry.all().count() == first + 2
    assert (await verify(KEY))[2:] == ("anew", first)


async def test_what_was_noted_is_missing_even_where_nothing_is_left() -> None:
    assert (await verify(KEY, Noted(1, "0" * 64)))[2:] == ("missing", 1)


DEEDS: list[tuple[Callable[[], Awaitable[object]], tuple[str, int]]] = [
    (lambda: AuditEntry.filter(number=1).delete(), ("missing", 1)),
    (lambda: AuditEntry.filter(number=4).delete(), ("missing", 4)),
    (lambda: AuditEntry.filter(number=7).delete(), ("missing", 7)),
    (lambda: AuditEntry.filter(number__gt=5).delete(), ("missing", 6)),
    (lambda: AuditEntry.all().delete(), ("missing", 1)),
    (lambda: swapped(3, 4), ("changed", 3)),
    (lambda: swapped(1, 7), ("changed", 1)),
    (lambda: inserted(8), ("added", 8)),
    (lambda: inserted(0), ("added", 0)),
    (pushed_in_between, ("changed", 5)),
    (cut_off_with_its_end, ("end", 5)),
    (lambda: AuditHead.all().delete(), ("added", 1)),
    (lambda: AuditHead.all().update(mark="0" * 64), ("end", 7)),
    (lambda: AuditHead.all().update(seal="0" * 64), ("end", 7)),
    (lambda: AuditSubject.filter(number=5, subject="C99").delete(), ("subjects", 5)),
    (lambda: AuditSubject.filter(number=5, subject="C99").update(subject="%"), ("subjects", 5)),
    (lambda: AuditSubject.create(number=6, subject="C1"), ("subjects", 6)),
    (lambda: AuditSubject.create(number=-3, subject="C1"), ("subjects", -3)),
]


@pytest.mark.parametrize(("deed", "told"), DEEDS)
async def test_what_was_done_to_the_trail_is_named(
    deed: Callable[[], Awaitable[object]], told: tuple[str, int]
) -> None:
    await written()
    await deed()
    assert (await verify(KEY))[2:] == told


async def test_another_key_is_told_from_a_changed_trail() -> None:
    await written()
    assert (await verify(OTHER))[2:] == ("key", 0)
    await AuditEntry.filter(number=1).update(detail="x")
    assert (await verify(KEY))[2:] == ("changed", 1)


async def test_a_changed_trail_of_one_entry_is_not_taken_for_another_key() -> None:
    await written(1)
    await AuditEntry.all().update(detail="x")
    assert (await verify(KEY))[2:] == ("changed", 1)


async def test_what_a_new_key_cannot_prove_begins_at_the_first_entry() -> None:
    await written(3)
    await append(entry("看 C4"), key=OTHER)
    assert (await verify(OTHER))[2:] == ("changed", 1)
    assert (await verify(KEY))[2:] == ("changed", 4)


async def test_an_older_copy_of_the_trail_is_found_by_a_seal_that_was_noted() -> None:
    await written(5)
    old = await select("SELECT number, seal, mark FROM audit_head")
    await append(entry("合并 C1 C2"))
    noted = Noted(6, (await verify(KEY)).seal)
    assert (await verify(KEY, noted)).fault is None
    await AuditEntry.filter(number=6).delete()
    await AuditHead.all().update(**old[0])
    assert (await verify(KEY)).fault is None
    assert (await verify(KEY, noted))[2:] == ("missing", 6)
    await append(entry("看 C1"))
    assert (await verify(KEY, noted))[2:] == ("noted", 6)


async def test_commands_given_meanwhile_are_no_fault() -> None:
    await append(*(entry(f"看 C{number}") for number in range(3 * chain.AT_ONCE)))
    walking = asyncio.create_task(verify(KEY))
    await asyncio.gather(*(append(entry("看 C1", "C1")) for _ in range(20)))
    assert (await walking).fault is None
    assert (await verify(KEY)).entries == 3 * chain.AT_ONCE + 20
