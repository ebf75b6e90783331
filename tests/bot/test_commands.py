"""Here lives the proof that the command line does what it says, and says in one line what it could not do."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from bot.__main__ import run
from domain.codes import code_in

KEY = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="
TELEGRAM = {"name": "tg", "kind": "telegram", "token": "'1:x'", "mode": "polling", "api_base": "http://127.0.0.1:9"}
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Type words after `guanxi`; gives exit code, stdout and stderr."""

    def type_words(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return type_words


def written(folder: Path, database_url: str, more: str = "") -> Path:
    file = folder / "config.yaml"
    channel = ", ".join(f"{key}: {value}" for key, value in TELEGRAM.items())
    file.write_text(
        f"secret_key: {KEY}\nlanguage: en\ndatabase: {{url: '{database_url}'}}\nchannels: [{{{channel}}}]\n{more}",
        "utf-8",
    )
    return file


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    return written(tmp_path, database_url)


LEVELS = [[], ["serve"], ["demo"], ["sandbox"], ["check"], ["version"], ["db"], ["db", "upgrade"], ["db", "status"]]
LEVELS += [["db", "copy"], ["staff"], ["staff", "add"], ["staff", "list"], ["staff", "bind-code"]]
LEVELS += [["staff", word] for word in ("deactivate", "activate", "role", "team")]
GROUPS = ("db", "staff", "audit", "orders", "events")
LEVELS += [["audit"], ["audit", "verify"], ["orders"], ["orders", "import"], ["events"], ["events", "import"]]


@pytest.mark.parametrize("level", LEVELS, ids=" ".join)
def test_every_level_has_help(say: Say, level: list[str]) -> None:
    code, out, err = say(*level, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(" ".join(["Usage: guanxi", *level]))


@pytest.mark.parametrize(
    "level", [level for level in LEVELS[1:] if level not in (["version"], *([group] for group in GROUPS))], ids=" ".join
)
def test_every_command_takes_a_config(say: Say, level: list[str]) -> None:
    assert "-c, --config" in say(*level, "--help")[1]


def test_the_version_is_told(say: Say) -> None:
    code, out, _ = say("version")
    assert code == 0
    assert re.fullmatch(r"guanxi \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nonsense"], "No such command 'nonsense'; see `guanxi --help`"),
        (["db", "upgrade", "--nonsense"], "No such option: --nonsense; see `guanxi db upgrade --help`"),
        (["db", "copy", "sqlite://x"], "Missing argument 'target'; see `guanxi db copy --help`"),
        (["staff", "add", "--name", "x"], "Missing option '--role'"),
        (["staff", "add", "--name", "x", "--role", "boss"], "Invalid value for '--role'"),
        (["staff", "add", "--name", "x", "--role", "sales", "--channel", "tg"], "--channel and --account go together"),
        (["staff", "add", "--name", " ", "--role", "sales"], "--name is empty"),
        (["serve", "--roles", "web,nonsense"], "--roles takes web, worker, scheduler, separated by commas"),
        (["serve", "--roles", ","], "--roles takes web, worker, scheduler, separated by commas"),
        (["demo", "--port", "0"], "Invalid value for '--port'"),
    ],
)
def test_wrong_usage_is_two_and_one_line(say: Say, words: list[str], told: str) -> None:
    code, out, err = say(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_nothing_typed_shows_the_help(say: Say) -> None:
    code, _, err = say()
    assert code == 2
    assert err.startswith("Usage: guanxi")


@pytest.mark.parametrize("words", [["check"], ["serve"], ["demo"], ["db", "status"], ["staff", "list"]], ids=" ".join)
def test_a_missing_config_is_told(say: Say, tmp_path: Path, words: list[str]) -> None:
    code, _, err = say(*words, "-c", tmp_path / "nowhere.yaml")
    assert (code, err.count("\n")) == (1, 1)
    assert "there is no such file" in err


def test_debug_shows_where_it_came_from(say: Say, tmp_path: Path) -> None:
    assert "Traceback" not in say("db", "status", "-c", tmp_path / "nowhere.yaml")[2]
    assert "Traceback" in say("db", "status", "--debug", "-c", tmp_path / "nowhere.yaml")[2]


def test_a_database_that_does_not_open_is_one_line(say: Say, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    file = written(tmp_path, "sqlite://taken/x.db")
    code, _, err = say("staff", "list", "-c", file)
    assert (code, err.count("\n")) == (1, 1)
    assert "cannot be used" in err


def nothing_there() -> None:
    [].pop()


@pytest.mark.parametrize(("words", "traceback"), [([], False), (["--debug"], True)])
def test_what_nobody_expects_is_one_line_too(
    capsys: pytest.CaptureFixture[str], words: list[str], traceback: bool
) -> None:
    program = typer.Typer()
    program.command()(nothing_there)
    assert run(words, program) == 1
    err = capsys.readouterr().err
    assert re.match(r"unexpected IndexError at \w+\.py:\d+; say it again with --debug for more$", err.splitlines()[-1])
    assert (err.count("\n") > 1, "Traceback" in err) == (traceback, traceback)


def test_the_database_is_up_to_date(say: Say, config: Path) -> None:
    assert say("db", "upgrade", "-c", config)[:2] == (0, "nothing to do, the database is up to date\n")
    code, out, _ = say("db", "status", "-c", config)
    assert code == 0
    assert out.startswith("applied  0001_")
    assert "pending" not in out


def test_a_copy_of_what_is_not_there_is_one_line(say: Say, tmp_path: Path) -> None:
    code, out, err = say("db", "copy", "sqlite://x.db", "postgres://127.0.0.1:1/x", "-c", tmp_path / "config.yaml")
    assert (code, out, err) == (1, "", f"there is no database {tmp_path}/x.db\n")


def test_a_person_is_added_listed_and_given_a_code(say: Say, config: Path) -> None:
    account = ["--channel", "tg", "--account", "10001"]
    assert say("staff", "add", "--name", "李雷", "--role", "manager", *account, "-c", config)[0] == 0
    code, out, _ = say("staff", "list", "-c", config)
    assert code == 0
    assert out.splitlines()[1].split() == ["1", "李雷", "manager", "-", "-", "yes", "tg:10001"]
    code, out, _ = say("staff", "bind-code", "李雷", "-c", config)
    assert code == 0
    assert code_in(out) == out.strip()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--name", "李雷", "--role", "sales"], "there is already somebody called 李雷"),
        (["--name", "韩梅", "--role", "sales", "--channel", "tg", "--account", "10001"], "already bound to 李雷"),
    ],
)
def test_nobody_is_added_twice(say: Say, config: Path, words: list[str], told: str) -> None:
    account = ["--channel", "tg", "--account", "10001"]
    say("staff", "add", "--name", "李雷", "--role", "manager", *account, "-c", config)
    code, _, err = say("staff", "add", *words, "-c", config)
    assert (code, err.count("\n")) == (1, 1)
    assert told in err
    assert len(say("staff", "list", "-c", config)[1].splitlines()) == 2


def test_an_account_needs_a_channel_that_there_is(say: Say, config: Path) -> None:
    words = ["--name", "x", "--role", "sales", "--channel", "fax", "--account", "1"]
    code, _, err = say("staff", "add", *words, "-c", config)
    assert code == 2
    assert "there is no channel fax; there are: tg" in err


@pytest.mark.parametrize("account", ["notanumber", "@mia", "-10001", "１０００１"])
def test_a_person_on_telegram_is_a_number(say: Say, config: Path, account: str) -> None:
    words = ["--name", "x", "--role", "sales", "--channel", "tg", f"--account={account}"]
    code, _, err = say("staff", "add", *words, "-c", config)
    assert (code, err.count("\n")) == (2, 1)
    assert "--account: expected a Telegram number, digits only" in err
    assert len(say("staff", "list", "-c", config)[1].splitlines()) == 1


def test_a_code_for_nobody_names_the_nearest(say: Say, config: Path) -> None:
    say("staff", "add", "--name", "Li Lei", "--role", "sales", "-c", config)
    assert "did you mean Li Lei?" in say("staff", "bind-code", "Li Lai", "-c", config)[2]
    assert "see `guanxi staff list`" in say("staff", "bind-code", "王", "-c", config)[2]


def test_the_check_tells_what_is_wrong_and_how_to_mend_it(say: Say, config: Path) -> None:
    code, out, _ = say("check", "-c", config)
    told = {line.split()[0]: line for line in out.splitlines()}
    assert code == 1
    assert "✓" in told["database"]
    assert "✗" in told["tg"]
    assert "The platform cannot be reached" in told["tg"]


def test_the_check_speaks_the_language_of_the_house(say: Say, config: Path) -> None:
    config.write_text(config.read_text("utf-8").replace("language: en", "language: zh-CN"), "utf-8")
    assert "连不上平台" in say("check", "-c", config)[1]


def test_all_is_well_without_a_channel(say: Say, config: Path) -> None:
    config.write_text(re.sub("(?m)^channels: .*$", "channels: []", config.read_text("utf-8")), "utf-8")
    code, out, _ = say("check", "-c", config)
    assert (code, out.count("✓"), out.count("✗")) == (0, 2, 0)


def test_the_check_goes_on_when_the_database_does_not_open(say: Say, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    code, out, _ = say("check", "-c", written(tmp_path, "sqlite://taken/x.db"))
    assert code == 1
    assert "check database.url" in out
    assert "The platform cannot be reached" in out
