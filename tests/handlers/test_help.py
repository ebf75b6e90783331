"""Here lives what help shows, and to whom."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from handlers import router
from handlers.help import menu
from templates import LANGUAGES
from templates.terms import terms
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]


async def test_help_lists_what_one_may_run(hire: Hire) -> None:
    answer = await (await hire("李雷")).say("帮助")
    assert "客户：查 · 看 · 聊天 · 记 · 回复" in answer
    assert len(answer.splitlines()) <= 8


async def test_help_hides_what_one_may_not_run(hire: Hire) -> None:
    answer = await (await hire("小王", Role.VIEWER)).say("帮助")
    assert "客户：查 · 看 · 聊天\n" in answer


async def test_help_for_one_command(hire: Hire) -> None:
    answer = await (await hire("李雷")).say("帮助 回")
    assert answer.splitlines() == [
        "回复：回复客户，换行可以写长文",
        "写法：回复 客户 内容",
        "例：回复 C12 您好，报价单稍后发您",
        "也可以说：回、答复、reply",
        "需要的身份：销售以上",
    ]


async def test_help_for_what_one_may_not_run_names_the_role(hire: Hire) -> None:
    assert "要销售以上" in await (await hire("小王", Role.VIEWER)).say("帮助 记")


async def test_help_for_an_unknown_command_teaches(hire: Hire) -> None:
    assert "你是想说 聊天 吗" in await (await hire("李雷")).say("帮助 聊添")


async def test_help_speaks_the_persons_language(hire: Hire) -> None:
    answer = await (await hire("Lucy", language="en")).say("help")
    assert "Customers: find · show · talk · note · reply" in answer


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_is_explained_and_its_examples_work(language: str) -> None:
    router.load()
    lines = terms(language)["commands"]
    for row in router.table().commands:
        assert set(lines[row.name]) == {"help", "usage", "examples"}
        for example in lines[row.name]["examples"]:
            assert router.parse(example, router.table()).command is row


def test_a_menu_is_for_a_role() -> None:
    router.load()
    names = [name for name, _ in menu("en", Role.VIEWER)]
    assert "find" in names
    assert "reply" not in names
