"""Here lives the proof that people are let in, moved and let go at the command line, with or without a server."""

import asyncio
from pathlib import Path

import pytest

from bot.database import opened
from domain.messages import CommandMenu, OutboundMessage, words
from models.audit import AuditEntry
from models.customers import Customer
from models.outbox import OutboxItem
from models.staff import Staff
from tests.bot.test_commands import Say, config, say, written
from tests.clock import Clock

__all__ = ["config", "say"]
ADD = ("staff", "add", "--name")


@pytest.fixture
def people(say: Say, config: Path) -> Path:
    """A house with an administrator and somebody in sales, both on Telegram; its settings."""
    for number, name, role in ((1, "管理员", "admin"), (2, "李雷", "sales")):
        account = ("--channel", "tg", "--account", number, "-c", config)
        assert say(*ADD, name, "--role", role, *account)[0] == 0
    return config


async def outgoing(url: str) -> list[object]:
    async with opened(url):
        return [item.outgoing for item in await OutboxItem.all().order_by("id")]


def test_a_role_a_team_and_access(say: Say, people: Path) -> None:
    for words_, told in (
        (["role", "李雷", "manager"], "李雷 is manager now\n"),
        (["team", "李雷", "华东"], "李雷 is in team 华东 now\n"),
        (["deactivate", "李雷"], "李雷 has no access any more\n"),
        (["deactivate", "李雷"], "nothing to do, 李雷 has no access\n"),
    ):
        assert say("staff", *words_, "-c", people) == (0, told, "")
    listed = say("staff", "list", "-c", people)[1].splitlines()
    assert listed[0].split() == ["id", "name", "role", "team", "language", "active", "accounts"]
    assert listed[2].split() == ["2", "李雷", "manager", "华东", "-", "no", "tg:2"]
    assert "nobody active is called 李雷" in say("staff", "bind-code", "李雷", "-c", people)[2]
    assert say("staff", "activate", "李雷", "-c", people)[1] == "李雷 is active again\n"
    assert say("staff", "activate", "李雷", "-c", people)[1] == "nothing to do, 李雷 is active\n"
    assert say("staff", "team", "李雷", "-c", people)[1] == "李雷 is in no team now\n"
    assert say("staff", "list", "-c", people)[1].splitlines()[2].split()[2:6] == ["manager", "-", "-", "yes"]


@pytest.mark.parametrize("command", [["deactivate"], ["activate"], ["team"], ["role"]], ids=" ".join)
def test_nobody_of_that_name(say: Say, people: Path, command: list[str]) -> None:
    more = ["sales"] if command == ["role"] else []
    code, out, err = say("staff", *command, "管理圆", *more, "-c", people)
    assert (code, out, err) == (1, "", "nobody is called 管理圆; did you mean 管理员?\n")


def test_a_role_that_there_is_not(say: Say, people: Path) -> None:
    code, _, err = say("staff", "role", "李雷", "boss", "-c", people)
    assert (code, err.count("\n")) == (2, 1)


def test_a_team_from_the_beginning(say: Say, config: Path) -> None:
    say(*ADD, "李雷", "--role", "manager", "--team", " 华东 ", "-c", config)
    assert say("staff", "list", "-c", config)[1].splitlines()[1].split()[3] == "华东"


async def test_who_is_let_go_is_out_and_managers_are_told(
    say: Say, people: Path, database_url: str, clock: Clock
) -> None:
    async with opened(database_url):
        await Customer.create(name="张三", owner_id=2, created_at=clock(), seen_at=clock())
        before = await OutboxItem.all().count()
    code, _, _ = await _elsewhere(say, "staff", "deactivate", "李雷", "-c", people)
    assert code == 0
    menu, alert = (await outgoing(database_url))[before:]
    assert isinstance(menu, CommandMenu)
    assert (menu.to.id, menu.commands) == ("2", ())
    assert isinstance(alert, OutboundMessage)
    assert alert.to.id == "1"
    assert words(alert.content).splitlines()[1] == "Still in that name: 1 customer: C1 张三"
    async with opened(database_url):
        assert not (await Staff.get(name="李雷")).active


async def test_every_change_offers_the_menu_of_the_role(say: Say, people: Path, database_url: str) -> None:
    assert (await _elsewhere(say, "staff", "role", "李雷", "viewer", "-c", people))[0] == 0
    *_, sales, viewer = [out for out in await outgoing(database_url) if isinstance(out, CommandMenu)]
    assert (sales.to.id, viewer.to.id) == ("2", "2")
    assert "note" in dict(sales.commands)
    assert "note" not in dict(viewer.commands)


async def test_the_trail_tells_what_was_typed(say: Say, people: Path, database_url: str) -> None:
    await _elsewhere(say, "staff", "role", "李雷", "manager", "-c", people)
    async with opened(database_url):
        entries = await AuditEntry.all().order_by("number")
    assert [entry.typed for entry in entries] == [
        "staff add 管理员 admin",
        "staff add 李雷 sales",
        "staff role 李雷 manager",
    ]
    assert {(entry.staff_id, entry.staff_name) for entry in entries} == {(None, "guanxi")}
    assert (await _elsewhere(say, "audit", "verify", "-c", people))[0] == 0


def test_a_team_in_the_settings(say: Say, tmp_path: Path, database_url: str) -> None:
    file = written(tmp_path, database_url, "staff: [{name: 李雷, role: manager, team: [x]}]")
    code, _, err = say("staff", "list", "-c", file)
    assert code == 1
    assert "team" in err


async def _elsewhere(say: Say, *words_: object) -> tuple[int, str, str]:
    """In a thread, because a command has an event loop of its own."""
    return await asyncio.to_thread(say, *words_)
