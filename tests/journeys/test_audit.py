"""The trail: what colleagues typed, pressed and chose, what came of it, who reads it, and that it is proved."""

import asyncio
import sys
from pathlib import Path
from random import SystemRandom

from domain.commands import VEIL
from domain.permissions import Role
from models.audit import AuditEntry
from models.chain import verify
from tests.journeys.town import ADMIN, BOSS, Town
from tests.processes import ROOT

KEY = bytes(32)
LILEI, LUCY = "lilei", "20002"
MIA = 50001


async def told() -> list[tuple[str, str, str, str]]:
    rows = await AuditEntry.all().order_by("number")
    return [(row.typed, row.understood, row.subjects, row.result) for row in rows]


async def proved(folder: Path) -> tuple[int, str]:
    """`guanxi audit verify` beside the running server: exit code, and everything it says."""
    words = ["-m", "bot", "audit", "verify", "-c", f"{folder}/config.yaml"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    return process.returncode or 0, (out + err).decode()


async def test_whatever_was_asked_for_is_in_the_trail_and_is_proved(town: Town, tmp_path: Path) -> None:
    await town.hire("李雷", Role.SALES, wecom=LILEI)
    for number in (1, 2):
        await town.telegram.user_says(MIA + number, "hello", first_name="Mia", last_name=f"No{number}")
    await town.settled()
    await town.member_says("记：Ｃ1　怕贵", LILEI)
    await town.member_says("看 C99", LILEI)
    await town.member_says("日志 C1", LILEI)
    await town.member_says("聊天 Mia", LILEI)
    await town.member_says("1", LILEI)
    await town.member_says("回复 C1", LILEI)
    await town.member_says("您好", LILEI)
    for _ in range(2):
        await town.telegram.press(int(ADMIN), 1, "show C1")
        await town.settled()
    found = await told()
    assert found[:4] == [
        ("记：Ｃ1　怕贵", "note C1 怕贵", "C1", "done"),
        ("看 C99", "show C99", "C99", "no_such_id"),
        ("日志 C1", "log C1", "", "denied"),
        ("聊天 Mia", "talk Mia", "", "done"),
    ]
    assert (found[4][0], found[4][1][:6], found[4][3]) == ("1", "talk C", "done")
    assert [row[::3] for row in found[5:]] == [("回复 C1", "done"), ("您好", "done"), ("show C1", "done")]
    assert found[6][1] == "reply C1\n您好"
    code, words = await proved(tmp_path)
    assert (code, words.split()[:2]) == (0, ["entries", "8"])
    await AuditEntry.filter(number=3).update(result="done")
    code, words = await proved(tmp_path)
    assert code == 1
    assert words.startswith("entry 3 is not as it was written")


async def test_an_administrator_reads_it_in_both_chats_and_languages(town: Town) -> None:
    await town.hire("李雷", Role.SALES, wecom=LILEI)
    await town.telegram.user_says(MIA, "hello", first_name="Mia")
    await town.settled()
    await town.member_says("改 C1 公司=新公司", LILEI)
    for says, log in ((town.member_says, "日志"), (town.staff_says, "操作记录"), (town.staff_says, "log")):
        if log == "log":
            await town.staff_says("lang en")
        about = (await says(f"{log} C1")).splitlines()
        assert len(about) == 3
        assert sum("→ 新公司" in line for line in about) == 1
        assert sum("李雷 改 C1 公司=新公司" in line for line in about) == 1
        assert "C1 公司=新公司" in await says(f"{log} {'@lilei today' if log == 'log' else '@李雷 今天'}")
        for _ in range(4):
            await says("whoami")
        assert len((await says(log)).splitlines()) == 8
        assert "C1" in await says("more" if log == "log" else "更多")
    assert (await verify(KEY)).fault is None


async def test_codes_are_not_in_the_trail(town: Town) -> None:
    await town.hire("李雷", Role.SALES, wecom=LILEI)
    lucy = await town.hire("Lucy", Role.SALES)
    code = await lucy.issue_code(town.clock(), SystemRandom())
    town.telegram.person(int(LUCY), first_name="Lucy").has_started = True
    await town.member_says(f"绑定 {code}", LILEI)
    await town.staff_says(f"bind {code}", LUCY)
    await town.member_says("确认 7K3F", BOSS)
    assert [row[:2] for row in await told()] == [
        (f"绑定 {VEIL}", f"bind {VEIL}"),
        (f"bind {VEIL}", f"bind {VEIL}"),
        (f"确认 {VEIL}", f"confirm {VEIL}"),
    ]
    assert (await AuditEntry.get(number=2)).staff_id == lucy.id
