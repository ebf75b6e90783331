"""Here lives what managers do with audiences: count, save, look at, delete; and what is told of each."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any

import pytest
from tortoise import connections

from domain.masses import AudiencesDue
from domain.own_events import DayEnded
from domain.permissions import Role
from handlers.context import House
from models import index
from models.aside import Reading
from models.audiences import Audience, AudienceSize
from models.changes import Actor
from models.dialogs import Dialog
from models.inbox import InboxEvent
from models.index import Index
from models.merges import Merge
from models.staff import Staff
from tests.clock import Clock
from tests.handlers.library import with_tags
from tests.handlers.massing import Meet, shanghai
from tests.handlers.phone import Phone
from tests.handlers.planning import commands_of
from tests.models.looking import here
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]


@pytest.fixture
def house(house: House) -> House:
    return with_tags(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


@pytest.fixture
async def emma(hire: Hire) -> Phone:
    return await hire("Emma", Role.MANAGER, "en")


async def test_a_rule_is_counted_by_channel_and_by_reachability(boss: Phone, meet: Meet) -> None:
    people = await shanghai(meet)
    first, channels, reached, named, _ = (await boss.say("人群 城市=上海")).splitlines()
    assert first.startswith("4 位客户：")
    assert "上海" in first
    assert channels == "渠道：企业微信 1、公众号 2"
    assert reached == "2 位能联系上；已删除 1；没有账号 1"
    assert named == "比如：" + "、".join(f"{each.short_id} {each.name}" for each in people)


async def test_in_english(emma: Phone, meet: Meet) -> None:
    await shanghai(meet)
    first, channels, reached, named, _ = (await emma.say("audience city=上海")).splitlines()
    assert first.startswith("4 customers: ")
    assert channels == "Channels: WeCom 1, Official account 2"
    assert reached == "2 can be reached; deleted us 1; no account 1"
    assert named.startswith("E.g. C")
    assert (await emma.say("audience city=Rome")).startswith("0 customers: ")
    assert "Saved: locals, 4 customers" in await emma.say("audience save locals = city=上海")
    assert "1. locals 4: " in await emma.say("audience")
    assert "Saved by Emma on 2026-03-02" in await emma.say("1")
    assert "is gone" in await emma.say("audience del locals")
    assert "There are no audiences here" in await emma.say("audience")


async def test_whoever_was_merged_counts_once(boss: Phone, meet: Meet, clock: Clock) -> None:
    one, other, *_ = await shanghai(meet)
    merge = await Merge.planned(one.id, other.id, "command", clock())
    await merge.join(Actor(None, "test", clock()))
    assert (await boss.say("人群 城市=上海")).startswith("3 位客户")


async def test_nobody(boss: Phone) -> None:
    assert (await boss.say("人群 城市=上海")).startswith("0 位客户：")
    assert commands_of_last(boss) == []


def commands_of_last(phone: Phone) -> list[str]:
    return [button.data for out in phone.sent for button in getattr(getattr(out, "content", None), "buttons", ())]


async def test_an_audience_is_saved_shown_used_and_deleted(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    saved = await boss.say("人群 存 本地 = 城市=上海")
    assert saved.splitlines()[0] == "存好了：本地，4 位客户"
    assert "@本地" in saved
    assert (await Audience.get()).staff_id == (await Staff.get()).id
    assert (await boss.say("人群 @本地")).startswith("4 位客户")
    assert (await boss.say("人群 @本地 且 渠道=企微")).startswith("1 位客户")
    shown = await boss.say("人群 本地")
    assert shown == await boss.say("人群 看 本地")
    assert shown.splitlines()[0] == "本地：4 位客户"
    assert "韩梅梅 2026-03-02 存的" in shown
    assert "1. 本地 4 位：" in await boss.say("人群")
    assert await boss.say("1") == shown
    assert (await boss.say("人群 删 本地")).startswith("人群「本地」删掉了，原来的规则是：\n")
    assert "没有叫「本地」的人群" in await boss.say("人群 看 本地")
    assert await AudienceSize.all().count() == 0


async def test_what_it_was_is_told_when_it_is_changed(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    await boss.say("人群 存 本地 = 城市=上海")
    changed = await boss.say("人群 存 本地 = 城市=北京")
    assert changed.startswith("改好了：本地，1 位客户")
    assert any(line.startswith("原来是：") and "上海" in line for line in changed.splitlines())
    assert [each.size for each in await AudienceSize.all()] == [1]
    await boss.say("人群 存 本地 = city=北京")
    assert [each.size for each in await AudienceSize.all()] == [1]
    assert (await Audience.get()).name == "本地"


async def test_the_name_may_come_later(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    await boss.say("人群 城市=上海")
    save = next(command for command in commands_of(boss) if command.startswith("audience save"))
    assert "叫什么名字" in await boss.press(save)
    assert (await boss.say("本地")).startswith("存好了：本地，4 位客户")


async def test_the_rule_may_come_later(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    assert "「本地」是哪些客户" in await boss.say("人群 存 本地")
    assert (await boss.say("城市=上海")).startswith("存好了：本地，4 位客户")


async def test_every_button_fits_and_an_old_one_says_so(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    await boss.say("人群 " + " 或 ".join(f"城市=上海{n}" for n in range(80)) + " 或 城市=上海")
    buttons = commands_of(boss)
    assert len(buttons) == 3
    assert all(len(data.encode()) <= 64 for data in buttons)
    assert "4 位客户" in await boss.press(buttons[0])
    await Dialog.all().delete()
    for data in buttons:
        assert "这个按钮太久了" in await boss.press(data)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("人群 存", "后面还差内容"),
        ("人群 看", "后面还差内容"),
        ("人群 存 城市 = 上海", "不能当人群的名字"),
        ("人群 存 C12 = 城市=上海", "不能当人群的名字"),
        ("人群 存 甲 = @甲", "甲"),
        ("人群 看 没有", "没有叫「没有」的人群"),
        ("人群 城市==", "^"),
        ("人群 城市=上海 且", "^"),
        ("人群 城氏=上海", "城市"),
        ("人群 #没有", "没有"),
    ],
)
async def test_mistakes_teach(boss: Phone, typed: str, told: str) -> None:
    assert told in await boss.say(typed)
    assert await Audience.all().count() == 0


async def test_sizes_are_counted_every_night_one_after_the_other(boss: Phone, meet: Meet, clock: Clock) -> None:
    await shanghai(meet)
    await boss.say("建标签 意向/高")
    await boss.say("人群 存 甲 = 城市=上海")
    await boss.say("人群 存 乙 = #高")
    await boss.say("人群 存 丙 = 城市=北京")
    await boss.say("删标签 高")
    await boss.say(f"确认 {commands_of(boss)[0].removeprefix('confirm ')}")
    clock.forward(days=1)
    await meet("孙八", city="上海")
    await boss.meet(DayEnded(clock(), date(2026, 3, 4)))
    for _ in range(4):
        row = await InboxEvent.filter(key__startswith="audiences:", state="waiting").order_by("id").first()
        assert row
        event = row.own()
        assert isinstance(event, AudiencesDue)
        await boss.meet(event)
        await InboxEvent.filter(id=row.id).update(state="done")
    assert not await InboxEvent.filter(key__startswith="audiences:", state="waiting").exists()
    told = {(each.audience_id, each.day): each.size for each in await AudienceSize.filter(day="2026-03-03")}
    assert sorted(told.values()) == [1, 5]
    clock.forward(days=1)
    assert "人数：03-02 4 → 03-03 5 → 03-04 5" in await boss.say("人群 看 甲")


async def test_of_two_who_save_at_once_the_second_sees_the_first(boss: Phone, emma: Phone, meet: Meet) -> None:
    await shanghai(meet)
    await boss.say("人群 存 甲 = 城市=上海")
    _, late = await overlapping(
        lambda: boss.say("人群 存 乙 = @甲 且 渠道=企微"), lambda: emma.say("audience save 甲 = @乙")
    )
    assert "made of itself" in late
    assert {row.name for row in await Audience.all()} == {"甲", "乙"}


async def test_a_list_has_pages(boss: Phone, meet: Meet) -> None:
    await shanghai(meet)
    for number in range(8):
        await boss.say(f"人群 存 第{number}群 = 城市=上海")
    listed = await boss.say("人群")
    assert len(listed.splitlines()) == 8
    assert listed.endswith("后面还有，发 更多")
    assert "第7群" in await boss.say("更多")


async def test_answers_fit_a_phone(boss: Phone, meet: Meet, clock: Clock) -> None:
    await shanghai(meet)
    await boss.say("人群 存 甲 = 城市=上海")
    audience = await Audience.get()
    for days in range(1, 30):
        await AudienceSize.note(audience.id, f"{clock() - timedelta(days=days):%Y-%m-%d}", 4)
    for typed in ("人群", "人群 甲", "人群 城市=上海", "画像 甲", "人群 存 甲 = 城市=北京"):
        assert len((await boss.say(typed)).splitlines()) <= 8, typed


async def test_help_still_fits_a_phone(hire: Hire) -> None:
    chief = await hire("老板", Role.ADMIN)
    answer = await chief.say("帮助")
    assert len(answer.splitlines()) <= 8
    assert "人群 · 人群模板 · 人群画像" in answer


class Slow:
    """A database that never comes to an end with customers."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading, name)

    async def numbers(self, sql: str, columns: str, *values: object) -> Any:
        if "FROM customer" in sql:
            raise TimeoutError
        return await self._reading.numbers(sql, columns, *values)


async def test_a_rule_that_takes_too_long_is_refused(boss: Phone, emma: Phone, meet: Meet) -> None:
    await meet("张三")
    kind, reading = here().kind, here().reading
    index._indexes[connections.get("reader")] = Index(kind, Slow(reading))  # type: ignore[arg-type]
    assert (await boss.say("人群 姓名~张")).startswith("查了 60 秒还没查完")
    assert (await emma.say("audience name~mia")).startswith("This rule takes too long")
    assert (await boss.say("人群 评分=0")).startswith("1 位客户")
