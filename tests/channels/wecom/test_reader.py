from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.channel import Channel, RawEvent
from domain.contacts import Profile
from domain.errors import CallFailed, Unreadable
from domain.events import (
    AppEntered,
    ButtonPressed,
    Chat,
    ContactAdded,
    ContactRemoved,
    GroupChanged,
    InboundEvent,
    MenuClicked,
    MessageReceived,
    Noticed,
    Sender,
    StaffChanged,
    TransferFailed,
)
from domain.messages import Address, Content, Image, Link, Location, Other, Text, Video, Voice
from domain.sync import TagLibraryChanged
from sandbox import Sandbox

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom"
MEMBER = Address("wecom", "ZhangWei")
ZHANG = Sender(MEMBER)
APP = datetime.fromtimestamp(1795219200, UTC)
STAFF = datetime.fromtimestamp(1795219300, UTC)
CUSTOMER = datetime.fromtimestamp(1795219400, UTC)
GROUP = datetime.fromtimestamp(1795219500, UTC)
TAG = datetime.fromtimestamp(1795219600, UTC)
LINK = datetime.fromtimestamp(1795219700, UTC)
CHEN = Address("wecom", "wmQ7kPDgAAwJSkRjaxuUSvvUYSSoF0j8")


def said(content: Content, message_id: str) -> MessageReceived:
    return MessageReceived(APP, ZHANG, Chat(MEMBER), content, message_id)


def customer(rest: str) -> Address:
    return Address("wecom", f"wmQ7kPDgAA{rest}")


def group(rest: str, change: str, **more: Any) -> GroupChanged:
    return GroupChanged(GROUP, Address("wecom", f"wrQ7kPDgAA{rest}"), change, kind="customer", **more)


def seen(what: str, at: datetime = APP) -> Noticed:
    return Noticed(at, "wecom", what)


def pressed(data: str, press: str, task: str) -> ButtonPressed:
    return ButtonPressed(APP, ZHANG, Chat(MEMBER), data, press, task)


PICTURE = "https://wework.qpic.cn/wwpic3az/418332_aBq0Q3nLRJm7uVx_1795219201/0"
BROCHURE = Link(
    "秋季产品手册 & 报价 <2026>",
    "https://example.com/brochure?id=77&from=wework&sig=a%2Bb%3D",
    "含全部SKU的指导价",
    "https://wework.qpic.cn/wwpic/902211_LpQ/0",
)
EVENTS: dict[str, InboundEvent | None] = {
    "msg-text": said(Text("帮我查一下客户陈先生的订单"), "6908228280576491588"),
    "msg-text-multiline": said(Text("  第一行\n\n第三行\t制表  "), "7203024886835458311"),
    "msg-image": said(Image("1vrDGY7xgMU2IYvackVjin9P9vlM1HNcnNGap7hvqrBp", PICTURE), "7167664754751099453"),
    "msg-voice": said(Voice("1tXGO2TMwHO-AdF5CDuJu2VDaV-256PCLB8dQqlm1ynr"), "7348810338730734086"),
    "msg-video": said(Video("1AEdGkhbBJcbCsF-1zBRrn58gG96n64-lHQ1rqi2UIz-"), "7411586650836302256"),
    "msg-location": said(Location(23.10647, 113.32446, "广东省广州市海珠区阅江西路222号"), "7388988369822092644"),
    "msg-link": said(BROCHURE, "7343291710866294835"),
    "event-subscribe": seen("subscribe"),
    "event-unsubscribe": seen("unsubscribe"),
    "event-enter-agent": AppEntered(APP, ZHANG),
    "event-click": MenuClicked(APP, ZHANG, "MENU_MY_CUSTOMERS"),
    "event-view": seen("view"),
    "event-location": seen("location"),
    "event-location-select": seen("location_select"),
    "event-scancode-push": seen("scancode_push"),
    "event-pic-weixin-two": seen("pic_weixin"),
    "event-template-card-button": pressed(
        "claim:lead:88213", "wbEBnthCgg7-ZUlb-AwDLyk_LAthvuoPsmli5uN_4Fi", "lead_88213@1795219200"
    ),
    "event-template-card-vote": pressed(
        "submit_survey", "8rL_XFEtftFC1KfdxWZ2rWtAGltM5a0Cifso4kvT4Zf", "survey-2026-11"
    ),
    "event-template-card-menu": pressed(
        "mute_7d", "UVhEK32yk0mHkHuPKrAzX4j6qs4C-mMrfB0gr74vZTh", "lead_88213@1795219200"
    ),
    "event-taskcard-click": seen("taskcard_click"),
    "event-batch-job-result": seen("batch_job_result"),
    "event-upload-media-job-finish": seen("upload_media_job_finish", STAFF),
    "event-msgaudit-notify": seen("msgaudit_notify"),
    "event-close-inactive-agent": seen("close_inactive_agent"),
    "event-open-approval-change": seen("open_approval_change"),
    "contact-create-user": StaffChanged(STAFF, Address("wecom", "WangFang"), "created", name="王芳"),
    "contact-update-user": StaffChanged(STAFF, Address("wecom", "WangFang"), "updated"),
    "contact-delete-user": StaffChanged(STAFF, Address("wecom", "ChenJie"), "deleted", active=False),
    "contact-create-party": seen("change_contact/create_party", STAFF),
    "contact-update-tag": seen("change_contact/update_tag", STAFF),
    "ec-add": ContactAdded(
        CUSTOMER, CHEN, Profile(), "ch_douyin_0917", "ZhangWei", "CtUai1ob5goMy4wqQkjU-J87C1XyPSnxwBHPFS-is7A"
    ),
    "ec-add-half": ContactAdded(
        CUSTOMER,
        customer("dfEv7o9-NMhH-jfNhzgBfe"),
        Profile(),
        "ch_expo_2026",
        "ZhangWei",
        "T7JKeYdzW__zSj_-Rx1W-0nSrsw33CGH2m8xotY6cm6",
    ),
    "ec-edit": seen("change_external_contact/edit_external_contact", CUSTOMER),
    "ec-del": ContactRemoved(CUSTOMER, customer("kPtlDAVaS3dBzwqHVVX363"), "deleted", "ZhangWei"),
    "ec-del-follow-user": ContactRemoved(CUSTOMER, customer("zXDBvvMLIwko8IOA5DyH2n"), "unfollowed", "ZhangWei"),
    "ec-transfer-fail": TransferFailed(CUSTOMER, customer("DbwFLCPJAXVhdrE3VJXjTC"), "WangFang", "customer_refused"),
    "ec-msg-audit-approved": seen("change_external_contact/msg_audit_approved", CUSTOMER),
    "chat-create": group("KXi5Asa6smYgOw9RTEzi1J", "create"),
    "chat-add-member": group(
        "KXi5Asa6smYgOw9RTEzi1J",
        "update",
        detail="add_member",
        members=("wmQ7kPDgAAwJSkRjaxuUSvvUYSSoF0j8", "wmQ7kPDgAAkPtlDAVaS3dBzwqHVVX363", "WangFang"),
    ),
    "chat-del-member": group(
        "KXi5Asa6smYgOw9RTEzi1J", "update", detail="del_member", members=("wmQ7kPDgAAkPtlDAVaS3dBzwqHVVX363",)
    ),
    "chat-change-owner": group("Hg5wplQ70MxrbgPN9A5Ps0", "update", detail="change_owner"),
    "chat-change-name": group("Hg5wplQ70MxrbgPN9A5Ps0", "update", detail="change_name"),
    "chat-dismiss": group("5abweVOX3CFavUZdFf8Dbk", "dismiss"),
    "tag-create": TagLibraryChanged(TAG, "wecom", "create", "etQ7kPDgAAlH7MDj_t5iovL-_VCt7I3I"),
    "tag-update": TagLibraryChanged(TAG, "wecom", "update", "etQ7kPDgAAlH7MDj_t5iovL-_VCt7I3I"),
    "tag-delete": TagLibraryChanged(TAG, "wecom", "delete", "etQ7kPDgAAc7VMPENbYFZSbWoQpXqH8w"),
    "tag-shuffle": TagLibraryChanged(TAG, "wecom", "shuffle", "etQ7kPDgAAQqtkmhLBfXqdy1NGZZ2vdN", "group"),
    "kf-msg-or-event": seen("kf_msg_or_event"),
    "kf-account-auth-change-one": seen("kf_account_auth_change", STAFF),
    **{
        f"acq-{name}": seen(f"customer_acquisition/{name.replace('-', '_')}", LINK)
        for name in (
            "balance-low",
            "balance-exhausted",
            "link-unavailable",
            "delete-link",
            "friend-request",
            "customer-start-chat",
        )
    },
}


def test_every_recorded_callback_is_in_the_table() -> None:
    assert set(EVENTS) == {path.stem.removeprefix("wecom-") for path in FIXTURES.glob("*.xml")}


@pytest.mark.parametrize("name", EVENTS)
async def test_a_recorded_callback_is_understood(channel: Channel, sandbox: Sandbox, name: str) -> None:
    """The simulated company knows none of the people in the recordings."""
    sandbox.fail("wecom", "user/get", body={"errcode": 60111, "errmsg": "userid not found"})
    payload = (FIXTURES / f"wecom-{name}.xml").read_text("utf-8")
    assert await channel.read(RawEvent("k", "l", payload)) == EVENTS[name]


def raw(msg_type: str = "event", **fields: str) -> RawEvent:
    told = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    return RawEvent("k", "l", f"<xml><FromUserName>ZhangWei</FromUserName><MsgType>{msg_type}</MsgType>{told}</xml>")


@pytest.mark.parametrize(
    "event",
    [
        raw(Event="something_of_2030"),
        raw(Event="change_external_contact", ChangeType="of_2030"),
        raw(Event="change_contact", ChangeType="of_2030"),
        raw(Event="change_external_chat", ChangeType="of_2030", ChatId="wr1"),
        raw(Event="change_external_tag"),
        raw(Event="customer_acquisition", ChangeType="of_2030"),
        raw(Event="enter_agent/x"),
        raw(Event="change_external_contact", ChangeType="add_external_contact", WelcomeCode="x"),
        raw(Event="change_external_chat", ChangeType="update"),
        raw(Event="change_contact", ChangeType="create_user"),
        RawEvent("k", "l", "<xml><MsgType>event</MsgType><Event>click</Event><EventKey>x</EventKey></xml>"),
        raw(),
        raw("text"),
        raw(""),
    ],
)
async def test_what_we_do_not_know_is_passed_over(channel: Channel, event: RawEvent) -> None:
    assert await channel.read(event) is None


async def test_a_message_of_an_unknown_kind_is_still_a_message(channel: Channel) -> None:
    event = await channel.read(raw("hologram", MsgId="1"))
    assert isinstance(event, MessageReceived)
    assert event.content == Other("hologram")


async def test_a_callback_without_a_time_happened_now(channel: Channel, clock: Any) -> None:
    for moment in ("", "soon", "9" * 30, "-" + "9" * 30):
        assert await channel.read(raw(Event="enter_agent", CreateTime=moment)) == AppEntered(clock(), ZHANG)


async def test_a_lone_member_of_a_list_is_a_list(channel: Channel) -> None:
    fields = {"Event": "change_external_chat", "ChangeType": "update", "ChatId": "wr1"}
    event = await channel.read(raw(**fields, MemChangeList="<Item>a</Item>"))
    assert isinstance(event, GroupChanged)
    assert event.members == ("a",)


async def test_the_whole_library_may_be_reordered(channel: Channel) -> None:
    event = await channel.read(raw(Event="change_external_tag", ChangeType="shuffle", Id=""))
    assert isinstance(event, TagLibraryChanged)
    assert event.level == "library"


async def test_a_broken_place_is_nowhere(channel: Channel) -> None:
    event = await channel.read(raw("location", MsgId="1", Location_X="north", Location_Y="nan"))
    assert isinstance(event, MessageReceived)
    assert event.content == Location(0.0, 0.0)


async def test_a_click_without_a_key_is_only_noticed(channel: Channel) -> None:
    assert isinstance(await channel.read(raw(Event="click")), Noticed)


async def test_a_payload_that_is_not_xml_is_never_tried_again(channel: Channel) -> None:
    with pytest.raises(Unreadable) as caught:
        await channel.read(RawEvent("k", "l", "<xml>"))
    assert not caught.value.retry


NAMES = st.sampled_from(
    ["MsgType", "MsgId", "FromUserName", "Event", "ChangeType", "CreateTime", "MemChangeList", "Item"]
)
VALUES = st.one_of(
    st.sampled_from(["event", "text", "location", "click", "change_external_chat", "change_external_tag", "update"]),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="<&")),
)
XML = st.recursive(VALUES, lambda inner: st.lists(st.builds("<{0}>{1}</{0}>".format, NAMES, inner)).map("".join))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(xml=XML)
async def test_any_payload_is_understood_passed_over_or_unreadable(channel: Channel, xml: str) -> None:
    try:
        event = await channel.read(RawEvent("k", "l", f"<xml>{xml}</xml>"))
    except (Unreadable, CallFailed):
        return
    assert event is None or event.at.tzinfo is not None
