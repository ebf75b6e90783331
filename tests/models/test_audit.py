"""The trail is one chain: what was written stays, and a trail that is gone is no trail that never was."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.database import transaction
from domain.own_events import DayEnded
from domain.permissions import Role
from models import chain
from models.audit import ROOM, AuditEntry, AuditHead, AuditSubject, Entry, sealed
from models.chain import Verdict, verify
from models.customers import Customer
from models.inbox import InboxEvent
from models.staff import Staff
from tests.racing import overlapping

KEY = b"a key of thirty-two bytes, no more"
OTHER = b"another key of thirty-two bytes, no more"
AT = datetime(2026, 3, 2, 10, 3, 5, 678901, tzinfo=UTC)
pytestmark = pytest.mark.usefixtures("database")


def entry(typed: str, *subjects: str, **more: object) -> Entry:
    known = {"staff_id": 1, "staff_name": "李雷", "account": "telegram", "sender": "9", "chat": "9", "cause": "k"}
    return Entry(**{"at": AT, **known, "typed": typed, "subjects": subjects, **more})  # type: ignore[arg-type]


async def append(*entries: Entry, key: bytes = KEY) -> None:
    async with transaction():
        await AuditEntry.append(entries, key)


async def written(count: int = 7) -> None:
    for number in range(1, count + 1):
        await append(entry(f"看 C{number}", f"C{number}", "C99"))


async def test_entries_are_numbered_without_a_gap_and_found_by_what_they_are_about() -> None:
    await append(entry("看 C1", "C1"), entry("看 C2", "C2", "L2"))
    await append(entry("看 C1", "C1"))
    rows = await AuditEntry.all().order_by("id")
    assert [(row.number, row.typed) for row in rows] == [(1, "看 C1"), (2, "看 C2"), (3, "看 C1")]
    assert [row.number for row in await AuditSubject.filter(subject="C1").order_by("number")] == [1, 3]
    assert [row.number for row in await AuditSubject.filter(subject="L2")] == [2]
    assert await verify(KEY) == Verdict(3, (await AuditEntry.get(number=3)).seal)


async def test_nothing_is_a_whole_trail() -> None:
    await append()
    assert await verify(KEY) == Verdict(0, "")
    assert await AuditHead.all().count() == 0
    await AuditHead.begin(KEY)
    await AuditHead.begin(OTHER)
    assert await verify(KEY) == Verdict(0, "")


async def hired() -> None:
    await Staff.create(name="韩梅梅", role=Role.SALES, created_at=AT)


async def emptied() -> None:
    for table in (AuditEntry, AuditSubject, AuditHead):
        await table.all().delete()


async def emptied_and_begun_by_another() -> None:
    await emptied()
    await AuditHead.begin(OTHER)


async def emptied_down_to_its_end() -> None:
    await emptied()
    await AuditHead.create(id=1)


EMPTY = [emptied, emptied_and_begun_by_another, emptied_down_to_its_end]


@pytest.mark.parametrize("restarted", [True, False])
@pytest.mark.parametrize("deed", EMPTY)
async def test_an_emptied_trail_is_none_that_nobody_began(deed: Callable[[], Awaitable[None]], restarted: bool) -> None:
    await AuditHead.begin(KEY)
    await hired()
    await written()
    assert (await verify(KEY)).fault is None
    await deed()
    assert (await verify(KEY))[2:] == ("emptied", 0)
    if restarted:
        await AuditHead.begin(KEY)
    assert (await verify(KEY))[2:] == ("emptied", 0)
    await written(3)
    assert await AuditEntry.all().count() == 3
    assert (await verify(KEY))[2:] == ("anew", 1)


@pytest.mark.parametrize("table", ["staff", "customer", "inbox_event"])
async def test_whatever_is_there_proves_that_there_was_a_trail(table: str) -> None:
    assert (await verify(KEY)).fault is None
    match table:
        case "staff":
            await hired()
        case "customer":
            await Customer.create(name="张三", created_at=AT, seen_at=AT)
        case _:
            await InboxEvent.remind(DayEnded(AT, AT.date()), "day", AT, AT)
    assert (await verify(KEY))[2:] == ("emptied", 0)


async def test_who_is_hired_with_the_first_entry_is_no_proof() -> None:
    async with transaction():
        await hired()
        await AuditEntry.append([entry("staff add")], KEY)
    assert (await verify(KEY))[::2] == (1, None)


async def forgotten(one: Entry) -> None:
    async with transaction():
        await AuditEntry.append([one], KEY)
        raise ZeroDivisionError


async def test_what_is_rolled_back_leaves_no_gap() -> None:
    await written(1)
    with pytest.raises(ZeroDivisionError):
        await forgotten(entry("查 张三"))
    await append(entry("查 李四"))
    assert (await verify(KEY)).entries == 2


@pytest.mark.parametrize("begun", [True, False], ids=["going_on", "at_the_very_beginning"])
async def test_two_at_once_make_one_chain(begun: bool) -> None:
    if begun:
        await written(1)

    async def first() -> None:
        await AuditEntry.append([entry("first"), entry("too")], KEY)

    async def second() -> None:
        await AuditEntry.append([entry("second")], KEY)

    await overlapping(first, second)
    told = [row.typed for row in await AuditEntry.all().order_by("number")]
    assert told[-3:] == ["first", "too", "second"]
    assert (await verify(KEY)).fault is None


@pytest.mark.parametrize(("met", "fault"), [(False, None), (True, "anew")], ids=["begun", "its_end_removed"])
async def test_a_crowd_makes_one_chain(met: bool, fault: str | None) -> None:
    if met:
        await Customer.create(name="张三", created_at=AT, seen_at=AT)
    else:
        await AuditHead.begin(KEY)
    await asyncio.gather(*(append(entry(f"看 C{number}", "C9")) for number in range(40)))
    assert sorted([row.number for row in await AuditEntry.all()]) == list(range(1, 41))
    assert (await verify(KEY)).fault == fault


async def test_a_trail_longer_than_what_is_read_at_once_is_walked_to_its_end() -> None:
    count = 2 * chain.AT_ONCE + 3
    await append(*(entry(f"看 C{number}", f"C{number}") for number in range(count)))
    assert (await verify(KEY)).entries == count
    await AuditEntry.filter(number=count - 1).update(detail="x")
    assert (await verify(KEY))[2:] == ("changed", count - 1)


ODD = ["\0a\0", "\ud800 lone", "😀\u202e", "L" * 5_000, "", "\r\n\t\\\"'", "e\u0301"]


async def test_any_words_are_kept_and_proved() -> None:
    await append(*(entry(odd, understood=odd, staff_name=odd, detail=odd, result=odd, sender=odd) for odd in ODD))
    assert (await verify(KEY)).fault is None
    assert (await AuditEntry.get(number=1)).typed == "a"
    assert (await AuditEntry.get(number=2)).typed == "? lone"
    assert (await AuditEntry.get(number=7)).typed == "e\u0301"


async def test_more_subjects_than_fit_are_left_out_whole() -> None:
    many = [f"C{10**17 + number}" for number in range(20)]
    await append(entry("合并", *many))
    told = (await AuditEntry.get(number=1)).subjects.split()
    assert told == many[: len(told)]
    assert ROOM - 20 < len(" ".join(told)) <= ROOM
    assert await AuditSubject.all().count() == len(told)
    assert (await verify(KEY)).fault is None


async def test_what_is_no_short_id_is_no_subject() -> None:
    await append(entry("x", "C" * 21, "C 1", "", "C1"))
    assert (await AuditEntry.get(number=1)).subjects == "C1"
    assert (await verify(KEY)).fault is None


def test_what_is_about_more_is_about_each_once() -> None:
    assert entry("x", "C1").about("L1", "C1").subjects == ("C1", "L1")
    assert len(entry("x").about(*(f"C{number}" for number in range(50))).subjects) == 20


@given(st.text(), st.text())
def test_seals_of_different_values_differ(one: str, other: str) -> None:
    values = (1, one.encode(errors="replace").decode(), "a")
    moved = (1, other.encode(errors="replace").decode(), "a")
    assert (sealed(KEY, "", values) == sealed(KEY, "", moved)) is (values == moved)
