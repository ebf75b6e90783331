"""The simulated Bot API: messages, keyboards, edits, files and commands."""

import io
import json
from typing import Any

import aiohttp
import pytest

from sandbox import Sandbox
from sandbox.telegram.editing import NOT_MODIFIED
from tests.sandbox.tiny import Api, Clock, TinyServer, inline

MIA = 50001
GROUP = -4001


@pytest.fixture(autouse=True)
async def mia(sandbox: Sandbox) -> None:
    sandbox.telegram.person(MIA, first_name="Mia", username="mia_novak").has_started = True


async def test_the_three_kinds_of_bodies(api: Api, sandbox: Sandbox) -> None:
    url = f"{api.url}/telegram/bot{sandbox.stage.settings.telegram_token}/SENDmessage"
    markup = inline(callback_data="a:1")
    multipart = aiohttp.FormData(default_to_multipart=True)
    for name, value in (("chat_id", str(MIA)), ("text", "hi"), ("reply_markup", json.dumps(markup))):
        multipart.add_field(name, value)
    form = {"chat_id": str(MIA), "text": "hi", "reply_markup": json.dumps(markup)}
    for sent in ({"json": {"chat_id": MIA, "text": "hi", "reply_markup": markup}}, {"data": form}, {"data": multipart}):
        async with api.session.post(url, **sent) as response:
            answer = await response.json()
        assert answer["result"]["reply_markup"] == markup
        assert sandbox.calls[-1].method_or_path == "sendMessage"
        assert sandbox.calls[-1].body["reply_markup"] == markup
    assert len({message["message_id"] for message in sandbox.telegram.messages.values()}) == 3


async def test_html_becomes_entities(api: Api) -> None:
    text = '👋 <b>Bold <i>both</i></b> &lt;a&gt; <a href="https://example.com">link</a>'
    result = (await api.telegram("sendMessage", chat_id=MIA, text=text, parse_mode="HTML"))["result"]
    assert result["text"] == "👋 Bold both <a> link"
    assert [(each["type"], each["offset"], each["length"]) for each in result["entities"]] == [
        ("italic", 8, 4),
        ("bold", 3, 9),
        ("text_link", 17, 4),
    ]


async def test_a_button_is_pressed_answered_once_and_the_message_edited(
    api: Api, sandbox: Sandbox, server: TinyServer, clock: Clock
) -> None:
    sent = (await api.telegram("sendMessage", chat_id=MIA, text="?", reply_markup=inline(callback_data="y")))["result"]
    await sandbox.telegram.press(MIA, sent["message_id"], "y")
    query = json.loads(server.received[0].text)["callback_query"]
    assert (query["data"], query["message"]["text"]) == ("y", "?")
    done = [await api.telegram("answerCallbackQuery", callback_query_id=query["id"], text="ok") for _ in range(2)]
    assert [each["ok"] for each in done] == [True, False]
    await sandbox.telegram.press(MIA, sent["message_id"], "y")
    late = json.loads(server.received[1].text)["callback_query"]["id"]
    clock.move(151)
    assert not (await api.telegram("answerCallbackQuery", callback_query_id=late))["ok"]
    place = {"chat_id": MIA, "message_id": sent["message_id"]}
    edited = (await api.telegram("editMessageText", **place, text="done"))["result"]
    assert "reply_markup" not in edited
    same = await api.telegram("editMessageText", **place, text="done")
    assert same["description"] == f"Bad Request: {NOT_MODIFIED}"
    again = await api.telegram("editMessageReplyMarkup", **place, reply_markup=inline(callback_data="z"))
    assert again["result"]["text"] == "done"
    shown = [each.content for each in sandbox.stage.story.told() if each.by == "company"]
    assert [(each["text"], each["buttons"][0][0]["callback_data"]) for each in shown] == [("done", "z")]


async def test_only_own_messages_are_edited(api: Api, sandbox: Sandbox) -> None:
    await sandbox.telegram.user_says(MIA, "mine", message_id=77)
    answer = await api.telegram("editMessageText", chat_id=MIA, message_id=77, text="x")
    assert answer["description"] == "Bad Request: message can't be edited"


async def test_contact_is_asked_for_in_private_chats_only(api: Api, sandbox: Sandbox) -> None:
    await sandbox.telegram.add_to_group(MIA, GROUP, "Order 1042")
    keyboard = {"keyboard": [[{"text": "phone", "request_contact": True}]]}
    assert (await api.telegram("sendMessage", chat_id=MIA, text="?", reply_markup=keyboard))["ok"]
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="?", reply_markup=keyboard)
    assert answer["description"] == "Bad Request: phone number can be requested in private chats only"


async def test_groups_that_are_left_or_moved(api: Api, sandbox: Sandbox) -> None:
    await sandbox.telegram.add_to_group(MIA, GROUP, "Order 1042")
    await sandbox.telegram.remove_from_group(MIA, GROUP)
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="x")
    assert answer["description"] == "Forbidden: bot was kicked from the group chat"
    await sandbox.telegram.add_to_group(MIA, GROUP, "Order 1042")
    await sandbox.telegram.migrate_group(GROUP, -1002233445566)
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="x")
    assert answer["parameters"] == {"migrate_to_chat_id": -1002233445566}
    assert (await api.telegram("sendMessage", chat_id=-1002233445566, text="x"))["ok"]


async def test_block_and_unblock(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.telegram.block(MIA)
    assert (await api.telegram("sendMessage", chat_id=MIA, text="x"))["error_code"] == 403
    await sandbox.telegram.unblock(MIA)
    assert (await api.telegram("sendMessage", chat_id=MIA, text="x"))["ok"]
    changes = [json.loads(each.text)["my_chat_member"]["new_chat_member"]["status"] for each in server.received]
    assert changes == ["kicked", "member"]


async def test_rates(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.limits_on = True
    answers = [await api.telegram("sendMessage", chat_id=MIA, text="x") for _ in range(4)]
    assert [each["ok"] for each in answers] == [True, True, True, False]
    assert answers[3]["parameters"] == {"retry_after": 1}
    clock.move(3)
    for number in range(30):
        sandbox.telegram.person(60000 + number).has_started = True
        assert (await api.telegram("sendMessage", chat_id=60000 + number, text="x"))["ok"]
    assert (await api.telegram("sendMessage", chat_id=MIA, text="x"))["error_code"] == 429


async def test_twenty_a_minute_in_a_group(api: Api, sandbox: Sandbox, clock: Clock) -> None:
    sandbox.telegram.limits_on = True
    await sandbox.telegram.add_to_group(MIA, GROUP, "Order 1042")
    for _ in range(20):
        assert (await api.telegram("sendMessage", chat_id=GROUP, text="x"))["ok"]
        clock.move(2)
    answer = await api.telegram("sendMessage", chat_id=GROUP, text="x")
    assert answer["parameters"]["retry_after"] == 21


async def test_files_go_up_and_down(api: Api, sandbox: Sandbox, server: TinyServer) -> None:
    token = sandbox.stage.settings.telegram_token
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("chat_id", str(MIA))
    form.add_field("document", "attach://abc")
    form.add_field("abc", io.BytesIO(b"price list"), filename="价目.pdf", content_type="application/pdf")
    async with api.session.post(f"{api.url}/telegram/bot{token}/sendDocument", data=form) as response:
        document = (await response.json())["result"]["document"]
    assert document["file_name"] == "价目.pdf"
    again = await api.telegram("sendDocument", chat_id=MIA, document=document["file_id"])
    assert again["result"]["document"]["file_id"] == document["file_id"]
    path = (await api.telegram("getFile", file_id=document["file_id"]))["result"]["file_path"]
    async with api.session.get(f"{api.url}/telegram/file/bot{token}/{path}") as response:
        assert await response.read() == b"price list"
    for wrong, status in ((f"{token}/none", 404), (f"1:x/{path}", 401)):
        async with api.session.get(f"{api.url}/telegram/file/bot{wrong}") as response:
            assert response.status == status
    await sandbox.telegram.user_sends(MIA, "document", size=21 * 2**20, name="big.zip")
    big = json.loads(server.received[0].text)["message"]["document"]["file_id"]
    assert (await api.telegram("getFile", file_id=big))["description"] == "Bad Request: file is too big"


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("photo", {"caption": "c"}, {"caption": "c"}),
        ("voice", {}, {}),
        ("location", {"latitude": 1.5}, {"location": {"latitude": 1.5, "longitude": 121.4737}}),
        ("own_contact", {}, {"contact": {"phone_number": "+8613800000000", "first_name": "Mia", "user_id": MIA}}),
        ("other_contact", {}, {"contact": {"phone_number": "+8613800000001", "first_name": "Warehouse"}}),
        ("sticker", {"emoji": "👋"}, {"sticker": {"emoji": "👋"}}),
    ],
)
async def test_what_people_send(
    sandbox: Sandbox, server: TinyServer, kind: str, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    await sandbox.telegram.user_sends(MIA, kind, update_id=5, **fields)
    update = json.loads(server.received[0].text)
    assert update["update_id"] == 5
    assert expected.items() <= update["message"].items()


async def test_edited_and_group_messages(sandbox: Sandbox, server: TinyServer) -> None:
    await sandbox.telegram.user_says(MIA, "one", message_id=7)
    await sandbox.telegram.edit(MIA, 7, "two")
    await sandbox.telegram.add_to_group(MIA, GROUP, "Order 1042", "supergroup")
    await sandbox.telegram.group_event(MIA, GROUP, new_chat_title="New")
    _, edited, added, service = (json.loads(each.text) for each in server.received)
    assert (edited["edited_message"]["text"], edited["edited_message"]["message_id"]) == ("two", 7)
    assert added["my_chat_member"]["chat"]["type"] == "supergroup"
    assert (service["message"]["new_chat_title"], service["message"]["chat"]["id"]) == ("New", GROUP)


async def test_commands_by_scope_and_language(api: Api) -> None:
    commands = [{"command": "find", "description": "Find"}]
    scope = {"type": "chat", "chat_id": MIA}
    assert (await api.telegram("setMyCommands", commands=commands, scope=scope, language_code="en"))["ok"]
    assert (await api.telegram("getMyCommands", scope=scope, language_code="en"))["result"] == commands
    assert (await api.telegram("getMyCommands"))["result"] == []
    await api.telegram("deleteMyCommands", scope=scope, language_code="en")
    assert (await api.telegram("getMyCommands", scope=scope, language_code="en"))["result"] == []


async def test_who_am_i(api: Api) -> None:
    me = (await api.telegram("getMe"))["result"]
    assert (me["id"], me["username"], me["is_bot"]) == (10000001, "guanxi_bot", True)
    assert (await api.telegram("getChat", chat_id="@mia_novak"))["result"]["id"] == MIA
