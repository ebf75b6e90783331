import pytest

from channels.telegram import Telegram
from domain.channel import Page, Pollable
from domain.errors import CallFailed
from domain.events import MessageReceived
from domain.messages import Text
from sandbox import Sandbox
from tests.channels.telegram.conftest import BOT, OpenBot


@pytest.fixture
def polled(open_bot: OpenBot, sandbox: Sandbox) -> Telegram:
    sandbox.telegram.polling = True
    return open_bot(mode="polling", webhook_secret="", poll_seconds=0)


def test_only_a_bot_in_polling_mode_polls(bot: Telegram, polled: Telegram) -> None:
    assert isinstance(polled, Pollable)
    assert polled.polls
    assert not bot.polls


async def test_a_page_holds_what_is_new_and_where_to_go_on(polled: Telegram, sandbox: Sandbox) -> None:
    for number in (70, 71, 72):
        await sandbox.telegram.user_says(50001, f"message {number}", update_id=number)
    page = await polled.pull("")
    assert [event.key for event in page.events] == [f"u:{BOT}:{number}" for number in (70, 71, 72)]
    assert {event.lane for event in page.events} == {"telegram:50001"}
    assert page.cursor == f"{BOT}:73"
    event = await polled.read(page.events[2])
    assert isinstance(event, MessageReceived)
    assert event.content == Text("message 72")
    assert await polled.pull(page.cursor) == Page((), f"{BOT}:73")


async def test_until_the_page_is_stored_it_comes_again(polled: Telegram, sandbox: Sandbox) -> None:
    await sandbox.telegram.user_says(50001, "hi", update_id=70)
    assert await polled.pull(f"{BOT}:70") == await polled.pull(f"{BOT}:70")
    assert (await polled.pull("")).cursor == f"{BOT}:71"


@pytest.mark.parametrize("cursor", [f"{BOT + 1}:70", f"{BOT}0:70", "70", f"{BOT}", f"{BOT}:"])
async def test_the_cursor_of_another_bot_is_begun_anew(polled: Telegram, sandbox: Sandbox, cursor: str) -> None:
    assert await polled.pull(cursor) == Page((), cursor)
    assert "offset" not in sandbox.calls[-1].body
    await sandbox.telegram.user_says(50001, "hi", update_id=7)
    page = await polled.pull(cursor)
    assert [event.key for event in page.events] == [f"u:{BOT}:7"]
    assert page.cursor == f"{BOT}:8"


async def test_what_people_do_is_understood_in_its_order(polled: Telegram, sandbox: Sandbox) -> None:
    people = sandbox.telegram
    await people.start(50001, "expo")
    await people.user_says(50001, "hi", message_id=8)
    await people.edit(50001, 8, "hello")
    for kind in ("photo", "document", "voice", "location", "own_contact", "other_contact", "sticker"):
        await people.user_sends(50001, kind)
    await people.press(50001, 9, "看 C1")
    await people.block(50001)
    await people.unblock(50001)
    page = await polled.pull("")
    events = [await polled.read(raw) for raw in page.events]
    words = [type(event.content).__name__ for event in events if isinstance(event, MessageReceived)]
    assert [type(event).__name__ for event in events if not isinstance(event, MessageReceived)] == [
        "ContactAdded",
        "MessageEdited",
        "ButtonPressed",
        "ContactRemoved",
        "ContactReturned",
    ]
    assert words == ["Text", "Image", "File", "Voice", "Location", "SharedContact", "SharedContact", "Other"]
    assert {raw.lane for raw in page.events} == {"telegram:50001"}


async def test_what_is_asked_for(polled: Telegram, sandbox: Sandbox) -> None:
    await polled.pull(f"{BOT}:70")
    body = sandbox.calls[-1].body
    assert (body["offset"], body["timeout"]) == (70, 0)
    assert "chat_member" in body["allowed_updates"]


@pytest.mark.parametrize("odd", ["text", None, {}, {"update_id": "70"}, {"update_id": True}])
async def test_an_odd_update_does_not_hold_the_others(polled: Telegram, sandbox: Sandbox, odd: object) -> None:
    body = {"ok": True, "result": [odd, {"update_id": 71, "telepathy": {}}]}
    sandbox.fail("telegram", "getUpdates", body=body)
    page = await polled.pull(f"{BOT}:70")
    assert [event.key for event in page.events] == [f"u:{BOT}:71"]
    assert page.cursor == f"{BOT}:72"


@pytest.mark.parametrize("result", [["odd"], "odd", None, {"update_id": 1}])
async def test_a_page_without_any_update_is_a_failure(polled: Telegram, sandbox: Sandbox, result: object) -> None:
    sandbox.fail("telegram", "getUpdates", body={"ok": True, "result": result})
    with pytest.raises(CallFailed, match="getUpdates"):
        await polled.pull(f"{BOT}:70")


async def test_a_webhook_in_the_way_is_told(polled: Telegram, bot: Telegram) -> None:
    await bot.start()
    with pytest.raises(CallFailed, match="409: a webhook is set"):
        await polled.pull("")
    await polled.start()
    assert await polled.pull("") == Page((), "")


async def test_another_poller_is_told(polled: Telegram, sandbox: Sandbox) -> None:
    words = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    sandbox.fail("telegram", "getUpdates", status=409, body={"ok": False, "error_code": 409, "description": words})
    with pytest.raises(CallFailed, match="409: another program"):
        await polled.pull("")


async def test_a_bad_token_is_told(open_bot: OpenBot) -> None:
    with pytest.raises(CallFailed, match="401 Unauthorized"):
        await open_bot(mode="polling", token="1:wrong").pull("")


async def test_a_gateway_page_is_a_failure(polled: Telegram, sandbox: Sandbox) -> None:
    sandbox.fail("telegram", "getUpdates", status=502, body="<html>")
    with pytest.raises(CallFailed, match="502"):
        await polled.pull("")
