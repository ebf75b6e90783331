"""What cannot be handled: tried again with growing waits, buried, told of; its lane goes on, others never stop."""

from datetime import timedelta

from domain.delivery import TRIES, next_try
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from tests.journeys.town import Town

MIA = 50001
BEN = 50002


async def poisoned(town: Town) -> InboxEvent:
    """A message of a customer whose lead has vanished by somebody's hand in the database."""
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    await Lead.all().delete()
    await town.telegram.user_says(MIA, "cannot be handled", first_name="Mia")
    await town.settled()
    return await InboxEvent.get(payload__contains="cannot be handled")


async def tried_until_dead(town: Town, event: InboxEvent) -> timedelta:
    """Let time pass as far as each next attempt; returns how much that was."""
    passed = timedelta()
    while event.state == "waiting":
        wait, left = next_try(event.attempts), event.due_at - town.clock()
        assert wait is not None
        assert left <= wait
        town.clock.forward(seconds=wait.total_seconds())
        passed += wait
        await town.settled()
        await event.refresh_from_db()
    return passed


async def buried(town: Town) -> InboxEvent:
    event = await poisoned(town)
    await tried_until_dead(town, event)
    return event


async def test_it_is_tried_eight_times_and_buried_and_the_administrators_are_told(town: Town) -> None:
    event = await poisoned(town)
    passed = await tried_until_dead(town, event)
    assert (event.state, event.error != "", event.attempts) == ("dead", True, TRIES - 1)
    assert passed <= sum((next_try(attempt) or timedelta() for attempt in range(1, TRIES)), timedelta())
    assert passed > timedelta(minutes=3)
    assert "试了很多次都没处理成" in town.telegram_texts()[-1]
    assert str(event.id) in town.telegram_texts()[-1]


async def test_while_it_waits_its_lane_waits_and_all_others_go_on(town: Town) -> None:
    await poisoned(town)
    await town.telegram.user_says(MIA, "what follows", first_name="Mia")
    await town.telegram.user_says(BEN, "I am another", first_name="Ben")
    await town.settled()
    assert await InboxEvent.filter(account="telegram", state="waiting").count() == 2
    assert [message.text for message in await Message.filter(direction="in").order_by("id")] == [
        "hello",
        "I am another",
    ]


async def test_its_lane_goes_on_after_the_burial(town: Town) -> None:
    event = await buried(town)
    await Lead.create(customer_id=1, created_at=town.clock())
    await town.telegram.user_says(MIA, "what follows", first_name="Mia")
    await town.settled()
    assert [message.text for message in await Message.filter(direction="in").order_by("id")] == [
        "hello",
        "what follows",
    ]
    await event.refresh_from_db()
    assert event.state == "dead"


async def test_what_a_person_revives_is_handled_once_and_buried_anew_if_it_must_be(town: Town) -> None:
    event = await buried(town)
    told = len(town.telegram_texts())
    await InboxEvent.revive([event.id], town.clock())
    await town.settled()
    await event.refresh_from_db()
    await tried_until_dead(town, event)
    assert len(town.telegram_texts()) == told + 1
    await Lead.create(customer_id=1, created_at=town.clock())
    assert await InboxEvent.revive([event.id], town.clock()) == 1
    await town.settled()
    assert [message.text for message in await Message.filter(direction="in").order_by("id")] == [
        "hello",
        "cannot be handled",
    ]


async def test_nothing_of_a_failed_attempt_is_kept(town: Town) -> None:
    await poisoned(town)
    assert await Message.filter(direction="in").count() == 1
    assert len(town.telegram_texts(MIA)) == 1  # the welcome
