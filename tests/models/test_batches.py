"""Here lives what rows make of batches: who is in which, and rows handed to a statement as a table."""

from datetime import UTC, datetime

import pytest

from domain.messages import Text
from domain.permissions import Role
from models.batches import Batch, Kind, given
from models.pushes import Push
from models.recipients import Recipient
from models.sql import select
from models.staff import Staff

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LI, HAN = Kind("wecom", "task", "lilei", chats=False), Kind("wecom", "task", "hanmeimei", chats=False)


@pytest.fixture
async def push(database: str) -> Push:
    assert database
    staff = await Staff.create(name="韩梅梅", role=Role.MANAGER, created_at=NOW)
    place = {"account": "telegram", "chat": "1", "language": "zh-CN", "labels": [], "accounts": [], "values": {}}
    return await Push.drafted(Text("您好"), staff_id=staff.id, created_at=NOW, state="running", **place)


async def rows(push: Push, kind: Kind, number: int, **told: object) -> list[int]:
    first = await Recipient.all().count()
    about = {"push_id": push.id, "account": kind.account, "way": kind.way, "member": kind.member}
    made = [
        await Recipient.create(**about | {"customer_id": n, "address": f"u{n}"} | told)
        for n in range(first, first + number)
    ]
    return [row.id for row in made]


@pytest.mark.parametrize("rows", [[], [("a", 1)], [("引'号", 2**40), ("", -1)]])
@pytest.mark.usefixtures("database")
async def test_rows_as_a_table(rows: list[tuple[str, int]]) -> None:
    source, values = given(("word",), ("number",), rows, 2)
    found = await select(f"SELECT v.word, v.number FROM {source} WHERE v.number <> $1 ORDER BY v.number", 0, *values)  # noqa: S608
    assert sorted((row["word"], row["number"]) for row in found) == sorted(rows)


async def test_only_who_waits_for_a_batch_is_counted(push: Push) -> None:
    await rows(push, LI, 3)
    await rows(push, HAN, 1)
    await rows(push, LI, 1, state="skipped")
    await rows(push, Kind("telegram", "message", "", chats=False), 2)
    assert await Batch.waiting(push.id, ["wecom", "telegram"]) == {LI: 3, HAN: 1}
    assert await Batch.waiting(push.id, ["telegram"]) == await Batch.waiting(push.id, []) == {}


async def test_those_who_have_waited_longest_come_first(push: Push) -> None:
    mine, theirs = await rows(push, LI, 3), await rows(push, HAN, 2)
    assert await Batch.oldest(push.id, {LI: 2, HAN: 5}) == {LI: mine[:2], HAN: theirs}


async def test_who_waits_no_longer_is_in_no_batch_and_an_empty_one_is_none(push: Push) -> None:
    mine, theirs = await rows(push, LI, 3), await rows(push, HAN, 1)
    await Batch.skip({mine[1]: "opted_out", theirs[0]: "capped"}, NOW)
    filled = await Batch.fill(push.id, [(LI, mine), (HAN, theirs)], NOW)
    assert [(each.kind, each.contacts) for each in filled] == [(LI, ("u0", "u2"))]
    assert [batch.id for batch in await Batch.all()] == [filled[0].id]
    states = {row.id: (row.state, row.reason, row.batch_id) for row in await Recipient.all()}
    assert states[mine[0]] == ("sending", "", filled[0].id)
    assert states[mine[1]] == ("skipped", "opted_out", None)


async def test_parts_of_one_kind_are_batches_of_their_own(push: Push) -> None:
    mine = await rows(push, LI, 4)
    filled = await Batch.fill(push.id, [(LI, mine[:2]), (LI, mine[2:])], NOW)
    assert [each.contacts for each in filled] == [("u0", "u1"), ("u2", "u3")]
    assert await Batch.waiting(push.id, ["wecom"]) == {}
