"""Here lives what must hold of every command, whatever stands behind it: there is an answer, and no failure."""

from collections.abc import Awaitable, Callable, Iterator

import pytest

from domain.commands import Command
from domain.permissions import Role
from handlers import router
from models.customers import Customer
from tests.handlers.phone import Phone
from tests.handlers.test_permissions import tried

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]

router.load()
LONGEST = 4_000
PIECES = ("长", "x", "1", "长 ", '"a=', "😀\u200b")  # NUL and halves of a surrogate pair are kept out at the door
WORDS = {  # what a command knows besides what it is aimed at
    "find": ("C1 page=",),
    "set": ("C1 phone=", "C1 birthday=", "C1 "),
    "snippets": ("add ", "add 报价 ", "show ", "del ", "page=", "报价 ", "C1 "),
    "tpl": ("add ", "add 双十一\n{{ ", "add 双十一 图片=", "add 双十一 模板消息=T1\n", "show ", "del ", "page="),
    "test": ("双十一 折扣=", "\n{{ 客户 }}", "链接=", "图片=https://a.cn/"),
    "takeover": ("C1 @",),
    "leads": ("@", "stage=", "via="),
    "assign": ("L1 @",),
    "tags": ("G", "group page="),
    "newtag": ("import ", "import\n", "group/", "group/tag note=", "group/tag via="),
    "edittag": ("G1 ", "G1 name=", "G1 group=", "G1 note=", "G1 via=", "意向/ name="),
    "deltag": ("G", "意向/"),
    "mergetags": ("G1 ", "G1 G2"),
    "todo": ("add ", "@", "T1 "),
    "log": ("@", "C"),
    "cancel": ("M", "M1 ", "P", "P1 "),
    "status": ("P", "P1 "),
    "approve": ("M", "M1 "),
    "reject": ("M", "M1 "),
    "merge": ("C1 C",),
    "rules": ("add ", "add 意向/高 when ", "add 意向/高 when name=", "R1 ", "edit R1 when "),
    "cron": ("every day 9:00 to=name~三\n", "0 9 * * 1 ", "每天 人群=", "每周", "off S", "S1 ", "send S1 "),
    "digest": ("on ", "每天"),
    "push": ("to=", "to=城市=上海 ", "to=@x tpl=", "to=name~三\n", "to=name~三 at=", "to=name~三 link="),
    "groups": ("Q1 ", "Q1 +", "Q1 labels -", "#", "add ", "add team1 ", "add team1 via=", "page="),
    "tag": ("C1 +", "C1 -", "C1 C2 +", "C1 C"),
}


def typed(command: Command, long: str) -> Iterator[str]:
    aimed = (f"{command.targets[0]}1 ",) if command.targets else ()
    for word in ("", *aimed, *WORDS.get(command.name, ())):
        yield f"{command.en[0]} {word}{long}"
    yield f"{command.en[0]} {long} C1"


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
async def test_whatever_stands_behind_a_verb_is_answered(hire: Hire, meet: Meet, piece: str) -> None:
    phone = await hire("李雷", Role.ADMIN)
    await meet("张三", owner="李雷")
    await meet("李四")
    await phone.say("待办 加 报价 C1")
    await phone.say("话术 加 报价 您好")
    await phone.say("建标签 意向/高 意向/低")
    long = (piece * LONGEST)[:LONGEST]
    for command in router.table().commands:
        for line in typed(command, long):
            async with tried():
                assert await phone.say(line), line[:60]
