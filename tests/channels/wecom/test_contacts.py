import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels import Tools
from channels.wecom.api import Api
from channels.wecom.config import Config
from channels.wecom.contacts import profile
from channels.wecom.reader import Reader
from domain.channel import Channel, RawEvent
from domain.contacts import Follow, Profile
from domain.errors import CallFailed, Unreadable
from domain.events import ContactAdded, ContactUpdated, Noticed, StaffChanged
from domain.messages import Address
from sandbox import Sandbox

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom"
CONTACT = json.loads((FIXTURES / "wecom-ec-get-ok.json").read_text("utf-8"))
MEMBER = json.loads((FIXTURES / "wecom-user-get-ok.json").read_text("utf-8"))
NOT_A_FRIEND = {"errcode": 84061, "errmsg": "not external contact"}
BUSY = {"errcode": -1, "errmsg": "system busy"}
WANG = Follow("wangfang", state="expo", added_at=datetime(2026, 11, 21, 8, tzinfo=UTC))


def customer_event(change: str, **fields: str) -> RawEvent:
    told = {"Event": "change_external_contact", "ChangeType": change, "UserID": "wangfang", "ExternalUserID": "wm1"}
    return event(told | fields)


def staff_event(change: str, **fields: str) -> RawEvent:
    return event({"Event": "change_contact", "ChangeType": change, "UserID": "wangfang"} | fields)


def event(fields: dict[str, str]) -> RawEvent:
    told = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return RawEvent("k", "l", f"<xml><MsgType>event</MsgType>{told}</xml>")


@pytest.fixture
def sandbox(sandbox: Sandbox) -> Sandbox:
    sandbox.wecom.befriend("wangfang", "wm1", "刘洋", "expo", unionid="u1", gender=1, corp_name="示例")
    return sandbox


@pytest.fixture
def reader(settings: dict[str, Any], tools: Tools) -> Reader:
    """One that pauses for no time."""
    return Reader("wecom", Api(Config(**settings), tools), tools.clock, pause=0)


@pytest.mark.parametrize("change", ["add_external_contact", "add_half_external_contact"])
async def test_an_added_customer_comes_with_details(channel: Channel, clock: Any, change: str) -> None:
    read = await channel.read(customer_event(change, State="expo", WelcomeCode="code"))
    found = Profile("刘洋", "u1", gender="male", company="示例", follows=(WANG,))
    assert read == ContactAdded(clock(), Address("wecom", "wm1"), found, "expo", "wangfang", "code")


async def test_the_source_may_be_known_to_the_relation_only(channel: Channel) -> None:
    read = await channel.read(customer_event("add_external_contact"))
    assert isinstance(read, ContactAdded)
    assert read.source == "expo"


@pytest.mark.parametrize(
    "failure",
    [
        {"body": BUSY, "times": 2},
        {"body": NOT_A_FRIEND},
        {"body": {"errcode": 48002, "errmsg": "api forbidden"}, "times": 2},
        {"status": 502, "body": "<html>bad gateway</html>", "times": 2},
        {"body": "<html>", "times": 2},
        {"hang_up": True, "times": 4},  # a GET is repeated once by aiohttp
        {"body": {"errcode": 0, "external_contact": None, "follow_user": "none"}},
    ],
    ids=str,
)
async def test_a_customer_whose_details_fail_is_still_welcomed(
    reader: Reader, sandbox: Sandbox, clock: Any, failure: dict[str, Any]
) -> None:
    sandbox.fail("wecom", "externalcontact/get", **failure)
    read = await reader.read(customer_event("add_external_contact", WelcomeCode="code"))
    assert read == ContactAdded(clock(), Address("wecom", "wm1"), Profile(), "", "wangfang", "code")


@pytest.mark.parametrize(
    "failure",
    [{"body": BUSY}, {"status": 502, "body": "<html>bad gateway</html>"}, {"hang_up": True, "times": 2}],
    ids=str,
)
@pytest.mark.parametrize("path", ["externalcontact/get", "gettoken"])
async def test_details_that_fail_once_are_asked_for_again(
    reader: Reader, sandbox: Sandbox, path: str, failure: dict[str, Any]
) -> None:
    sandbox.fail("wecom", path, **failure)
    read = await reader.read(customer_event("add_external_contact", WelcomeCode="code"))
    assert isinstance(read, ContactAdded)
    assert (read.profile.name, read.welcome_code) == ("刘洋", "code")


async def test_a_second_try_is_within_the_patience(settings: dict[str, Any], tools: Tools, sandbox: Sandbox) -> None:
    hasty = Reader("wecom", Api(Config(**settings), tools), tools.clock, patience=0.2, pause=3600)
    sandbox.fail("wecom", "externalcontact/get", body=BUSY)
    read = await hasty.read(customer_event("add_external_contact", WelcomeCode="code"))
    assert isinstance(read, ContactAdded)
    assert read.profile == Profile()


async def test_a_lasting_refusal_is_not_asked_again(reader: Reader, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "externalcontact/get", body=NOT_A_FRIEND)
    await reader.read(customer_event("add_external_contact", WelcomeCode="code"))
    assert sum(call.method_or_path == "externalcontact/get" for call in sandbox.calls) == 1


async def test_a_token_that_fails_delays_no_welcome(reader: Reader, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "gettoken", body={"errcode": 40001, "errmsg": "invalid credential"}, times=2)
    read = await reader.read(customer_event("add_external_contact", WelcomeCode="code"))
    assert isinstance(read, ContactAdded)
    assert read.profile == Profile()


async def test_a_platform_that_takes_its_time_delays_no_welcome(settings: dict[str, Any], tools: Tools) -> None:
    reader = Reader("wecom", Api(Config(**settings), tools), tools.clock, patience=0)
    read = await reader.read(customer_event("add_external_contact", WelcomeCode="code"))
    assert isinstance(read, ContactAdded)
    assert (read.profile, read.welcome_code) == (Profile(), "code")


async def test_an_edited_customer_is_read_again(channel: Channel, sandbox: Sandbox) -> None:
    follow = sandbox.wecom.contacts["wm1"].follows["wangfang"]
    follow.remark, follow.remark_mobiles, follow.remark_corp_name = "刘-番禺", ["13800000001", ""], "某店"
    follow.personal_tags = ["爱喝茶"]
    read = await channel.read(customer_event("edit_external_contact"))
    assert isinstance(read, ContactUpdated)
    (found,) = read.profile.follows
    assert (found.remark, found.phones, found.company, found.tags) == ("刘-番禺", ("13800000001",), "某店", ())


@pytest.mark.parametrize(
    ("lists", "tags"),
    [
        ([[], None], [(), ()]),
        ([[{"tag_id": "t1"}], None], [("t1",), ()]),
        ([None, None], [None, None]),
        ([{}, [{"tag_id": "t1"}]], [None, ("t1",)]),
    ],
    ids=str,
)
async def test_a_list_of_tags_that_is_left_out_is_empty_only_beside_others(
    channel: Channel, sandbox: Sandbox, lists: list[object], tags: list[object]
) -> None:
    told = [{"userid": f"m{n}"} | ({} if each is None else {"tags": each}) for n, each in enumerate(lists)]
    body = {"errcode": 0, "external_contact": {"external_userid": "wm1"}, "follow_user": told}
    sandbox.fail("wecom", "externalcontact/get", body=body)
    read = await channel.read(customer_event("edit_external_contact"))
    assert isinstance(read, ContactUpdated)
    assert [follow.tags for follow in read.profile.follows] == tags


async def test_the_recorded_customer_is_read_in_full(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "externalcontact/get", body=CONTACT)
    read = await channel.read(customer_event("edit_external_contact"))
    assert isinstance(read, ContactUpdated)
    follow = Follow(
        "ZhangWei",
        remark="陈小姐-番禺店",
        description="双十一直播间来的",
        state="ch_douyin_0917",
        phones=("13800000001",),
        tags=("etQ7kPDgAAlH7MDj_t5iovL-_VCt7I3I",),
        added_at=datetime.fromtimestamp(1795219200, UTC),
    )
    assert read.profile == Profile("陈小姐🌸", "oY3xQaemB_75BMYziQN9AqiB6kAC", gender="female", follows=(follow,))


async def test_all_followers_are_read_page_by_page(channel: Channel, sandbox: Sandbox) -> None:
    for number in range(1200):
        sandbox.wecom.add_member(f"m{number}", "成员")
        sandbox.wecom.befriend(f"m{number}", "wm1", "刘洋")
    read = await channel.read(customer_event("edit_external_contact"))
    assert isinstance(read, ContactUpdated)
    assert len({each.userid for each in read.profile.follows}) == 1201


async def test_a_cursor_without_end_is_given_up() -> None:
    class Endless:
        async def external_contact(self, external_userid: str, cursor: str = "") -> dict[str, Any]:
            return {"external_contact": {"name": external_userid}, "follow_user": [{}], "next_cursor": f"{cursor}x"}

    assert len((await profile(Endless(), "wm1")).follows) == 101


async def test_a_customer_who_is_gone_teaches_nothing(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "externalcontact/get", body=NOT_A_FRIEND)
    assert isinstance(await channel.read(customer_event("edit_external_contact")), Noticed)


@pytest.mark.parametrize("code", [-1, 45009, 60020, 48002])
@pytest.mark.parametrize(
    ("path", "told"),
    [("externalcontact/get", customer_event("edit_external_contact")), ("user/get", staff_event("update_user"))],
    ids=["customer", "staff"],
)
async def test_what_may_be_known_later_is_read_later(
    channel: Channel, sandbox: Sandbox, path: str, told: RawEvent, code: int
) -> None:
    sandbox.fail("wecom", path, body={"errcode": code, "errmsg": ""})
    with pytest.raises(Unreadable) as caught:
        await channel.read(told)
    assert caught.value.retry


async def test_a_broken_look_up_is_a_failed_call(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "externalcontact/get", hang_up=True, times=2)
    with pytest.raises(CallFailed):
        await channel.read(customer_event("edit_external_contact"))


async def test_a_member_is_completed_by_the_directory(channel: Channel, sandbox: Sandbox, clock: Any) -> None:
    sandbox.fail("wecom", "user/get", body=MEMBER)
    read = await channel.read(staff_event("update_user", Position="总监"))
    assert read == StaffChanged(clock(), Address("wecom", "wangfang"), "updated", name="张伟")


async def test_a_renamed_member_is_asked_for_by_the_new_id(channel: Channel, sandbox: Sandbox, clock: Any) -> None:
    sandbox.fail("wecom", "user/get", body=MEMBER)
    read = await channel.read(staff_event("update_user", NewUserID="wang.fang"))
    assert read == StaffChanged(clock(), Address("wecom", "wangfang"), "updated", name="张伟", new_id="wang.fang")
    assert sandbox.calls[-1].params["userid"] == "wang.fang"


@pytest.mark.parametrize(("status", "active"), [("1", True), ("2", False), ("4", True), ("5", False)])
async def test_a_disabled_member_is_not_active(channel: Channel, sandbox: Sandbox, status: str, active: bool) -> None:
    read = await channel.read(staff_event("update_user", Name="王芳", Status=status))
    assert isinstance(read, StaffChanged)
    assert read.active is active
    assert not sandbox.calls


async def test_reading_one_customer_does_not_wait_for_another(channel: Channel, sandbox: Sandbox) -> None:
    added = customer_event("add_external_contact")
    read = await asyncio.gather(*(channel.read(added) for _ in range(8)))
    assert len(read) == 8
    assert [call.method_or_path for call in sandbox.calls].count("gettoken") == 1
