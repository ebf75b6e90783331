"""WeCom: members of ours write to the app, customers are added, edited and lost, tokens and addresses go bad."""

from domain.permissions import Role
from models.customers import Customer, Identity, Relation
from models.inbox import InboxEvent
from models.leads import Lead
from models.limits import RateLimit
from models.messages import Message
from models.outbox import OutboxItem
from models.staff import Staff
from tests.journeys.conftest import Build
from tests.journeys.town import BOSS, Town

LIU = "wmSandboxContact0000000000001"


async def test_the_console_verifies_the_address(town: Town) -> None:
    answer = await town.wecom.verify_url("5927782489442352469")
    assert (answer.status, answer.text) == (200, "5927782489442352469")
    assert await InboxEvent.filter(account="wecom").count() == 0


async def test_staff_types_a_command_and_is_answered_in_the_app(town: Town) -> None:
    assert "管理员" in await town.member_says("我是谁")
    assert "管理员" in await town.member_says("/whoami")
    assert await Customer.all().count() == 0


async def test_every_command_of_the_help_can_be_asked_for_in_both_languages(town: Town) -> None:
    chinese = await town.member_says("帮助")
    assert "查" in chinese
    assert "回复" in chinese
    await town.member_says("语言 英文")
    assert "find" in await town.member_says("help")
    assert "查" in await town.member_says("help find")


async def test_a_picture_from_staff_is_answered_with_words(town: Town) -> None:
    await town.wecom.member_sends(BOSS, "image", MediaId="media-1", PicUrl="https://example.com/1.png")
    await town.settled()
    assert "文字" in town.wecom_texts()[-1]
    assert await Customer.all().count() == 0


async def test_opening_the_app_makes_nobody_a_customer(town: Town) -> None:
    await town.wecom.enter_agent("wangfang")
    await town.settled()
    assert await Customer.all().count() == 0
    assert [event.state for event in await InboxEvent.filter(account="wecom")] == ["done"]


async def test_a_member_whom_we_do_not_know_becomes_a_customer_and_learns_how_to_bind(town: Town) -> None:
    await town.wecom.member_says("wangfang", "这个怎么用？")
    await town.settled()
    assert "绑定" in town.wecom_texts("wangfang")[-1]
    assert await Customer.all().count() == await Lead.all().count() == 1


async def test_the_member_who_was_added_owns_the_lead_and_is_told(town: Town) -> None:
    wang = await town.hire("王芳", Role.SALES, wecom="wangfang")
    await town.wecom.add_contact("wangfang", LIU, "刘洋", state="ch_expo_2026")
    await town.settled()
    lead = await Lead.get().select_related("customer")
    assert (lead.owner_id, lead.source, lead.customer.owner_id) == (wang.id, "ch_expo_2026", wang.id)
    assert lead.claimed_at is not None
    told = town.wecom_texts("wangfang")[-1]
    assert "C1" in told
    assert "刘洋" in told
    assert "ch_expo_2026" in told
    assert town.wecom_texts(BOSS) == []


async def test_the_welcome_is_a_line_of_the_conversation(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    message = await Message.get()
    assert (message.direction, "刘洋" in message.text) == ("out", True)
    assert (await OutboxItem.get(message_id=message.id)).state == "done"
    assert "已发送" in await town.member_says("聊天 C1")


async def test_half_an_addition_and_the_whole_one_are_one_lead(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋", half=True)
    await town.settled()
    await town.wecom.add_contact("wangfang", LIU, "刘洋", welcome=False)
    await town.settled()
    assert await Lead.all().count() == 1
    assert len(town.calls("wecom", "externalcontact/send_welcome_msg")) == 1


async def test_a_welcome_that_comes_too_late_is_not_sent_and_the_owner_is_told(town: Town) -> None:
    await town.hire("王芳", Role.SALES, wecom="wangfang")
    at = town.wecom.stage.now()
    town.clock.forward(seconds=30)  # their clock is not ours: whether it is too late, WeCom says
    town.wecom.befriend("wangfang", LIU, "刘洋")
    fields = {"ChangeType": "add_external_contact", "UserID": "wangfang", "ExternalUserID": LIU, "WelcomeCode": "CODE1"}
    head = {"FromUserName": "sys", "CreateTime": at, "MsgType": "event", "Event": "change_external_contact"}
    await town.wecom.event(head | fields)
    await town.settled()
    assert [call.answer["errcode"] for call in town.calls("wecom", "externalcontact/send_welcome_msg")] == [41050]
    item = await OutboxItem.get(payload__contains="CODE1")
    assert (item.state, item.error) == ("dead", "too_late")
    assert any("没送到" in text for text in town.wecom_texts("wangfang"))
    assert await Lead.all().count() == 1


async def test_a_customer_is_greeted_though_their_details_cannot_be_had(town: Town) -> None:
    town.sandbox.fail("wecom", "externalcontact/get", status=502, body="bad gateway", times=2)
    await town.wecom.add_contact("wangfang", LIU, "刘洋", state="expo")
    await town.settled()
    assert len(town.calls("wecom", "externalcontact/send_welcome_msg")) == 1
    identity = await Identity.get()
    assert (identity.name, identity.source) == ("", "expo")
    await town.wecom.contact_event("edit_external_contact", "wangfang", LIU)
    await town.settled()
    assert (await Customer.get()).name == "刘洋"


async def test_an_edit_brings_the_new_name_remark_and_phone(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    contact = town.wecom.contacts[LIU]
    contact.name = "刘洋洋"
    contact.follows["wangfang"].remark = "朝阳店刘总"
    contact.follows["wangfang"].remark_mobiles = ["13912345678"]
    await town.wecom.contact_event("edit_external_contact", "wangfang", LIU)
    await town.settled()
    assert (await Identity.get()).name == "刘洋洋"
    assert (await Customer.get()).name == "朝阳店刘总"
    assert "C1" in await town.member_says("查 朝阳店")
    assert "C1" in await town.member_says("查 5678")


async def test_a_name_given_here_is_not_overwritten(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    await Customer.filter().update(name="刘老板")
    town.wecom.contacts[LIU].name = "Leo"
    await town.wecom.contact_event("edit_external_contact", "wangfang", LIU)
    await town.settled()
    assert (await Customer.get()).name == "刘老板"
    assert (await Identity.get()).name == "Leo"


async def test_an_edit_of_a_customer_from_before_our_time_makes_a_lead(town: Town) -> None:
    town.wecom.befriend("wangfang", LIU, "刘洋", state="old")
    await town.wecom.contact_event("edit_external_contact", "wangfang", LIU)
    await town.settled()
    assert (await Lead.get()).source == "old"


async def test_a_customer_is_lost_only_with_the_last_member(town: Town) -> None:
    town.wecom.add_member("zhangwei", "张伟")
    for member in ("wangfang", "zhangwei"):
        await town.wecom.add_contact(member, LIU, "刘洋")
        await town.settled()
    await town.wecom.contact_deletes_member("wangfang", LIU)
    await town.settled()
    assert (await Identity.get()).state == "reachable"
    await town.wecom.member_deletes_contact("zhangwei", LIU)
    await town.settled()
    assert (await Identity.get()).state == "deleted"
    assert await Relation.filter(ended_at=None).count() == 0


async def test_who_is_added_again_is_reachable_again_and_no_second_lead(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    town.clock.forward(minutes=1)
    await town.wecom.contact_deletes_member("wangfang", LIU)
    await town.settled()
    assert (await Identity.get()).state == "unfollowed"
    town.clock.forward(minutes=1)
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    assert (await Identity.get()).state == "reachable"
    assert await Lead.all().count() == 1


async def test_a_removal_that_is_older_than_the_addition_handled_does_not_undo_it(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    removed_at = town.wecom.stage.now() + 60
    town.clock.forward(minutes=2)
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    named = {"ChangeType": "del_follow_user", "UserID": "wangfang", "ExternalUserID": LIU}
    head = {"FromUserName": "sys", "CreateTime": removed_at, "MsgType": "event", "Event": "change_external_contact"}
    await town.wecom.event(head | named)
    await town.settled()
    assert (await Identity.get()).state == "reachable"


async def test_what_an_app_may_not_say_to_a_customer_it_says_so_and_keeps_nothing(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    await town.settled()
    before = await Message.all().count()
    assert "企业微信不让应用直接给 C1 发消息" in await town.member_says("回复 C1 您好")
    assert await Message.all().count() == before
    assert (await Lead.get()).stage == "new"


async def test_a_token_that_is_taken_back_early_is_fetched_once_more_and_nothing_is_lost(town: Town) -> None:
    await town.member_says("我是谁")
    fetched = len(town.calls("wecom", "gettoken"))
    town.wecom.revoke_token()
    assert "管理员" in await town.member_says("我是谁")
    assert len(town.calls("wecom", "gettoken")) == fetched + 1


async def test_an_address_that_is_not_trusted_yet_delays_and_loses_nothing(town: Town) -> None:
    body = {"errcode": 60020, "errmsg": "not allow to access from your ip, from ip: 203.0.113.9"}
    town.sandbox.fail("wecom", "message/send", body=body)
    assert await town.member_says("我是谁") == ""
    item = await OutboxItem.get(account="wecom")
    assert (item.state, item.error) == ("waiting", "ip_not_trusted")
    town.clock.forward(seconds=61)
    await RateLimit.all().update(paused_until=0)  # several processes go by the database's clock
    await town.settled()
    assert len(town.wecom_texts()) == 1
    assert (await OutboxItem.get(account="wecom")).state == "done"


async def test_what_nobody_knows_is_stored_and_passed_over(town: Town) -> None:
    for event in ("something_new_of_2027", "change_external_tag", "kf_msg_or_event", "customer_acquisition"):
        assert (await town.wecom.system_event(event, {"ChangeType": "unheard_of"})).status == 200
    await town.settled()
    assert [event.state for event in await InboxEvent.filter(account="wecom")] == ["done"] * 4
    assert await OutboxItem.filter(account="wecom").count() == 0


async def test_two_different_events_of_one_second_are_two_and_a_repeat_is_none(town: Town) -> None:
    await town.wecom.add_contact("wangfang", LIU, "刘洋")
    head = {"FromUserName": "sys", "CreateTime": town.wecom.stage.now(), "MsgType": "event"}
    named = {"Event": "change_external_contact", "UserID": "wangfang", "ExternalUserID": LIU}
    for change in ("edit_external_contact", "transfer_fail", "edit_external_contact"):
        await town.wecom.event(head | named | {"ChangeType": change})
    await town.settled()
    assert await InboxEvent.filter(account="wecom").count() == 3


async def test_a_person_who_left_the_company_is_no_colleague(build: Build) -> None:
    town = await build(staff=[])
    wang = await town.hire("王芳", Role.SALES, wecom="wangfang")
    assert "王芳" in await town.member_says("我是谁", "wangfang")
    await Staff.filter(id=wang.id).update(active=False)
    assert "王芳" not in await town.member_says("我是谁", "wangfang")
    assert (await Message.get(direction="in")).text == "我是谁"
