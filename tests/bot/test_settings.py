"""Here lives the proof that config.yaml is understood, and that its faults are told without their values."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from bot.configuration import load
from bot.problems import BadSettings

HOUSE = Path(__file__).parents[2]
KEY = "GUANXI_SECRET_KEY"
ENV = {
    KEY: "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "WECOM_SECRET": "wecom-secret",
    "WECOM_TOKEN": "wecomtoken",
    "WECOM_AES_KEY": "a" * 43,
    "WECHAT_APP_SECRET": "wechat-secret",
    "WECHAT_TOKEN": "wechattoken",
    "TELEGRAM_TOKEN": "10001:telegram-token",
    "TELEGRAM_WEBHOOK_SECRET": "webhook-secret",
}
TELEGRAM = """
channels:
  - {name: tg, kind: telegram, token: "1:x", mode: polling}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def faults(file: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    """The lines of BadSettings, without the name of the file."""
    file.write_text(text, "utf-8")
    with pytest.raises(BadSettings) as caught:
        load(file, {KEY: ENV[KEY]} if env is None else env)
    return [line.removeprefix(f"{file}:") for line in caught.value.lines]


def test_the_example_works_as_it_is() -> None:
    settings = load(HOUSE / "config.yaml", ENV)
    assert [(channel.name, channel.kind) for channel in settings.channels] == [
        ("wecom", "wecom"),
        ("official", "wechat"),
        ("telegram", "telegram"),
    ]
    assert settings.key == b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
    assert settings.push.quiet_hours == (time(22), time(8))
    assert settings.push.per_customer == (1, timedelta(days=7))
    assert settings.push.late_grace == timedelta(minutes=30)
    assert settings.staff[0].accounts == {"wecom": "admin-userid", "telegram": "10001"}
    assert settings.replies.keywords[0].words == ("价格", "多少钱", "price")


def test_the_example_tells_every_default(file: Path) -> None:
    file.write_text("secret_key: ${GUANXI_SECRET_KEY}\n", "utf-8")
    minimal, example = load(file, ENV), load(HOUSE / "config.yaml", ENV)
    for section in ("server", "language", "timezone", "push", "limits", "log", "metrics"):
        assert getattr(minimal, section) == getattr(example, section), section
    assert minimal.database.url == f"sqlite://{file.parent}/data/guanxi.db"
    assert example.database.url == f"sqlite://{HOUSE}/data/guanxi.db"


def test_a_relative_database_lies_beside_the_file(file: Path) -> None:
    file.write_text("secret_key: ${GUANXI_SECRET_KEY}\ndatabase: {url: 'sqlite://data/x.db'}\n", "utf-8")
    assert load(file, ENV).database.url == f"sqlite://{file.parent}/data/x.db"


@pytest.mark.parametrize("url", ["sqlite:///var/lib/x.db", "postgres://u:p@h:5432/x", "postgresql://h/x"])
def test_other_databases_are_where_they_say(file: Path, url: str) -> None:
    file.write_text(f"secret_key: ${{{KEY}}}\ndatabase: {{url: '{url}'}}\n", "utf-8")
    assert load(file, ENV).database.url == url


def test_values_come_from_the_environment(file: Path) -> None:
    file.write_text(f"secret_key: ${{{KEY}}}\nserver: {{port: '${{PORT:-9000}}', host: '${{HOST}}'}}\n", "utf-8")
    server = load(file, {KEY: ENV[KEY], "HOST": "::1", "PORT": ""}).server
    assert (server.port, server.host) == (9000, "::1")


def test_a_value_of_the_environment_is_never_structure(file: Path) -> None:
    file.write_text(f"secret_key: ${{{KEY}}}\nserver:\n  host: ${{HOST}}\n", "utf-8")
    assert load(file, ENV | {"HOST": "x\n  port: 1"}).server.host == "x\n  port: 1"


def test_plain_words_stay_words(file: Path) -> None:
    file.write_text(
        f"secret_key: ${{{KEY}}}\npush: {{quiet_hours: 21:30-06:00, per_customer: 2/12h}}\n"
        "staff:\n  - {name: No, role: sales, accounts: {}}\nreplies: {welcome: {1001: '', yes: ''}, keywords: []}\n",
        "utf-8",
    )
    settings = load(file, ENV)
    assert settings.staff[0].name == "No"
    assert settings.replies.welcome == {"1001": "", "yes": ""}
    assert settings.push.quiet_hours == (time(21, 30), time(6))
    assert settings.push.per_customer == (2, timedelta(hours=12))


def test_quiet_hours_and_cap_can_be_none(file: Path) -> None:
    file.write_text(f"secret_key: ${{{KEY}}}\npush: {{quiet_hours: '', per_customer: ''}}\n", "utf-8")
    push = load(file, ENV).push
    assert (push.quiet_hours, push.per_customer) == (None, None)


def test_an_account_is_one_persons(file: Path) -> None:
    staff = "\n".join(f"  - {{name: {name}, role: sales, accounts: {{tg: 1}}}}" for name in "ab")
    told = faults(file, f"{GOOD}{TELEGRAM}staff:\n{staff}\n")
    assert told == ["7: staff[1].accounts.tg: expected an account that is nobody else's"]


def test_a_key_without_value_means_its_default(file: Path) -> None:
    file.write_text(f"secret_key: ${{{KEY}}}\nstaff:\nlog:\n  level:\n", "utf-8")
    settings = load(file, ENV)
    assert (settings.staff, settings.log.level) == ((), "info")


def test_figures_of_a_channel_count_more_than_those_of_its_kind(file: Path) -> None:
    limits = "limits: {telegram.messages_per_second: 30, tg.messages_per_second: 5, telegram.chat_burst: 2}\n"
    file.write_text(f"secret_key: ${{{KEY}}}\n{limits}{TELEGRAM}", "utf-8")
    settings = load(file, ENV)
    assert settings.limits_of("tg", "telegram") == {"messages_per_second": 5, "chat_burst": 2}
    assert settings.limits_of("other", "wecom") == {}


GOOD = f"secret_key: ${{{KEY}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: secret_key: expected"),
        (GOOD + "server:\n  prot: 1\n", "3: server.prot: unknown key, did you mean port?"),
        (GOOD + "sorver: {}\n", "2: sorver: unknown key, did you mean server?"),
        (GOOD + "server: {xyz: 1}\n", "2: server.xyz: unknown key, expected one of host, port, public_url"),
        (GOOD + "server:\n  port: many\n", "3: server.port: expected a whole number"),
        (GOOD + "server:\n  port: 70000\n", "3: server.port: expected less than or equal to 65535"),
        (GOOD + "server: 8080\n", "2: server: expected keys and values"),
        (GOOD + "server:\n  host: 1\n", "3: server.host: expected text (in quotes if it looks like a number)"),
        (GOOD + "server:\n  public_url: example.com\n", "3: server.public_url: expected an address that begins"),
        (GOOD + "database: {url: 'mysql://h/x'}\n", "2: database.url: expected sqlite://data/guanxi.db"),
        (GOOD + "database: {url: 'sqlite://:memory:'}\n", "2: database.url: expected sqlite://data/guanxi.db"),
        (GOOD + "language: de\n", "2: language: expected 'zh-CN' or 'en'"),
        (GOOD + "timezone: Mars/Base\n", "2: timezone: expected a time zone such as Asia/Shanghai"),
        (GOOD + "timezone: ../etc\n", "2: timezone: expected a time zone such as Asia/Shanghai"),
        (GOOD + "push: {late_grace: soon}\n", "2: push.late_grace: expected a duration such as 30m"),
        (GOOD + "push: {quiet_hours: night}\n", "2: push.quiet_hours: expected two times such as"),
        (GOOD + "push: {per_customer: 7}\n", "2: push.per_customer: expected a number and a duration"),
        (GOOD + "log: {level: loud}\n", "2: log.level: expected 'debug', 'info', 'warning' or 'error'"),
        (GOOD + "staff: 1\n", "2: staff: expected a list"),
        (GOOD + "staff:\n  - {name: x, role: boss}\n", "3: staff[0].role: expected 'viewer', 'sales'"),
        (GOOD + "staff:\n  - {role: sales}\n", "3: staff[0].name: expected a value, this key is missing"),
        (GOOD + "channels: here\n", "2: channels: expected a list"),
        (GOOD + "channels: [here]\n", "2: channels[0]: expected keys and values"),
        (
            GOOD + "channels:\n  - {name: x, kind: fax}\n",
            "3: channels[0].kind: expected one of telegram, wechat, wecom",
        ),
        (GOOD + "channels:\n  - {name: x, kind: ../x}\n", "3: channels[0].kind: expected one of"),
        (
            GOOD + TELEGRAM + "  - {name: tg, kind: telegram, token: '1:y', mode: polling}\n",
            "5: channels[1].name: expected a",
        ),
        (GOOD + TELEGRAM.replace("tg", "a/b"), "4: channels[0].name: expected 1 to 64 letters"),
        (GOOD + TELEGRAM.replace("tg", "guanxi"), "4: channels[0].name: expected another name"),
        (GOOD + TELEGRAM.replace("mode", "moda"), "4: channels[0].moda: unknown key, did you mean mode?"),
        (
            GOOD + "staff:\n  - {name: x, role: sales}\n  - {name: x, role: sales}\n",
            "4: staff[1].name: expected a name",
        ),
        (GOOD + "staff:\n  - {name: x, role: sales, accounts: {tg: 1}}\n", "3: staff[0].accounts.tg: unknown channel"),
        (
            GOOD + TELEGRAM + "staff:\n  - {name: x, role: sales, accounts: {tg: '@mia'}}\n",
            "6: staff[0].accounts.tg: expected a Telegram number, digits only",
        ),
        (GOOD + "limits: {fax.messages_per_second: 1}\n", "2: limits.fax.messages_per_second: unknown channel"),
        (GOOD + "limits: {telegram: 1}\n", "2: limits.telegram: unknown figure, expected one of chat_burst"),
        (
            GOOD + "limits: {wecom.message_per_second: 1}\n",
            "2: limits.wecom.message_per_second: unknown figure, did you",
        ),
        (GOOD + TELEGRAM + "limits: {tg.messages_per_day: 1}\n", "5: limits.tg.messages_per_day: unknown figure"),
        (GOOD + "limits: {telegram.x: 0}\n", "2: limits.telegram.x: expected greater than 0"),
        (
            GOOD + "replies: {welcome: {default: nothing}}\n",
            "2: replies.welcome.default: expected the name of a template",
        ),
        (GOOD + "replies: {welcome: {default: ../x}}\n", "2: replies.welcome.default: expected the name of a template"),
        (GOOD + "log: {}\nlog: {}\n", "3: log: expected once, it is written twice"),
        (GOOD + "log: !!python/name:os.system\n", "2: log: expected a plain value without a !tag"),
        (GOOD + "log: &log [*log]\n", "2: log[0]: expected a value, this alias holds itself"),
        (GOOD + "server: {host: ${NOBODY}}\n", "2: expected YAML:"),
        (
            GOOD + "server: {host: '${NOBODY}'}\n",
            "2: server.host: expected the environment variable NOBODY, it is not set",
        ),
        ("- a\n- b\n", "1: expected keys and values"),
        ("a: [1\nb: 2\n", "2: expected YAML: expected ',' or ']'"),
        ("a: \x01\n", "1: expected YAML: special characters are not allowed"),
    ],
)
def test_a_fault_is_told_with_its_line(file: Path, text: str, expected: str) -> None:
    assert any(line.startswith(expected) for line in faults(file, text)), faults(file, text)


def test_all_faults_are_told_at_once_from_top_to_bottom(file: Path) -> None:
    text = "log: {level: loud}\nchannels:\n  - {name: tg, kind: telegram, token: ${X}}\n".replace("${X}", "'${X}'")
    assert faults(file, text, {}) == [
        "1: log.level: expected 'debug', 'info', 'warning' or 'error'",
        "1: secret_key: expected a value, this key is missing; make one with: openssl rand -base64 32",
        "3: channels[0].token: expected the environment variable X, it is not set",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "secret_key: hunter2\n",
        GOOD + "database: {url: 'mysql://me:hunter2@h/x'}\n",
        GOOD
        + "channels:\n  - {name: a, kind: telegram, token: hunter2, webhook_secret: 'hunter2 !', api_base: hunter2}\n",
        GOOD + "channels:\n  - {name: a, kind: wecom, aes_key: hunter2, secret: [hunter2], token: {hunter2: 1}}\n",
        GOOD
        + "channels:\n  - {name: a, kind: wechat, aes_key: hunter2, app_secret: 'hunter2 x', token: 'hunter2 x'}\n",
        GOOD + "metrics: {token: [hunter2]}\n",
    ],
)
def test_no_fault_quotes_a_value(file: Path, text: str) -> None:
    told = faults(file, text)
    assert told
    assert not any("hunter2" in line.replace("hunter2: unknown", "") for line in told), told


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="there is no such file"):
        load(tmp_path / "nowhere.yaml", ENV)


def test_a_file_that_is_no_text_is_told(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="cannot be read as a text in UTF-8"):
        load(file, ENV)


def test_settings_print_no_secret() -> None:
    printed = repr(load(HOUSE / "config.yaml", ENV))
    assert not [secret for name, secret in ENV.items() if secret in printed]
