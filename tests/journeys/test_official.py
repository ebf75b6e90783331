"""The official account: followers come, write, are answered at once or later, go, and cannot be written to for ever."""

import asyncio

from bot.passive import PASSIVE
from models.customers import Customer, Identity
from models.inbox import InboxEvent
from models.leads import Lead
from models.messages import Message
from models.outbox import OutboxItem
from tests.journeys.conftest import Build
from tests.journeys.town import Town

CHEN = "oSandboxCustomer00000000001"
HE = "oSandboxCustomer00000000002"


async def official_events(state: str = "done") -> int:
    return await InboxEvent.filter(account="official", state=state).count()


async def test_the_console_verifies_the_address(town: Town) -> None:
    answer = await town.wechat.verify_url("5927782489442352469")
    assert (answer.status, answer.text) == (200, "5927782489442352469")
    assert await official_events() == 0


async def test_in_plaintext_mode_it_works_the_same(build: Build) -> None:
    town = await build(secrets={"wechat_aes_key": ""})
    assert (await town.wechat.verify_url("123")).text == "123"
    answer = await town.wechat.user_says(CHEN, "周末营业吗？")
    assert answer.reply is not None
    assert answer.reply["ToUserName"] == CHEN
    await town.settled()
    assert await Lead.all().count() == 1


async def test_a_follower_by_a_code_brings_its_source_and_is_welcomed_in_the_answer(town: Town) -> None:
    answer = await town.wechat.follow(CHEN, scene="expo_2026")
    assert answer.reply is not None
    assert "很高兴认识您" in str(answer.reply["Content"])
    await town.settled()
    assert (await Lead.get()).source == (await Identity.get()).source == "expo_2026"
    assert (await OutboxItem.get(account="official")).platform_id == PASSIVE
    assert "expo_2026" in (town.wecom_texts() + town.telegram_texts())[-1]


async def test_each_source_may_have_a_welcome_of_its_own(build: Build) -> None:
    town = await build(replies={"welcome": {"default": "", "expo": "price"}, "keywords": []})
    assert (await town.wechat.follow(CHEN)).reply is None
    answer = await town.wechat.follow(HE, scene="expo")
    assert answer.reply is not None
    assert "报价" in str(answer.reply["Content"])
    await town.settled()
    assert await Lead.all().count() == 2


async def test_the_first_words_are_the_leads(town: Town) -> None:
    await town.wechat.follow(CHEN)
    await town.wechat.user_sends(CHEN, "image", MediaId="m1", PicUrl="https://example.com/1.jpg")
    await town.wechat.user_says(CHEN, "这款有货吗？")
    await town.wechat.user_says(CHEN, "在吗？")
    await town.settled()
    assert (await Lead.get()).first_words == "这款有货吗？"


async def test_repeats_while_the_answer_is_being_made_get_the_same_answer(town: Town) -> None:
    says = [town.wechat.user_says(CHEN, "请问多少钱？", msg_id="4711") for _ in range(20)]
    answers = await asyncio.gather(*says)
    assert {answer.status for answer in answers} == {200}
    assert {str(answer.reply and answer.reply["Content"]) for answer in answers} == {
        str(answers[0].reply and answers[0].reply["Content"])
    }
    assert answers[0].reply is not None
    await town.settled()
    assert await official_events() == await Customer.all().count() == 1
    assert town.wechat_texts(CHEN) == []


async def test_twenty_messages_at_once_of_one_stranger_are_one_lead_and_keep_their_order(town: Town) -> None:
    says = [town.wechat.user_says(CHEN, f"第{number}句", msg_id=str(100 + number)) for number in range(20)]
    assert {answer.status for answer in await asyncio.gather(*says)} == {200}
    await town.settled()
    assert await Customer.all().count() == await Lead.all().count() == await Identity.all().count() == 1
    stored = [event.key for event in await InboxEvent.filter(account="official").order_by("id")]
    heard = [f"m:{message.platform_id}" for message in await Message.filter(direction="in").order_by("id")]
    assert len(heard) == 20
    assert heard == stored


async def test_an_answer_that_takes_too_long_for_the_callback_goes_out_by_the_api(town: Town) -> None:
    town.sandbox.fail("wechat", "user/info", times=3, delay=5)
    slow = [asyncio.create_task(town.wechat.follow(CHEN))]
    for number in (1, 2):
        changed = town.wechat.event(CHEN, "user_info_modified", OpenID=CHEN, RevokeInfo=number)
        slow.append(asyncio.create_task(changed))

    async def all_are_stored() -> bool:
        return await InboxEvent.filter(account="official").count() == 3

    await town.until(all_are_stored)
    answer = await town.wechat.user_says(CHEN, "请问多少钱？")
    assert (answer.status, answer.text, answer.reply) == (200, "success", None)
    await town.settled()
    assert len(town.wechat_texts(CHEN)) == 1
    assert "报价" in town.wechat_texts(CHEN)[0]
    await asyncio.gather(*slow)


async def test_after_two_days_a_reply_is_not_sent_and_its_author_is_told_why(town: Town) -> None:
    await town.wechat.user_says(CHEN, "你好")
    await town.settled()
    town.clock.forward(hours=49)
    told = await town.staff_says("回复 C1 新品到了")
    assert "正在发给 C1" in told
    assert "超过 48 小时" in told
    assert "新品到了" in told
    item = await OutboxItem.filter(account="official").order_by("-id").first()
    assert item is not None
    assert (item.state, item.error) == ("dead", "window_closed")
    assert "超过 48 小时" in await town.staff_says("聊天 C1")


async def test_the_sixth_reply_in_a_row_is_not_sent_and_its_author_is_told_why(town: Town) -> None:
    await town.wechat.user_says(CHEN, "你好")
    await town.settled()
    for number in range(5):
        assert "的消息没送到" not in await town.staff_says(f"回复 C1 第{number}条")
    assert "最多连发 5 条" in await town.staff_says("回复 C1 第六条")
    assert len(town.wechat_texts(CHEN)) == 5
    await town.wechat.user_says(CHEN, "看到了")
    assert "的消息没送到" not in await town.staff_says("回复 C1 好的")
    assert town.wechat_texts(CHEN)[-1] == "好的"


async def test_who_stops_following_cannot_be_written_to_until_they_come_back(town: Town) -> None:
    await town.wechat.follow(CHEN)
    await town.settled()
    town.clock.forward(seconds=5)
    await town.wechat.unfollow(CHEN)
    await town.settled()
    assert (await Identity.get()).state == "unfollowed"
    assert "已取关" in await town.staff_says("回复 C1 您好")
    assert "已取关" in await town.staff_says("看 C1")
    assert town.calls("wechat", "message/custom/send") == []
    town.clock.forward(seconds=5)
    await town.wechat.follow(CHEN)
    await town.settled()
    assert (await Identity.get()).state == "reachable"
    await town.staff_says("回复 C1 欢迎回来")
    assert town.wechat_texts(CHEN) == ["欢迎回来"]
    assert await Lead.all().count() == 1


async def test_an_old_farewell_that_comes_late_changes_nothing(town: Town) -> None:
    await town.wechat.follow(CHEN)
    await town.settled()
    left_at = town.wechat.stage.now() + 10
    town.clock.forward(seconds=20)
    await town.wechat.follow(CHEN)
    await town.settled()
    head = {"FromUserName": CHEN, "CreateTime": left_at, "MsgType": "event", "Event": "unsubscribe", "EventKey": ""}
    await town.wechat.tell(CHEN, head)
    await town.settled()
    assert (await Identity.get()).state == "reachable"


async def test_a_platform_whose_clock_is_behind_ours_is_believed(town: Town) -> None:
    town.clock.forward(minutes=10)
    at = town.wechat.stage.now() - 600
    for seconds, event in ((0, "subscribe"), (5, "unsubscribe")):
        head = {"FromUserName": CHEN, "CreateTime": at + seconds, "MsgType": "event", "Event": event, "EventKey": ""}
        await town.wechat.tell(CHEN, head)
    await town.settled()
    assert (await Identity.get()).state == "unfollowed"


async def test_a_scan_by_a_stranger_is_a_lead_of_that_source(town: Town) -> None:
    await town.wechat.scan(CHEN, "shelf_7")
    await town.wechat.scan(CHEN, "shelf_8")
    await town.settled()
    assert (await Lead.get()).source == "shelf_7"


async def test_a_click_on_the_menu_is_answered_like_the_word(town: Town) -> None:
    await town.wechat.follow(CHEN)
    answer = await town.wechat.click(CHEN, "价格")
    assert answer.reply is not None
    assert "报价" in str(answer.reply["Content"])
    assert (await town.wechat.click(CHEN, "unknown_key")).reply is None


async def test_a_keyword_is_answered_and_bothers_nobody(town: Town) -> None:
    await town.wechat.follow(CHEN)
    await town.settled()
    before = len(town.wecom_texts() + town.telegram_texts())
    answer = await town.wechat.user_says(CHEN, "这个多少钱呀")
    assert answer.reply is not None
    assert "报价" in str(answer.reply["Content"])
    await town.settled()
    assert len(town.wecom_texts() + town.telegram_texts()) == before


async def test_words_that_would_break_out_of_the_answer_do_not(build: Build) -> None:
    town = await build()
    await town.telegram.user_says(50001, "]]><x>", first_name="]]></Content>")
    answer = await town.wechat.user_says(CHEN, "]]></Content><MsgType>hack")
    assert answer.reply is not None
    assert answer.reply["MsgType"] == "text"
    await town.settled()
    assert (
        await Message.filter(identity__account="official", direction="in").get()
    ).text == "]]></Content><MsgType>hack"


async def test_what_tells_of_nobody_or_nothing_new_is_stored_and_passed_over(town: Town) -> None:
    for event in (
        "VIEW",
        "LOCATION",
        "MASSSENDJOBFINISH",
        "TEMPLATESENDJOBFINISH",
        "never_heard_of",
        "card_pass_check",
    ):
        answer = await town.wechat.event(CHEN, event, EventKey="k", MsgID="1", Status="success")
        assert (answer.status, answer.text) == (200, "success")
    await town.settled()
    assert await official_events() == 6
    assert await Customer.all().count() == 0


async def test_a_token_taken_back_early_loses_nothing(town: Town) -> None:
    await town.wechat.user_says(CHEN, "你好")
    await town.settled()
    await town.staff_says("回复 C1 一")
    fetched = len(town.calls("wechat", "stable_token"))
    town.wechat.revoke_token()
    await town.staff_says("回复 C1 二")
    assert town.wechat_texts(CHEN) == ["一", "二"]
    assert len(town.calls("wechat", "stable_token")) == fetched + 1
