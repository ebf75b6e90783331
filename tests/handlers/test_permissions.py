"""Who may run what, and on whose customers: every command of the table, for everybody, typed in a real chat."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from bot.database import transaction
from domain.commands import Command
from domain.errors import Refusal
from domain.messages import Text
from domain.permissions import Role
from handlers import router
from models.audit import AuditEntry
from models.customers import Customer
from models.messages import Message
from models.sql import select
from models.staff import Staff
from templates import render
from templates.terms import terms
from tests.clock import Clock
from tests.handlers.phone import Phone, heard

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]

router.load()
COMMANDS = router.table().commands
RISING = ("viewer", "sales", "manager", "admin")
SECRET = {"name": "秘密客户", "phone": "13812345678", "company": "机密公司"}
SAID = "只有负责人能看的话"
KEPT = (
    "customer",
    "identity",
    "lead",
    "note",
    "message",
    "task",
    "change",
    "plan",
    "merge",
    "searchable",
    "tagging",
    "tag",
    "tag_group",
)
ON_CUSTOMERS = [command for command in COMMANDS if set("CL") & set(command.targets)]


def may(role: str, command: Command) -> bool:
    return command.role is None or RISING.index(role) >= RISING.index(command.role.value)


def examples(command: Command) -> list[str]:
    """As the help shows it in both languages, and every alias alone."""
    shown = [line for language in ("zh-CN", "en") for line in terms(language)["commands"][command.name]["examples"]]
    return [*shown, *command.aliases]


class Undone(Exception):  # noqa: N818 - named for what happened
    """What was tried is forgotten."""


@asynccontextmanager
async def tried() -> AsyncIterator[None]:
    """Whatever is done inside has not been done."""
    with suppress(Undone):
        async with transaction():
            yield
            raise Undone


async def result(phone: Phone, typed: str) -> tuple[str, str]:
    """The answer, and what the trail tells of the last command."""
    answer = await phone.say(typed)
    entry = await AuditEntry.all().order_by("-number").first()
    assert entry is not None
    return answer, entry.result


async def rows() -> dict[str, list[dict[str, Any]]]:
    return {table: await select(f'SELECT * FROM "{table}" ORDER BY id') for table in KEPT}  # noqa: S608 - our own


def test_what_is_dangerous_or_writes_needs_more_than_reading() -> None:
    own = {"lang", "bind", "cancel", "digest"}  # these change nothing but what is one's own
    for command in COMMANDS:
        if command.tier == "danger":
            assert command.role in (Role.MANAGER, Role.ADMIN), command.name
        elif command.tier == "write" and command.name not in own:
            assert command.role is not None, command.name
            assert may(command.role.value, command), command.name
            assert not may("viewer", command), command.name


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_one_function_decides_for_every_face(command: Command) -> None:
    for role in RISING:
        staff = Staff(name="x", role=Role(role))
        if may(role, command):
            router.authorize(staff, command)
        else:
            with pytest.raises(Refusal) as caught:
                router.authorize(staff, command)
            assert command.role is not None
            assert caught.value.key == "refusals/denied"
            assert caught.value.values == {"command": command.name, "role": command.role.value}
    if command.role is not None:
        with pytest.raises(Refusal):
            router.authorize(None, command)


@pytest.mark.parametrize("role", RISING)
async def test_in_chat_everybody_runs_what_their_role_may_and_nothing_else(hire: Hire, role: str) -> None:
    phone = await hire("李雷", Role(role))
    before = await rows()
    for command in COMMANDS:
        for typed in examples(command):
            async with tried():
                answer, told = await result(phone, typed)
                if may(role, command):
                    assert told != "denied", typed
                elif told != "denied":  # what is not even understood is not run either
                    assert told in ("target_needed", "too_much", "wrong_target"), typed
                    assert await rows() == before, typed
                else:
                    needed = command.role.value if command.role else ""
                    assert answer == render("chat/zh-CN/refusals/denied.txt", command=command.name, role=needed)
                    assert await rows() == before, typed


async def unheard(phone: Phone, typed: str) -> None:
    """Not a command: the words of a customer, answered as such."""
    async with tried():
        await phone.say(typed)
        assert [message.text for message in await Message.filter(direction="in")] == [typed]
        assert await AuditEntry.all().count() == 0


async def test_a_strangers_commands_are_a_customers_words(stranger: Phone) -> None:
    for command in COMMANDS:
        for typed in examples(command):
            if not (command.name == "bind" and re.search(r"\d", typed)):
                await unheard(stranger, typed)


async def test_who_was_deactivated_is_a_stranger(hire: Hire) -> None:
    phone = await hire("李雷", Role.ADMIN)
    await Staff.all().update(active=False)
    for command in COMMANDS:
        if command.name != "bind":
            await unheard(phone, examples(command)[0])


async def test_who_is_demoted_may_less_at_once(hire: Hire) -> None:
    phone = await hire("李雷", Role.ADMIN)
    assert (await result(phone, "日志"))[1] == "done"
    await Staff.all().update(role=Role.VIEWER)
    assert (await result(phone, "日志"))[1] == "denied"


SEES = {  # of 李雷's customer, of nobody's, and of 韩梅梅's, who is in another team
    "李雷": (True, True, False),
    "王经理": (True, True, False),
    "总经理": (True, True, True),
    "管理员": (True, True, True),
    "Lucy": (True, True, True),
}
ROLES = {
    "李雷": Role.SALES,
    "王经理": Role.MANAGER,
    "总经理": Role.MANAGER,
    "管理员": Role.ADMIN,
    "Lucy": Role.VIEWER,
}
TEAMS = {"李雷": "华东", "王经理": "华东", "韩梅梅": "华南"}


@pytest.fixture
async def phones(hire: Hire, meet: Meet, clock: Clock) -> dict[str, Phone]:
    hired = {name: await hire(name, role) for name, role in {**ROLES, "韩梅梅": Role.SALES}.items()}
    for name, team in TEAMS.items():
        await Staff.filter(name=name).update(team=team)
    for owner in ("李雷", "", "韩梅梅"):
        customer = await meet(owner=owner, **SECRET)
        await heard(customer, Text(SAID), clock())
    return hired


def aimed(command: Command, target: str) -> list[str]:
    """What the help shows, at another target; and at what comes first."""
    shown = [line for line in examples(command) if re.search(r"\b[CL]\d+", line)]
    return [re.sub(r"\b[CL]\d+", target, line, count=1) for line in shown] + [f"{command.en[0]} {target}"]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        pytest.param(name, command, id=f"{ROLES[name].value}-{command.name}")
        for name in SEES
        for command in ON_CUSTOMERS
        if may(ROLES[name].value, command)
    ],
)
async def test_what_is_a_colleagues_is_neither_read_nor_changed(
    phones: dict[str, Phone], command: Command, name: str
) -> None:
    before = await rows()
    for number, sees in enumerate(SEES[name], 1):
        for typed in (line for kind in "CL" if kind in command.targets for line in aimed(command, f"{kind}{number}")):
            async with tried():
                answer, told = await result(phones[name], typed)
                if sees:
                    assert told not in ("denied", "taken"), typed
                else:
                    assert told != "done", typed
                    assert "韩梅梅" in answer or told not in ("taken", "claimed"), typed
                    assert not [word for word in (*SECRET.values(), SAID) if word in answer], typed
                    assert await rows() == before, typed


@pytest.mark.parametrize("typed", ["查 {}", "find {}", "看 {}", "聊天 {}", "记 {} 抢过来"])
@pytest.mark.parametrize("name", ["李雷", "王经理"])
async def test_searching_does_not_show_a_colleagues_customer(phones: dict[str, Phone], name: str, typed: str) -> None:
    await Customer.filter(id__in=[1, 2]).delete()
    before = await rows()
    for words in (*SECRET.values(), "C3", "L3", "5678"):
        answer = await phones[name].say(typed.format(words))
        assert not [secret for secret in (*SECRET.values(), SAID) if secret in answer.replace(f"「{words}」", "")], (
            words
        )
    assert await rows() == before
