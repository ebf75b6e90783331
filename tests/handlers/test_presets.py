"""Here lives what managers do with the audiences that are there from the start."""

from collections.abc import Awaitable, Callable

from domain.permissions import Role
from models.customers import Customer
from templates.presets import presets
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.handlers.planning import commands_of

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


async def test_they_are_listed_and_counted(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    old = await meet("张三")
    clock.forward(days=40)
    new = await meet("李四")
    listed = await boss.say("人群模板")
    assert len(listed.splitlines()) == 8
    assert "3. 沉默：超过 30 天没有动静" in listed
    shown = (await boss.say("3")).splitlines()
    assert shown[0] == "沉默：超过 30 天没有动静"
    assert shown[1].startswith("1 位客户：")
    assert shown[2] == f"比如：{old.short_id} 张三"
    assert "@沉默(days=30)" in shown[3]
    other = (await boss.say("人群模板 沉默(60)")).splitlines()
    assert other[0] == "沉默：超过 60 天没有动静"
    assert other[1].startswith("0 位客户：")
    assert (await boss.say("人群 新客")).startswith("1 位客户：")
    assert f"{new.short_id} 李四" in await boss.say("人群 @沉默(30) 或 @新客")
    assert "没有叫「沉没」的人群模板" in await boss.say("人群模板 沉没")
    assert "要写整数" in await boss.say("人群模板 沉默(很多)")


async def test_one_is_saved_under_a_name_of_its_own(hire: Hire, meet: Meet, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await meet("张三")
    clock.forward(days=70)
    await boss.say("人群模板 沉默(60)")
    await boss.press(commands_of(boss)[-1])
    assert "不能当人群的名字" in await boss.say("沉默")
    assert (await boss.say("人群 存 睡着了 = @沉默(60)")).startswith("存好了：睡着了，1 位客户")


async def test_every_one_of_them_can_be_asked_in_both_languages(hire: Hire, meet: Meet) -> None:
    boss, emma = await hire("韩梅梅", Role.MANAGER), await hire("Emma", Role.MANAGER, "en")
    await meet("张三")
    for preset in presets():
        for phone, language in ((boss, "zh-CN"), (emma, "en")):
            answer = await phone.say(f"presets {preset.titles[language]}")
            assert answer.startswith(preset.titles[language]), answer
            assert len(answer.splitlines()) <= 8
    assert "There is more" in await emma.say("presets")
    assert "1. " in await emma.say("more")
