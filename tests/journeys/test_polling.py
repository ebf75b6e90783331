"""Telegram by polling: what came and how far it reaches are one commit, so a restart loses and doubles nothing."""

from models.cursors import Cursor
from models.customers import Customer
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from sandbox.telegram.bot import Webhook
from tests.journeys.conftest import Build
from tests.journeys.town import Town

MIA = 50001
BOT = "10000001"


async def polled(build: Build, **secrets: str) -> Town:
    town = await build(telegram={"mode": "polling", "poll_seconds": 1}, secrets=secrets, opened=False)
    town.telegram.polling = True
    return town


async def heard(town: Town, count: int) -> list[str]:
    """The customers' words, once there are that many."""

    async def are_there() -> bool:
        return await Message.filter(direction="in").count() >= count

    await town.until(are_there)
    await town.settled()
    return [message.text for message in await Message.filter(direction="in").order_by("id")]


async def test_what_waits_at_telegram_is_fetched_in_its_order_and_confirmed(build: Build) -> None:
    town = await polled(build)
    for number in range(120):  # more than one page
        await town.telegram.user_says(MIA, f"line {number}", update_id=1000 + number)
    await town.open()
    assert await heard(town, 120) == [f"line {number}" for number in range(120)]
    assert (await Cursor.get(account="telegram")).value == f"{BOT}:1120"
    assert await Lead.all().count() == 1

    async def confirmed() -> bool:
        return town.telegram.updates.mailbox.waiting == []

    await town.until(confirmed)


async def test_a_restart_loses_nothing_and_doubles_nothing(build: Build) -> None:
    town = await polled(build)
    await town.open()
    await town.telegram.user_says(MIA, "before", update_id=1)
    await heard(town, 1)
    await town.close()
    await town.telegram.user_says(MIA, "meanwhile", update_id=2)
    await town.open()
    assert await heard(town, 2) == ["before", "meanwhile"]
    assert await InboxEvent.filter(account="telegram").count() == 2


async def test_updates_that_come_once_more_are_known(build: Build) -> None:
    town = await polled(build)
    await town.open()
    await town.telegram.user_says(MIA, "once", update_id=5)
    await heard(town, 1)
    await Cursor.all().delete()  # as from a backup that is older than the inbox
    await town.telegram.user_says(MIA, "once", update_id=5)
    await town.telegram.user_says(MIA, "twice", update_id=6)
    assert await heard(town, 2) == ["once", "twice"]


async def test_a_new_bot_under_the_old_name_is_heard_from_its_first_update(build: Build) -> None:
    old = await polled(build)
    await old.open()
    await old.telegram.user_says(MIA, "to the old bot", update_id=900)
    await heard(old, 1)
    await old.close()
    new = await polled(build, telegram_token="20000002:new-telegram-token-00000000000000000")
    for number, text in ((5, "to the new bot"), (900, "again")):
        await new.telegram.user_says(MIA, text, update_id=number)
    await new.open()
    assert await heard(new, 3) == ["to the old bot", "to the new bot", "again"]
    assert (await Cursor.get(account="telegram")).value == "20000002:901"


async def test_a_webhook_that_is_still_set_is_taken_away(build: Build) -> None:
    town = await polled(build)
    town.telegram.webhook = Webhook(f"{town.url}/callbacks/telegram", "", [])
    town.telegram.polling = False
    await town.open()

    async def is_gone() -> bool:
        return town.telegram.webhook is None

    await town.until(is_gone)
    await town.telegram.user_says(MIA, "hello")
    assert await heard(town, 1) == ["hello"]


async def test_another_program_with_our_token_is_told_of_and_outlived(build: Build) -> None:
    town = await polled(build)
    conflict = {"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates request"}
    town.sandbox.fail("telegram", "getUpdates", status=409, body=conflict)
    await town.open()
    await town.telegram.user_says(MIA, "hello")
    assert await heard(town, 1) == ["hello"]


async def test_a_strange_update_never_stops_the_polling(build: Build) -> None:
    town = await polled(build)
    mailbox = town.telegram.updates.mailbox
    mailbox.put({"update_id": 10, "message": {"message_id": "x", "chat": 7, "date": "yesterday"}})
    mailbox.put({"update_id": 11, "telepathy": []})
    mailbox.put({"update_id": 12, "message": None})
    await town.open()
    await town.telegram.user_says(MIA, "hello", update_id=13)
    assert await heard(town, 1) == ["hello"]
    assert await InboxEvent.filter(account="telegram", state="done").count() == 4
    assert await Customer.all().count() == 1
