"""Telegram by webhook: strangers start, write, edit, share, block and come back; groups hear nothing from us."""

import asyncio

from domain.permissions import Role
from models.customers import Customer, Identity
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from tests.journeys.conftest import Build
from tests.journeys.town import ADMIN, Town

MIA = 50001
GROUP = -100200300
HEADER = "X-Telegram-Bot-Api-Secret-Token"


async def telegram_events() -> list[str]:
    return [event.state for event in await InboxEvent.filter(account="telegram").order_by("id")]


async def test_a_callback_without_the_secret_is_a_strangers(town: Town) -> None:
    update = {"update_id": 1, "message": {}}
    url = f"{town.url}/callbacks/telegram"
    for headers in ({}, {HEADER: ""}, {HEADER: "wrong"}, {HEADER: "sandbox-webhook-secre"}, {HEADER: "密"}):
        assert (await town.http.post(url, json=update, headers=headers)).status == 403
    assert await telegram_events() == []
    right = {HEADER: town.sandbox.stage.settings.webhook_secret}
    assert (await town.http.post(url, json=update, headers=right)).status == 200
    assert (await town.http.get(url, headers=right)).status == 400
    await town.settled()
    assert await telegram_events() == ["done"]


async def test_the_webhook_is_set_once_and_not_again_at_the_next_start(town: Town) -> None:
    async def is_set() -> bool:
        return town.telegram.webhook is not None

    await town.until(is_set)
    assert town.telegram.webhook is not None
    assert town.telegram.webhook.url == f"{town.url}/callbacks/telegram"
    assert {"message", "edited_message", "callback_query", "my_chat_member"} <= set(
        town.telegram.webhook.allowed_updates
    )
    asked = len(town.calls("telegram", "getWebhookInfo"))
    await town.restart()

    async def asked_again() -> bool:
        return len(town.calls("telegram", "getWebhookInfo")) > asked

    await town.until(asked_again)
    await town.staff_says("我是谁")
    assert len(town.calls("telegram", "setWebhook")) == 1


async def test_a_webhook_that_somebody_changed_is_set_again_at_the_next_start(town: Town) -> None:
    async def is_ours() -> bool:
        return town.telegram.webhook is not None and town.telegram.webhook.url.startswith(town.url)

    await town.until(is_ours)
    assert town.telegram.webhook is not None
    town.telegram.webhook.url = "https://elsewhere.example/hook"
    await town.restart()
    await town.until(is_ours)
    assert len(town.calls("telegram", "setWebhook")) == 2


async def test_a_platform_that_is_away_at_the_start_is_told_later(town: Town) -> None:
    async def is_ours() -> bool:
        return town.telegram.webhook is not None and town.telegram.webhook.url.startswith(town.url)

    await town.until(is_ours)
    assert town.telegram.webhook is not None
    town.telegram.webhook.url = "https://elsewhere.example/hook"
    town.sandbox.fail("telegram", "getWebhookInfo", hang_up=True)
    await town.restart()
    await town.until(is_ours)


async def test_a_link_brings_its_source_and_a_welcome(town: Town) -> None:
    await town.telegram.start(MIA, "expo_2026", first_name="Mia", last_name="Novak", username="mia_novak")
    await town.settled()
    identity = await Identity.get().select_related("customer")
    assert (identity.source, identity.name, identity.username) == ("expo_2026", "Mia Novak", "mia_novak")
    assert identity.customer.name == "Mia Novak"
    assert len(town.telegram_texts(MIA)) == 1
    assert (await Message.get()).direction == "out"
    assert (await OutboxItem.get(lane=f"telegram:{MIA}")).platform_id != ""


async def test_a_name_of_the_greatest_length_loses_nobody(town: Town) -> None:
    await town.telegram.user_says(MIA, "hello", first_name="M" * 64, last_name="N" * 64)
    await town.telegram.user_says(MIA, "are you there?", first_name="M" * 64, last_name="N" * 64)
    await town.settled()
    assert (await Customer.get()).name == "M" * 64 + " " + "N" * 63
    assert await telegram_events() == ["done", "done"]


async def test_who_takes_another_name_is_found_by_it(town: Town) -> None:
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.telegram.user_says(MIA, "I married", first_name="Mia", last_name="Horvat")
    await town.settled()
    assert (await Customer.get()).name == "Mia Horvat"
    assert "C1" in await town.staff_says("查 horvat")


async def test_twenty_messages_at_once_of_one_stranger_are_one_lead_in_their_order(town: Town) -> None:
    says = [town.telegram.user_says(MIA, f"line {n}", update_id=1000 + n, message_id=n + 1) for n in range(20)]
    assert {answer.status for answer in await asyncio.gather(*says)} == {200}
    await town.settled()
    assert await Customer.all().count() == await Lead.all().count() == 1
    stored = [event.payload for event in await InboxEvent.filter(account="telegram").order_by("id")]
    heard = [message.text for message in await Message.filter(direction="in").order_by("id")]
    assert len(heard) == 20
    assert all(f'"{text}"' in payload for text, payload in zip(heard, stored, strict=True))


async def test_the_same_update_twenty_times_is_one(town: Town) -> None:
    says = [town.telegram.user_says(MIA, "hello", update_id=77, message_id=7) for _ in range(20)]
    assert {answer.status for answer in await asyncio.gather(*says)} == {200}
    await town.settled()
    assert await telegram_events() == ["done"]
    assert await Message.filter(direction="in").count() == 1
    assert len(town.telegram_texts(MIA)) == 1


async def test_the_own_number_is_kept_and_somebody_elses_is_not(town: Town) -> None:
    await town.telegram.user_sends(MIA, "other_contact", first_name="Mia")
    await town.settled()
    assert (await Customer.get()).phone == ""
    await town.telegram.user_sends(MIA, "own_contact")
    await town.settled()
    assert (await Customer.get()).phone.endswith("13800000000")
    assert "C1" in await town.staff_says("查 0000")


async def test_an_edit_changes_the_line_and_says_so(town: Town) -> None:
    await town.telegram.user_says(MIA, "I need 10 boxes", first_name="Mia", message_id=5)
    await town.settled()
    await town.telegram.edit(MIA, 5, "I need 100 boxes")
    await town.settled()
    message = await Message.get(direction="in")
    assert (message.text, message.edited_at is not None) == ("I need 100 boxes", True)
    assert "100 boxes（改过）" in await town.staff_says("聊天 C1")


async def test_every_kind_of_message_is_a_line_of_the_conversation(town: Town) -> None:
    kinds = ("photo", "document", "voice", "location", "own_contact")
    for kind in kinds:
        await town.telegram.user_sends(MIA, kind, first_name="Mia")
    await town.telegram.user_sends(MIA, "sticker", emoji="👍", file_id="s", file_unique_id="u", type="regular",
                                   width=1, height=1, is_animated=False, is_video=False)  # fmt: skip
    await town.settled()
    assert await Message.filter(direction="in").count() == 6
    told = await town.staff_says("聊天 C1 20") + await town.staff_says("更多")
    for shown in ("[图片]", "[文件] file.pdf", "[语音]", "[位置]", "[名片]", "[表情] 👍"):
        assert shown in told


async def test_who_blocks_us_cannot_be_written_to_until_they_come_back(town: Town) -> None:
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    town.clock.forward(seconds=5)
    await town.telegram.block(MIA)
    await town.settled()
    assert (await Identity.get()).state == "blocked"
    assert "已屏蔽" in await town.staff_says("回复 C1 hi")
    said = len(town.telegram_texts(MIA))
    town.clock.forward(seconds=5)
    await town.telegram.unblock(MIA)
    await town.settled()
    assert (await Identity.get()).state == "reachable"
    await town.staff_says("回复 C1 welcome back")
    assert town.telegram_texts(MIA)[said:] == ["welcome back"]


async def test_who_unblocks_us_and_was_never_seen_is_a_lead(town: Town) -> None:
    await town.telegram.unblock(MIA)
    await town.settled()
    assert await Lead.all().count() == 1
    assert "C1" in (town.wecom_texts() + town.telegram_texts())[-1]


async def test_groups_are_heard_in_silence(town: Town) -> None:
    await town.telegram.add_to_group(MIA, GROUP, "Dealers")
    await town.telegram.user_says(MIA, "@guanxi_bot what does it cost?", chat_id=GROUP)
    await town.telegram.user_says(int(ADMIN), "/whoami@guanxi_bot", chat_id=GROUP)
    await town.telegram.group_event(MIA, GROUP, new_chat_title="Dealers 2")
    await town.telegram.migrate_group(GROUP, GROUP - 1)
    await town.settled()
    assert set(await telegram_events()) == {"done"}
    assert await Customer.all().count() == 0
    assert town.calls("telegram", "sendMessage") == []


async def test_a_customer_who_types_a_command_is_a_customer_who_writes(town: Town) -> None:
    for text in ("/push to=#hot hello", "群发 人群=#高意向 你好", "查 张三", "绑定", "bind me please"):
        await town.telegram.user_says(MIA, text, first_name="Mia")
    await town.settled()
    heard = [message.text for message in await Message.filter(direction="in").order_by("id")]
    assert heard == ["/push to=#hot hello", "群发 人群=#高意向 你好", "查 张三", "绑定", "bind me please"]
    assert len(town.telegram_texts(MIA)) == 1  # the welcome, and no word about commands


async def test_a_button_that_is_pressed_does_what_its_words_do(town: Town) -> None:
    await town.telegram.press(int(ADMIN), 1, "我是谁")
    await town.settled()
    assert "管理员" in town.telegram_texts()[-1]
    assert len(town.calls("telegram", "answerCallbackQuery")) == 1
    await town.telegram.press(MIA, 1, "我是谁")
    await town.settled()
    assert town.telegram_texts(MIA) == []
    assert len(town.calls("telegram", "answerCallbackQuery")) == 2


async def test_what_aiogram_refuses_and_what_nobody_knows_holds_nothing_up(town: Town) -> None:
    strange = [
        {"update_id": 1, "message": {"message_id": "x", "date": "yesterday", "chat": 7}},
        {"update_id": 2, "telepathy": {"from": {"id": MIA}}},
        {"update_id": 3, "message": {"message_id": 1, "date": 10**18, "chat": {"id": MIA, "type": "private"}}},
        {"update_id": 4},
    ]
    for update in strange:
        answer = await town.http.post(
            f"{town.url}/callbacks/telegram",
            json=update,
            headers={HEADER: town.sandbox.stage.settings.webhook_secret},
        )
        assert answer.status == 200
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    assert await telegram_events() == ["done"] * 5
    assert await Customer.all().count() == 1


async def test_an_owner_elsewhere_hears_it_where_they_last_spoke(build: Build) -> None:
    town = await build(staff=[])
    li = await town.hire("李雷", Role.MANAGER, wecom="lilei", telegram="20001")
    town.clock.forward(minutes=2)
    await town.staff_says("我是谁", "20001")
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    assert "hello" in town.telegram_texts("20001")[-1]
    assert town.wecom_texts("lilei") == []
    assert li.active
