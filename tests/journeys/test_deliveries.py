"""What we say: once, or honestly not; told to whoever said it; waiting when the platform says so, in order."""

from collections.abc import Awaitable, Callable

import pytest

from domain.messages import Address, Button, Card, OutboundMessage, Text
from models.customers import Identity
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from tests.journeys.conftest import Build
from tests.journeys.town import ADMIN, BOSS, Town

CHEN = "oSandboxCustomer00000000001"
MIA = 50001


@pytest.fixture
async def mia(build: Build) -> Town:
    """A town with one Telegram customer, who has been welcomed, and an administrator who is in WeCom only."""
    town = await build(staff=[{"name": "管理员", "role": "admin", "accounts": {"wecom": BOSS}}])
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    return town


async def last_to_mia() -> OutboxItem:
    return await OutboxItem.filter(lane=f"telegram:{MIA}").order_by("-id").first() or pytest.fail("nothing was said")


async def test_an_answer_that_was_lost_leaves_a_doubt_that_is_told_and_not_sent_again(mia: Town) -> None:
    mia.sandbox.fail("telegram", "sendMessage", hang_up=True, after_effect=True)
    told = await mia.member_says("回复 C1 we deliver on Monday")
    assert "正在发给 C1 Mia" in told
    assert "结果不明" in mia.wecom_texts()[-1]
    assert "we deliver on Monday" in mia.wecom_texts()[-1]
    item = await last_to_mia()
    assert (item.state, item.error) == ("unsure", "no_answer")
    mia.clock.forward(hours=2)
    await mia.settled()
    seen = [entry for entry in mia.sandbox.stage.story.told() if entry.content.get("text") == "we deliver on Monday"]
    assert len(seen) == 1
    assert "结果不明" in await mia.member_says("聊天 C1")


async def test_a_doubt_that_a_person_clears_is_sent_once_more_and_a_new_doubt_is_told_anew(mia: Town) -> None:
    mia.sandbox.fail("telegram", "sendMessage", times=2, hang_up=True)
    await mia.member_says("回复 C1 we deliver on Monday")
    item = await last_to_mia()
    doubts = sum("结果不明" in text for text in mia.wecom_texts())
    for expected in (doubts + 1, doubts + 1):
        mia.clock.forward(minutes=1)
        await OutboxItem.revive([item.id], mia.clock())
        await mia.settled()
        assert sum("结果不明" in text for text in mia.wecom_texts()) == expected
    assert mia.telegram_texts(MIA)[-1] == "we deliver on Monday"
    assert (await last_to_mia()).state == "done"


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_error_of_the_platform_itself_leaves_a_doubt(mia: Town, status: int) -> None:
    mia.sandbox.fail("telegram", "sendMessage", status=status, body="<html>bad gateway</html>")
    await mia.member_says("回复 C1 we deliver on Monday")
    assert (await last_to_mia()).state == "unsure"
    assert "结果不明" in mia.wecom_texts()[-1]


async def test_a_card_that_can_be_repeated_is_repeated_and_arrives_once(mia: Town) -> None:
    mia.sandbox.fail("wecom", "message/send", hang_up=True, after_effect=True)
    card = Card("线索 L1", "Mia", (Button("看", "看 C1"),))
    item = await OutboxItem.enqueue(OutboundMessage(Address("wecom", BOSS), card), mia.clock())
    await mia.settled()
    assert (await OutboxItem.get(id=item.id)).state == "waiting"
    mia.clock.forward(seconds=10)
    await mia.settled()
    assert (await OutboxItem.get(id=item.id)).state == "done"
    told = mia.sandbox.stage.story.told()
    shown = [entry for entry in told if entry.content.get("title") == "线索 L1"]
    assert len(shown) == 1


async def test_a_connection_that_was_never_made_is_made_later(mia: Town) -> None:
    mia.wechat.revoke_token()
    mia.sandbox.fail("wechat", "stable_token", hang_up=True)
    await mia.wechat.user_says(CHEN, "你好")
    await mia.settled()
    await mia.member_says("回复 C2 您好")
    assert mia.wechat_texts(CHEN) == []
    mia.clock.forward(seconds=10)
    await mia.settled()
    assert mia.wechat_texts(CHEN) == ["您好"]


async def test_who_has_blocked_us_is_marked_and_the_author_is_told(mia: Town) -> None:
    mia.telegram.person(MIA).has_blocked = True  # and no update has told us
    await mia.member_says("回复 C1 hello again")
    assert "屏蔽" in mia.wecom_texts()[-1]
    assert "hello again" in mia.wecom_texts()[-1]
    assert (await last_to_mia()).state == "dead"
    assert (await Identity.get()).state == "blocked"
    mia.clock.forward(seconds=2)
    await mia.telegram.unblock(MIA)
    await mia.settled()
    assert (await Identity.get()).state == "reachable"


async def test_being_told_to_wait_delays_and_doubles_nothing_and_keeps_the_order(mia: Town) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 30}}
    mia.sandbox.fail("telegram", "sendMessage", status=429, body=body)
    said = len(mia.telegram_texts(MIA))
    for text in ("one", "two", "three"):
        await mia.member_says(f"回复 C1 {text}")
    assert mia.telegram_texts(MIA)[said:] == []
    mia.clock.forward(seconds=31)
    await mia.settled()
    assert mia.telegram_texts(MIA)[said:] == ["one", "two", "three"]
    assert await OutboxItem.filter(state__not="done").count() == 0


async def test_one_chat_that_waits_holds_up_no_other(mia: Town) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 30}}
    await mia.telegram.user_says(MIA + 1, "hi", first_name="Ben")
    await mia.settled()
    mia.sandbox.fail("telegram", "sendMessage", status=429, body=body)
    await mia.member_says("回复 C1 one")
    await mia.member_says("回复 C2 two")
    assert mia.telegram_texts(MIA + 1)[-1] == "two"


async def test_what_the_platform_puts_off_for_a_whole_day_is_given_up_and_told(mia: Town) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 90_000}}
    mia.sandbox.fail("telegram", "sendMessage", status=429, body=body)
    await mia.member_says("回复 C1 one")
    assert (await last_to_mia()).state == "dead"
    assert "发得太快" in mia.wecom_texts()[-1]


async def test_a_push_that_waits_lets_a_reply_to_the_same_person_pass(mia: Town) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 30}}
    mia.sandbox.fail("telegram", "sendMessage", status=429, body=body)
    await mia.member_says("回复 C1 one")
    assert "one" in await mia.member_says("聊天 C1")
    assert "发送中" in mia.wecom_texts()[-1]
    mia.clock.forward(seconds=31)
    await mia.settled()
    assert "已发送" in await mia.member_says("聊天 C1")


async def test_a_channel_that_was_taken_out_of_the_settings_says_so(mia: Town) -> None:
    item = await OutboxItem.enqueue(OutboundMessage(Address("closed", "1"), Text("hello")), mia.clock())
    await mia.settled()
    item = await OutboxItem.get(id=item.id)
    assert (item.state, item.error) == ("dead", "no_such_channel")
    assert await InboxEvent.filter(account="guanxi", state__not="done").count() == 0
    assert await Lead.all().count() == 1
    assert await Message.filter(direction="in").count() == 1


async def chen_writes(town: Town) -> None:
    await town.wechat.user_says(CHEN, "你好")
    await town.settled()


async def test_a_long_reply_arrives_in_parts_and_in_order(mia: Town) -> None:
    await chen_writes(mia)
    await mia.member_says("回复 C2 " + "价" * 675)
    await mia.member_says("回复 C2 " + "格" * 682 + "\n好")
    assert mia.wechat_texts(CHEN)[-3:] == ["价" * 675, "格" * 682, "好"]


async def test_a_part_that_did_not_arrive_is_told_to_its_author(mia: Town) -> None:
    await chen_writes(mia)
    mia.sandbox.fail("wechat", "message/custom/send", delay=0.0)
    mia.sandbox.fail("wechat", "message/custom/send", body={"errcode": 45047, "errmsg": "out of response count limit"})
    await mia.member_says("回复 C2 " + "价" * 400 + "\n" + "格" * 500)
    assert mia.wechat_texts(CHEN)[-1] == "价" * 400
    assert any("没送到。\n原因" in text for text in mia.wecom_texts()[-2:])
    items = await OutboxItem.filter(message_id__not_isnull=True).order_by("-id").limit(2)
    assert [item.state for item in items] == ["dead", "done"]
    mia.clock.forward(minutes=2)
    assert "失败" in await mia.member_says("聊天 C2 1")


Ask = Callable[[str], Awaitable[str]]


@pytest.fixture(params=["wecom", "telegram"])
async def keeper(build: Build, request: pytest.FixtureRequest) -> tuple[Town, Ask, Callable[[], list[str]]]:
    """A town with one colleague, who keeps Mia; how they ask in their chat, and what they have read there."""
    account = {"wecom": BOSS, "telegram": ADMIN}[request.param]
    town = await build(staff=[{"name": "管理员", "role": "admin", "accounts": {request.param: account}}])
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    ask, read = {"wecom": (town.member_says, town.wecom_texts), "telegram": (town.staff_says, town.telegram_texts)}[
        request.param
    ]
    assert "C1" in await ask("领 L1")
    return town, ask, read


@pytest.mark.parametrize(
    "words", ["价" * 4000, "\n".join(["价" * 363] * 11), "colour " * 580], ids=["a block", "lines", "words"]
)
async def test_a_customers_longest_words_reach_their_keeper_and_can_be_read_again(
    keeper: tuple[Town, Ask, Callable[[], list[str]]], words: str
) -> None:
    """So many characters are one message of Telegram, and six of WeCom or more."""
    town, ask, read = keeper
    before = len(read())
    await town.telegram.user_says(MIA, words)
    await town.settled()
    told = read()[before:]
    assert "".join(words.split()) in "".join("".join(told).split())
    assert "C1 Mia" in told[0]
    again = await ask("聊天 C1")
    assert "".join(words.split()) in "".join(again.split())
    assert again.endswith("更早的，发 更多")
    assert await OutboxItem.filter(state__not="done").count() == 0


async def test_a_conversation_of_long_texts_is_read_a_screen_at_a_time(
    keeper: tuple[Town, Ask, Callable[[], list[str]]],
) -> None:
    town, ask, _ = keeper
    for number in range(6):
        await town.telegram.user_says(MIA, f"{number}" + "价" * 600)
    await town.telegram.user_says(MIA, "在吗")
    await town.settled()
    page = await ask("聊天 C1")
    assert page.splitlines()[-2].endswith("：在吗")
    for number in (5, 4, 3, 2, 1, 0):
        assert page.endswith("更早的，发 更多")
        page = await ask("更多")
        assert f"：{number}" + "价" * 600 in page
    assert await OutboxItem.filter(state__not="done").count() == 0


async def test_what_is_too_long_for_every_number_of_messages_is_told_to_its_author(mia: Town) -> None:
    await chen_writes(mia)
    said = len(mia.wechat_texts(CHEN))
    await mia.member_says("回复 C2 " + "价" * 3500)
    assert "太长" in "".join(mia.wecom_texts()[-6:])
    assert len(mia.wechat_texts(CHEN)) == said
