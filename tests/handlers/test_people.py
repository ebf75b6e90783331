"""Here lives the proof that a colleague is found by what is typed after an @, or that it is said why not."""

from collections.abc import Awaitable, Callable

import pytest

from domain.errors import Refusal
from handlers.people import person
from models.staff import Staff
from templates import render
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]


async def refused(typed: str, language: str = "zh-CN") -> str:
    with pytest.raises(Refusal) as caught:
        await person(typed)
    return render(f"chat/{language}/{caught.value.key}.txt", **caught.value.values)


async def test_one_who_fits(hire: Hire) -> None:
    await hire("李雷")
    await hire("韩梅梅")
    assert (await person("@lilei")).name == "李雷"
    assert (await person("梅梅")).name == "韩梅梅"


async def test_several_are_told_apart_by_more_of_the_name(hire: Hire) -> None:
    for name in ("李雷", "李蕾", "李磊"):
        await hire(name)
    assert await refused("@lilei") == "叫「lilei」的同事不止一位：李雷、李蕾、李磊\n请写全名字，例如：@李雷"
    assert "李雷, 李蕾, 李磊" in await refused("@lilei", "en")


async def test_nobody_and_who_left(hire: Hire) -> None:
    await hire("李雷")
    await hire("李雷雷")
    await Staff.filter(name="李雷").update(active=False)
    assert "没有叫「赵六」的同事" in await refused("@赵六")
    assert await refused("@李雷") == "李雷 的账号已停用，请换一位同事。"
    assert (await person("@李")).name == (await person("@李", left=True)).name == "李雷雷"
    assert (await person("@李雷", left=True)).name == "李雷"
