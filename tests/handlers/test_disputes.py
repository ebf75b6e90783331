"""What was changed differently on both sides is for a manager to decide, once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from channels import tag_limits
from domain.messages import OutboundMessage, words
from domain.outgoing import TagEdit
from domain.permissions import Role
from domain.tags import Shape, TagRules
from handlers.context import House
from models.sync import Binding
from models.tags import Tag
from models.tasks import Task
from tests.clock import Clock
from tests.handlers.library import paths
from tests.handlers.phone import Phone
from tests.handlers.readings import Platform

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    limits = tag_limits("wecom")
    assert limits
    return replace(house, tags={"wecom": TagRules(limits, "ask")})


@pytest.fixture
def wecom(house: House, clock: Clock) -> Platform:
    return Platform(house, clock)


async def disputed(wecom: Platform) -> int:
    """Renamed on both sides, where people are asked; the number of the dispute."""
    wecom.add("意向", "高", "低")
    await wecom.read()
    await Tag.filter(name="高").update(name="很高")
    wecom.rename("高", "最高")
    await wecom.read()
    return int((await Binding.get(account="wecom", theirs__not_isnull=True)).id)


@pytest.mark.parametrize(("typed", "left"), [("同步 取 {} 这边", "很高"), ("sync take {} theirs", "最高")])
async def test_a_dispute_is_decided_by_a_manager(wecom: Platform, hire: Hire, typed: str, left: str) -> None:
    boss = await hire("经理", Role.MANAGER)
    number = await disputed(wecom)
    (alert,) = [out for out in wecom.sent if isinstance(out, OutboundMessage)]
    assert "这边「很高」，企业微信「最高」" in words(alert.content)
    assert [each.data for each in getattr(alert.content, "buttons", ())] == [
        f"sync take {number} ours",
        f"sync take {number} theirs",
    ]
    (task,) = await Task.filter(state="open")
    assert f"标签冲突 {number}：" in task.text
    await wecom.read()
    assert (wecom.sent, await Task.all().count()) == ([], 1)  # asked once
    assert left in await boss.say(typed.format(number))
    assert f"意向/{left}" in await paths()
    edits = [out for out in boss.sent if isinstance(out, TagEdit)]
    assert [edit.name for edit in edits] == (["很高"] if left == "很高" else [])
    assert (await Task.get(id=task.id)).state == "done"
    assert await Binding.filter(theirs__not_isnull=True).count() == 0
    assert "没有编号" in await boss.say(typed.format(number))


@pytest.mark.parametrize(("side", "told"), [("这边", "待同步"), ("那边", "已同步")])
async def test_what_failed_before_somebody_chose_is_over(wecom: Platform, hire: Hire, side: str, told: str) -> None:
    boss = await hire("经理", Role.MANAGER)
    number = await disputed(wecom)
    await Binding.filter(id=number).update(reason="name_too_long")
    boss.house = wecom.house
    await boss.say(f"同步 取 {number} {side}")
    assert f"企业微信：{told}" in await boss.say("标签 很高" if side == "这边" else "标签 最高")
    assert "失败" not in await boss.say("同步")
    await wecom.carry_out()
    assert "企业微信：已同步" in await boss.say("标签 很高" if side == "这边" else "标签 最高")


async def test_what_failed_here_is_over_once_the_platform_has_it_so(wecom: Platform) -> None:
    wecom.add("意向", "高")
    await wecom.read()
    await Tag.filter(name="高").update(name="很高")
    await Binding.filter(level="tag").update(reason="name_too_long")
    wecom.rename("高", "很高")
    await wecom.read()
    row = await Binding.get(level="tag")
    assert (row.reason, (row.agreed or {})["name"]) == ("", "很高")


async def test_a_dispute_that_is_no_more_is_over_by_itself(wecom: Platform, hire: Hire) -> None:
    await hire("经理", Role.MANAGER)
    await disputed(wecom)
    wecom.tags["t-高"] = Shape("很高", "g-意向")
    await wecom.read()
    assert await Binding.filter(theirs__not_isnull=True).count() == 0
    assert await Task.filter(state="open").count() == 0
    assert wecom.sent == []


async def test_many_disputes_are_one_message(wecom: Platform, hire: Hire) -> None:
    boss = await hire("Lucy", Role.MANAGER, language="en")
    wecom.add("意向", *(f"档{n}" for n in range(6)))
    await wecom.read()
    for n in range(6):
        await Tag.filter(name=f"档{n}").update(name=f"级{n}")
        wecom.rename(f"档{n}", f"层{n}")
    await wecom.read()
    (alert,) = [out for out in wecom.sent if isinstance(out, OutboundMessage)]
    assert words(alert.content) == 'WeCom "wecom": 6 tags were changed on both sides\nOne by one: sync conflicts'
    assert '意向/级0: "级0" here, "层0" in WeCom' in await boss.say("sync conflicts")
