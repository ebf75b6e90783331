"""Here lives what help shows, and to whom."""

from collections.abc import Awaitable, Callable

import pytest

from domain.permissions import Role
from handlers import router
from handlers.menus import menu
from templates import LANGUAGES
from templates.terms import terms
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]


async def test_help_lists_what_one_may_run(hire: Hire) -> None:
    answer = await (await hire("李雷")).say("帮助")
    assert "客户：查 · 看 · 聊天 · 回复 · 记 · 改 · 话术 · 接手 · 交回 · 群\n" in answer
    assert "\n线索和待办：线索 · 领 · 跟进 · 放 · 待办 · 完成 · 改期\n" in answer
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


async def test_above_an_administrator_there_is_nobody(hire: Hire) -> None:
    sales, lucy = await hire("李雷"), await hire("Lucy", language="en")
    assert await sales.say("合并 C1 C2") == "「把同一个人的两位客户合成一位」要管理员才能用。需要的话请找管理员。"
    assert await lucy.say("merge C1 C2") == "That needs an administrator (make two customers who are one person one)."
    boss, english = await hire("老板", Role.ADMIN), await hire("Boss", Role.ADMIN, "en")
    assert (await boss.say("帮助 合并")).endswith("需要的身份：管理员")
    assert (await english.say("help merge")).endswith("For: administrator")


async def test_only_where_a_name_works_it_is_asked_for(hire: Hire) -> None:
    boss = await hire("老板", Role.ADMIN)
    for typed, asked in (
        ("撤销合并", "合并编号（如 M3）。"),
        ("批准", "客户编号（如 C12）。"),
        ("完成", "待办编号（如 T5），或者内容里的词。"),
        ("看", "线索编号（如 L8），或者名字。"),
    ):
        assert (await boss.say(typed)).splitlines()[0].endswith(asked)
    await boss.say("语言 英文")
    for typed, asked in (
        ("unmerge", "a merge (M3)."),
        ("done", "a to-do (T5), or a word of it."),
        ("show", "a lead (L8), or a name."),
    ):
        assert (await boss.say(typed)).splitlines()[0].endswith(asked)


async def test_help_for_an_unknown_command_teaches(hire: Hire) -> None:
    assert "你是想说 聊天" in await (await hire("李雷")).say("帮助 聊添")


async def test_help_speaks_the_persons_language(hire: Hire) -> None:
    answer = await (await hire("Lucy", language="en")).say("help")
    assert "Customers: find · show · talk · reply · note · set" in answer


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
