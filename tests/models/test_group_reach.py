"""Here lives the proof that a push to group chats goes to those that carry a label, and says why not to the others."""

from datetime import datetime, timedelta

import pytest

from domain.messages import Address, Text
from domain.permissions import Role
from models import group_reach
from models.fields import instant, milliseconds
from models.group_reach import GroupsCounted, counted, examples, excluded, fill
from models.groups import Group
from models.pushes import Push
from models.reach import Reach
from models.recipients import Recipient
from models.staff import Staff
from tests.clock import Clock

ACCOUNTS = {"wecom": "wecom", "telegram": "telegram"}
NOBODY = GroupsCounted(0, {}, {}, {})


def reach(at: datetime, days: int = 31) -> Reach:
    return Reach((), at, at.replace(day=1, hour=0), days)


async def met(clock: Clock, account: str, number: str, **told: object) -> Group:
    group, _ = await Group.met(Address(account, number), clock())
    await group.learn(title=f"群{number}", **told)
    await group.label(["区域A"], [])
    return group


@pytest.fixture
async def town(database: str, clock: Clock) -> dict[str, Group]:
    """One that each reason speaks of, and one for each road."""
    return {
        "room": await met(clock, "telegram", "-1"),
        "news": await met(clock, "telegram", "-2", group="channel"),
        "dealers": await met(clock, "wecom", "wr1", group="customer", owner="lilei"),
        "app": await met(clock, "wecom", "chat:team1", group="app", owner="lilei"),
        "gone": await met(clock, "telegram", "-3", gone_at=clock()),
        "mute": await met(clock, "telegram", "-4", writable=False),
        "orphan": await met(clock, "wecom", "wr2", group="customer"),
    }


async def drafted(clock: Clock, *labels: str) -> Push:
    staff, _ = await Staff.get_or_create({"role": Role.MANAGER, "created_at": clock()}, name="韩梅梅")
    where = {
        "staff_id": staff.id,
        "account": "telegram",
        "chat": "1",
        "language": "zh-CN",
        "accounts": [],
        "values": {},
    }
    return await Push.drafted(Text("hi"), labels=list(labels), created_at=clock(), **where)


async def rows(push: Push) -> dict[str, tuple[str, str, str, str, str]]:
    found = await Recipient.filter(push_id=push.id).order_by("id")
    return {row.address: (row.account, row.way, row.member, row.state, row.reason) for row in found}


async def test_each_kind_has_its_road_and_each_obstacle_its_reason(town: dict[str, Group]) -> None:
    found = await counted(["区域ａ", "没有的"], ACCOUNTS)
    roads = {("telegram", "message"): 2, ("wecom", "message"): 1, ("wecom", "task"): 1}
    assert found == GroupsCounted(7, roads, {"gone": 1, "not_writable": 1, "no_owner": 1}, {("wecom", "lilei"): 1})


async def test_who_asks_for_all_does_not_mean_those_that_are_over(town: dict[str, Group]) -> None:
    assert (await counted(["全部"], ACCOUNTS)).total == 6
    assert await counted([], ACCOUNTS) == await counted(["区域B"], ACCOUNTS) == NOBODY


async def test_what_is_on_no_chosen_channel_is_not_reached(town: dict[str, Group]) -> None:
    found = await counted(["区域A"], {"telegram": "telegram"})
    assert found.skipped == {"gone": 1, "not_writable": 1, "unreachable": 3}
    assert (await counted(["区域A"], {})).skipped == {"gone": 1, "unreachable": 6}


async def test_the_ledger_has_a_row_for_each_once(town: dict[str, Group], clock: Clock) -> None:
    push = await drafted(clock, "区域A")
    for _ in range(2):
        await fill(push, ACCOUNTS, reach(clock()))
    assert await rows(push) == {
        "-1": ("telegram", "message", "", "waiting", ""),
        "-2": ("telegram", "message", "", "waiting", ""),
        "wr1": ("wecom", "task", "lilei", "waiting", ""),
        "chat:team1": ("wecom", "message", "", "waiting", ""),
        "-3": ("telegram", "message", "", "skipped", "gone"),
        "-4": ("telegram", "message", "", "skipped", "not_writable"),
        "wr2": ("wecom", "task", "", "skipped", "no_owner"),
    }
    skipped = await Recipient.filter(push_id=push.id, state="skipped").first()
    assert skipped
    assert skipped.ended_at == instant(milliseconds(clock()))
    alone = await drafted(clock, "全部")
    await fill(alone, ACCOUNTS)
    assert len(await rows(alone)) == 6


async def test_a_customer_group_takes_so_many_tasks_in_a_month(town: dict[str, Group], clock: Clock) -> None:
    for state in ("sent", "awaiting", "failed"):
        push = await drafted(clock, "区域A")
        await push.move("filling", clock(), of=("draft",))
        at = clock() if state == "sent" else None
        where = {"account": "wecom", "address": "wr1", "way": "task", "member": "lilei"}
        await Recipient.create(push_id=push.id, group_id=town["dealers"].id, state=state, sent_at=at, **where)
    assert "month_quota" not in (await counted(["区域A"], ACCOUNTS, reach(clock(), 3))).skipped
    assert (await counted(["区域A"], ACCOUNTS, reach(clock(), 2))).skipped["month_quota"] == 1
    later = clock() + timedelta(days=40)
    assert "month_quota" not in (await counted(["区域A"], ACCOUNTS, reach(later, 2))).skipped
    push = await drafted(clock, "区域A")
    await fill(push, ACCOUNTS, reach(clock(), 2))
    assert (await rows(push))["wr1"] == ("wecom", "task", "lilei", "skipped", "month_quota")


async def test_at_the_moment_of_sending_it_is_asked_again(town: dict[str, Group], clock: Clock) -> None:
    push = await drafted(clock, "区域A")
    await fill(push, ACCOUNTS, reach(clock()))
    waiting = await Recipient.filter(push_id=push.id, state="waiting").order_by("id")
    ids = {row.address: row.id for row in waiting}
    assert await excluded(list(ids.values()), reach(clock())) == await excluded([]) == {}
    await town["room"].leave(clock())
    await town["news"].learn(writable=False)
    await town["dealers"].learn(owner="")
    await Recipient.filter(id=ids["chat:team1"]).update(group_id=10**9)
    found = await excluded(list(ids.values()))
    assert found == {ids["-1"]: "gone", ids["-2"]: "not_writable", ids["wr1"]: "no_owner", ids["chat:team1"]: "gone"}


async def test_the_first_of_them_are_named(town: dict[str, Group]) -> None:
    assert await examples(["区域A"], ACCOUNTS, 2) == [f"Q{town['room'].id} 群-1", f"Q{town['news'].id} 群-2"]
    assert len(await examples(["all"], ACCOUNTS)) == group_reach.EXAMPLES
