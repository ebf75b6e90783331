"""The outbox's rows: one row is settled by one, whoever comes at the same moment."""

import pytest

from domain.messages import Address, OutboundMessage, Text
from models.outbox import OutboxItem, Settlement
from tests.clock import Clock

HELLO = OutboundMessage(Address("official", "openid"), Text("hello"), reply_to="m:1")


@pytest.mark.usefixtures("database")
async def test_of_two_who_want_a_row_at_once_one_has_it(clock: Clock) -> None:
    item = await OutboxItem.enqueue(HELLO, clock())
    sending = Settlement(item.id, "sending", clock(), 0, only_from="waiting")
    passive = Settlement(item.id, "done", clock(), 0, platform_id="passive", only_from="waiting")
    assert await OutboxItem.settle_all([sending, passive]) == [True, False]
    assert (await OutboxItem.get(id=item.id)).state == "sending"
    assert await OutboxItem.settle_all([passive]) == [False]


@pytest.mark.usefixtures("database")
async def test_what_is_settled_stays_settled(clock: Clock) -> None:
    one, other = [await OutboxItem.enqueue(HELLO, clock()) for _ in range(2)]
    done = [Settlement(item.id, "done", clock(), 1, platform_id=f"p{item.id}") for item in (one, other)]
    assert await OutboxItem.settle_all(done) == [True, True]
    assert await OutboxItem.settle_all([Settlement(one.id, "waiting", clock(), 2, "late")]) == [False]
    assert [(item.state, item.platform_id, item.attempts) for item in await OutboxItem.all().order_by("id")] == [
        ("done", f"p{one.id}", 1),
        ("done", f"p{other.id}", 1),
    ]


@pytest.mark.usefixtures("database")
async def test_everything_that_can_go_out_survives_the_table(clock: Clock) -> None:
    item = await OutboxItem.enqueue(HELLO, clock(), message_id=7)
    again = await OutboxItem.get(id=item.id)
    assert again.outgoing == HELLO
    assert (again.key, again.message_id, again.lane) == (item.key, 7, "official:openid")


async def test_reviving_nothing_revives_nothing(database: str, clock: Clock) -> None:
    assert await OutboxItem.revive([], clock()) == 0
