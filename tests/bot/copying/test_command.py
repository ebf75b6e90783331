"""`guanxi db copy` says what it does while it does it, and at the end what came of it."""

import asyncio
import os
import pty
import subprocess
import sys
from collections.abc import Callable

import pytest

from bot.__main__ import run as typed
from tests.bot.copying.installation import File, asked, is_marked
from tests.processes import ROOT

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], source: File, target: str) -> Say:
    def type_words() -> tuple[int, str, str]:
        code = typed(["db", "copy", f"sqlite://{source.path.name}", target, "-c", f"{source.path.parent}/config.yaml"])
        return code, *capsys.readouterr()

    return type_words


def test_the_command_shows_what_it_did(say: Say, source: File) -> None:
    source.do("UPDATE note SET text = char(0) WHERE id = 1")
    code, out, err = say()
    lines = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert "copying customer  5,000 of 5,000" in out
    row = next(line for line in lines if line[0] == "customer")
    assert (row[1], len(row[2]), row[3]) == ("5,000", 24, "✓")
    assert "note.text: NUL characters left out of 1 values" in out
    assert say()[0] == 1


def test_a_difference_ends_in_one(say: Say, target: str) -> None:
    asyncio.run(
        asked(
            target,
            "CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name = 'x'; RETURN NEW; END $$",
        )
    )
    asyncio.run(asked(target, "CREATE TRIGGER odd BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION odd()"))
    code, out, err = say()
    assert code == 1
    assert next(line for line in out.splitlines() if line.startswith("customer")).split()[-1] == "✗"
    assert err == "the copy is not the same in customer; copy again, into a fresh database\n"
    assert asyncio.run(is_marked(target))


def test_who_watches_sees_a_bar(source: File, target: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bot", "db", "copy", source.url, target]
    with subprocess.Popen(command, cwd=ROOT, stdout=theirs, env=os.environ | {"TERM": "xterm"}) as process:
        os.close(theirs)
        seen = b"".join(iter(lambda: part(ours), b""))
    os.close(ours)
    assert process.returncode == 0
    assert "━".encode() in seen
    assert b"copying customer" in seen


def part(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when nobody writes any more
        return b""
