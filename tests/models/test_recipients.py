"""The ledger of pushes: counted from its rows, taken back, withdrawn, followed where customers are joined."""

from datetime import timedelta
from typing import Any

import pytest

from domain.messages import Address, OutboundMessage, Priority, Text
from domain.outgoing import GroupPush
from models import recipient_feed
from models.batches import Batch
from models.customers import Customer, Identity
from models.outbox import OutboxItem, Promised
from models.recipients import Recipient
from tests.clock import Clock
from tests.pushing import drafted, ledger, people, states


async def feed(rows: list[Recipient], clock: Clock) -> None:
    """Their messages are in the outbox."""
    promised = [
        Promised(
            OutboundMessage(Address(row.account, row.address), Text("Hi"), Priority.PUSH),
            f"{row.account}:push{row.push_id}:0",
            clock(),
            row.id,
            clock() + timedelta(minutes=10),
        )
        for row in rows
    ]
    await recipient_feed.promised(await OutboxItem.enqueue_all(promised, clock()))


async def test_numbers_are_counted_by_state_and_reason(database: str, clock: Clock) -> None:
    push, other = await drafted(clock()), await drafted(clock())
    first, second, third, _ = await ledger(push, await people(4, clock()))
    await ledger(other, [await Identity.get(id=first.identity_id)])
    await Recipient.filter(id__in=[first.id, second.id]).update(state="failed", reason="blocked")
    await Recipient.filter(id=third.id).update(state="failed", reason="too_long")
    assert await Recipient.counts(push.id) == {
        ("failed", "blocked"): 2,
        ("failed", "too_long"): 1,
        ("waiting", ""): 1,
    }


async def test_what_is_taken_back_waits_again_and_what_is_in_flight_goes_on(database: str, clock: Clock) -> None:
    push, other = await drafted(clock()), await drafted(clock())
    rows = await ledger(push, await people(4, clock()))
    others = await ledger(other, await people(1, clock(), first=9))
    await feed([*rows[:3], *others], clock)
    flying = await Recipient.get(id=rows[1].id)
    await OutboxItem.filter(id=flying.outbox_id).update(state="sending")
    assert await Recipient.take_back(push.id) == 2
    assert await states(push) == ["waiting", "sending", "waiting", "waiting"]
    assert await states(other) == ["sending"]
    left = await OutboxItem.all().order_by("id").values_list("recipient_id", flat=True)
    assert left == [rows[1].id, others[0].id]
    assert (await Recipient.get(id=rows[0].id)).outbox_id is None
    assert await Recipient.take_back(push.id) == 0


async def test_a_batch_that_is_not_begun_is_undone(database: str, clock: Clock) -> None:
    push = await drafted(clock())
    rows = await ledger(push, await people(3, clock(), "wecom"), way="task", member="lilei")
    made: list[Batch] = []
    for state in ("waiting", "sending"):
        batch = await Batch.create(push=push, account="wecom", way="task", created_at=clock())
        outgoing = GroupPush(Address("wecom", f"push:{push.id}:{batch.id}"), batch.id, ("a",), Text("Hi"))
        item = await OutboxItem.enqueue(outgoing, clock())
        await OutboxItem.filter(id=item.id).update(state=state)
        made.append(batch)
    await Recipient.filter(id__in=[row.id for row in rows[:2]]).update(state="sending", batch_id=made[0].id)
    await Recipient.filter(id=rows[2].id).update(state="sending", batch_id=made[1].id)
    assert await Recipient.take_back(push.id) == 2
    assert await states(push) == ["waiting", "waiting", "sending"]
    assert (await Recipient.get(id=rows[0].id)).batch_id is None
    assert await Batch.all().values_list("id", flat=True) == [made[1].id]


@pytest.mark.parametrize("begun", [{"error": "interrupted"}, {"error": "CallFailed", "attempts": 1}])
async def test_a_batch_that_may_have_been_carried_out_is_not_made_anew(
    database: str, clock: Clock, begun: dict[str, Any]
) -> None:
    """Repeated as what it is it harms nobody; as another one everybody would get it twice."""
    push = await drafted(clock())
    (row,) = await ledger(push, await people(1, clock(), "official"), way="mass")
    batch = await Batch.create(push=push, account="official", way="mass", created_at=clock())
    await Recipient.filter(id=row.id).update(state="sending", batch_id=batch.id)
    outgoing = GroupPush(Address("official", f"push:{push.id}:{batch.id}"), batch.id, ("a",), Text("Hi"))
    item = await OutboxItem.enqueue(outgoing, clock())
    await OutboxItem.filter(id=item.id).update(**begun)
    assert await Recipient.take_back(push.id) == 0
    assert await states(push) == ["sending"]
    assert await OutboxItem.exists(id=item.id)
    assert await Batch.exists(id=batch.id)


async def test_those_who_wait_are_skipped(database: str, clock: Clock) -> None:
    push = await drafted(clock())
    rows = await ledger(push, await people(3, clock()))
    await feed(rows[:1], clock)
    assert await Recipient.skip_waiting(push.id, "cancelled") == 2
    assert await states(push) == ["sending", "skipped(cancelled)", "skipped(cancelled)"]


async def test_who_wants_no_more_is_withdrawn_from_every_push(database: str, clock: Clock) -> None:
    """Also where the customer was joined with another meanwhile; what is in flight is in flight."""
    identities = await people(2, clock())
    pushes = [await drafted(clock()) for _ in range(4)]
    rows = [await ledger(push, identities) for push in pushes]
    await feed([row for pair in rows[1:3] for row in pair], clock)
    await OutboxItem.filter(recipient_id=rows[2][0].id).update(state="sending")
    await Recipient.filter(id=rows[3][0].id).update(state="sent")
    await Customer.filter(id=identities[0].customer_id).update(merged_into_id=identities[1].customer_id)
    await Identity.filter(id=identities[0].id).update(customer_id=identities[1].customer_id)
    assert await Recipient.withdraw(identities[0].id, "opted_out") == 2
    found = [await states(push) for push in pushes]
    assert [each[0] for each in found] == ["skipped(opted_out)", "skipped(opted_out)", "sending", "sent"]
    assert [each[1] for each in found] == ["waiting", "sending", "sending", "waiting"]
    assert await OutboxItem.filter(recipient_id=rows[1][0].id).count() == 0
    assert await Recipient.withdraw(999, "opted_out") == 0


async def test_a_joined_customer_gets_it_once(database: str, clock: Clock) -> None:
    """Two accounts of one person: the second row is a double; one whose other row was skipped is not."""
    push = await drafted(clock())
    identities = await people(4, clock())
    kept = identities[3].customer_id
    first, second, skipped, _ = await ledger(push, identities)
    await Recipient.filter(customer_id=kept).delete()
    await Identity.filter(id__in=[identities[0].id, identities[1].id]).update(customer_id=kept)
    waiting = {row.id: row for row in await recipient_feed.waiting(push.id, "telegram", 10)}
    assert not await recipient_feed.is_double(push.id, waiting[first.id])
    assert (await Recipient.get(id=first.id)).customer_id == kept
    assert await recipient_feed.is_double(push.id, waiting[second.id])
    assert not await recipient_feed.is_double(push.id, waiting[skipped.id])

    await Recipient.filter(id=first.id).update(state="skipped")
    assert not await recipient_feed.is_double(push.id, waiting[second.id])
    assert waiting[second.id].name == "客户4"


async def test_of_three_who_are_one_person_one_gets_it(database: str, clock: Clock) -> None:
    """Also where the row of whom the others were joined with is left out: it stands for nobody."""
    push = await drafted(clock())
    identities = await people(3, clock())
    rows = await ledger(push, identities)
    await Recipient.filter(id=rows[0].id).update(state="skipped", reason="blocked")
    kept = identities[0].customer_id
    await Identity.filter(id__in=[each.id for each in identities[1:]]).update(customer_id=kept)
    await Customer.filter(id__in=[each.customer_id for each in identities[1:]]).update(merged_into_id=kept)
    waiting = await recipient_feed.waiting(push.id, "telegram", 10)
    assert [row.id for row in waiting] == [rows[1].id, rows[2].id]
    assert await recipient_feed.doubles(push.id, waiting) == {rows[2].id}


async def test_accounts_are_found_with_somebody_who_waits(database: str, clock: Clock) -> None:
    push = await drafted(clock())
    assert await recipient_feed.accounts(push.id) == []
    for account, first in (("telegram", 1), ("official", 5), ("wecom", 9)):
        await ledger(push, await people(2, clock(), account, first))
    await Recipient.filter(account="wecom").update(state="sent")
    assert await recipient_feed.accounts(push.id) == ["official", "telegram"]
