"""Here lives the proof that a group chat is one row, whatever becomes of it, and that its members come and go."""

from datetime import timedelta
from typing import Any

import pytest

from domain import groups
from domain.messages import Address, Text
from domain.permissions import Role
from models import group_members
from models.fields import instant, milliseconds
from models.group_members import Moves
from models.groups import Group, GroupLabel, GroupMember
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.clock import Clock
from tests.racing import overlapping

OLD, NEW = Address("telegram", "-100"), Address("telegram", "-1002")
HOUR = timedelta(hours=1)


@pytest.fixture
async def group(database: str, clock: Clock) -> Group:
    return (await Group.met(OLD, clock(), title="经销商"))[0]


async def labels(group: Group) -> list[str]:
    return (await group_members.labels([group.id]))[group.id]


async def present(group: Group) -> set[str]:
    rows = await GroupMember.filter(group_id=group.id, left_at=None)
    return {row.external_id for row in rows}


async def pushed(clock: Clock, **told: Any) -> Recipient:
    staff, _ = await Staff.get_or_create({"role": Role.MANAGER, "created_at": clock()}, name="韩梅梅")
    where = {
        "staff_id": staff.id,
        "account": "telegram",
        "chat": "1",
        "language": "zh-CN",
        "accounts": [],
        "values": {},
    }
    push = await Push.drafted(Text("hi"), labels=[], created_at=clock(), **where)
    return await Recipient.create(push_id=push.id, account="telegram", way="message", **told)


async def test_a_chat_is_met_once_and_keeps_what_is_known_of_it(group: Group, clock: Clock) -> None:
    again, is_new = await Group.met(OLD, clock(), "channel", "")
    assert (again.id, again.title, again.group, is_new) == (group.id, "经销商", "group", False)


async def test_whoever_speaks_in_a_chat_makes_it_known_and_proves_that_we_are_in_it(group: Group, clock: Clock) -> None:
    await group.leave(clock())
    await Group.heard(OLD, "group", "经销商", clock() - HOUR)
    assert (await Group.get(id=group.id)).gone_at == clock()
    await Group.heard(OLD, "group", "经销商", clock() + HOUR)
    await Group.heard(Address("telegram", "-7"), "channel", "公告", clock())
    assert [(row.group, row.title, row.gone_at) for row in await Group.all().order_by("id")] == [
        ("group", "经销商", None),
        ("channel", "公告", None),
    ]


async def test_labels_are_the_same_whatever_their_width_and_case(group: Group) -> None:
    await group.label(["区域A", "VIP"], [])
    await group.label(["区域ａ", "新"], ["vip"])
    assert await labels(group) == ["区域A", "新"]
    assert [each.id for each in await Group.labelled(["新", "没有"])] == [group.id]
    assert await Group.labelled(["VIP"]) == []


async def test_a_group_is_found_by_its_whole_name_before_parts_of_it(group: Group, clock: Clock) -> None:
    other, _ = await Group.met(Address("telegram", "-3"), clock(), title="上海 经销商")
    assert [each.id for each in await Group.named(" 经销商 ")] == [group.id]
    assert [each.id for each in await Group.named("上海")] == [other.id]
    assert [each.id for each in await Group.named("销")] == [group.id, other.id]
    assert await Group.named("没有") == await Group.named(" ") == []


async def test_what_was_known_of_both_ids_of_a_migrated_group_becomes_one(group: Group, clock: Clock) -> None:
    await Group.allow(OLD, "经销商", clock())
    await group.label(["甲", "乙"], [])
    await group_members.moved(group, ["1", "2"], clock(), came=True)
    double, _ = await Group.met(NEW, clock(), title="经销商群")
    await double.learn(writable=False)
    await double.label(["乙", "丙"], [])
    await group_members.moved(double, ["2", "3"], clock(), came=True)
    waiting = await pushed(clock, group_id=group.id, address="-100")
    sent = await pushed(clock, group_id=double.id, address="-1002", state="sent")
    for _ in range(2):
        await Group.migrate(OLD, NEW)
    one = await Group.get()
    assert (one.id, one.external_id, one.title, one.writable) == (group.id, "-1002", "经销商群", False)
    assert await Group.allows(NEW)
    assert await labels(one) == ["甲", "乙", "丙"]
    assert await present(one) == {"1", "2", "3"}
    assert (await Recipient.get(id=waiting.id)).address == "-1002"
    assert (await Recipient.get(id=sent.id)).group_id == group.id
    assert await GroupLabel.all().count() == 3


async def test_two_who_hear_of_a_chat_at_once_make_one_row(database: str, clock: Clock) -> None:
    both = await overlapping(lambda: Group.met(OLD, clock()), lambda: Group.met(OLD, clock()))
    assert len({group.id for group, _ in both}) == await Group.all().count() == 1


async def test_a_refusal_tells_that_we_are_out_or_may_not_write(group: Group, clock: Clock) -> None:
    assert not await Group.lost(OLD, "too_long", clock())
    assert not await Group.lost(NEW, "not_in_group", clock())
    assert await Group.lost(OLD, "no_rights", clock())
    mute = await Group.get()
    assert (mute.writable, mute.gone_at) == (False, None)
    await Group.allow(OLD, "经销商", clock())
    assert await Group.lost(OLD, "not_in_group", clock())
    gone = await Group.get()
    assert (gone.gone_at, gone.allowed_at) == (instant(milliseconds(clock())), None)


async def test_who_comes_and_goes_is_news_once(group: Group, clock: Clock) -> None:
    at = clock()
    assert await group_members.moved(group, ["1", "1", "2"], at, came=True) == Moves(came=("1", "2"))
    assert await group_members.moved(group, ["1"], at, came=True) == Moves()
    assert await group_members.moved(group, ["1", "9"], at + HOUR, came=False) == Moves(left=("1", "9"))
    assert await group_members.moved(group, ["1"], at + HOUR, came=False) == Moves()
    assert await group_members.moved(group, ["1"], at, came=True) == Moves()  # told too late
    assert await group_members.moved(group, ["1"], at + HOUR, came=True) == Moves(came=("1",))
    assert await present(group) == {"1", "2"}
    assert await group_members.counts([group.id]) == {group.id: 2}
    assert await group_members.counts([]) == {}


async def test_whoever_is_not_among_all_has_left(group: Group, clock: Clock) -> None:
    at = clock()
    all_of_them = [groups.GroupMember("1", "甲", joined_at=at - HOUR), groups.GroupMember("s", staff=True)]
    assert await group_members.told(group, all_of_them, at) == Moves(came=("1", "s"))
    renamed = [groups.GroupMember("1", "甲甲"), groups.GroupMember("2", joined_at=at)]
    assert await group_members.told(group, renamed, at + HOUR) == Moves(("2",), ("s",))
    one = await GroupMember.get(external_id="1")
    assert (one.name, one.joined_at, one.left_at) == ("甲甲", at - HOUR, None)
    back = [groups.GroupMember("s", staff=True, joined_at=at + HOUR)]
    assert await group_members.told(group, back, at + 2 * HOUR) == Moves(("s",), ("1", "2"))
    gone = await group_members.lately(group, 1, came=False)
    assert [(each.name, each.at) for each in gone] == [("2", at + 2 * HOUR)]
