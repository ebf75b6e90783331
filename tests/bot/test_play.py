"""Here lives the proof that a demo never leaves this machine, and that simulator and settings agree."""

from pathlib import Path
from types import SimpleNamespace

from bot.play import MADE_UP, demo_settings, sandbox_settings, simulated
from domain.permissions import Role

EXAMPLE = Path(__file__).parents[2] / "config.yaml"
REAL = {"TELEGRAM_TOKEN": "10001:real", "WECOM_SECRET": "real", "WECHAT_AES_KEY": "r" * 43}


def test_every_channel_of_the_demo_speaks_to_the_simulator() -> None:
    settings = demo_settings(EXAMPLE, 8181, {})
    assert settings.server.public_url == "http://127.0.0.1:8181"
    assert [channel.api_base for channel in settings.channels] == [
        f"http://127.0.0.1:8181/sandbox/{kind}" for kind in ("wecom", "wechat", "telegram")
    ]


def test_the_demo_listens_to_this_machine_only(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(EXAMPLE.read_text("utf-8").replace("host: 127.0.0.1", "host: 0.0.0.0", 1), "utf-8")
    assert sandbox_settings(file, {}).server.host == "0.0.0.0"  # noqa: S104 - what the demo must not take over
    assert demo_settings(file, 8181, {}).server.host == "127.0.0.1"


def test_the_demo_has_a_database_of_its_own() -> None:
    assert demo_settings(EXAMPLE, 8181, {}).database.url == f"sqlite://{EXAMPLE.parent}/data/demo.db"


def test_the_demo_knows_no_real_secret() -> None:
    settings = demo_settings(EXAMPLE, 8181, REAL)
    assert simulated(settings, "", "") == MADE_UP


def test_the_sandbox_alone_knows_the_secrets_of_the_server_it_drives() -> None:
    sandbox = simulated(sandbox_settings(EXAMPLE, REAL), "http://127.0.0.1:8080", "http://127.0.0.1:8090")
    assert (sandbox.telegram_token, sandbox.wecom_secret, sandbox.wechat_aes_key) == ("10001:real", "real", "r" * 43)
    assert sandbox.wecom_token == MADE_UP.wecom_token


def test_of_two_channels_of_a_kind_the_first_is_simulated(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    channels = "\n".join(f"  - {{name: {n}, kind: telegram, token: '1:{n}', mode: polling}}" for n in ("a", "b"))
    file.write_text(f"secret_key: ${{GUANXI_SECRET_KEY}}\nchannels:\n{channels}\n", "utf-8")
    sandbox = simulated(sandbox_settings(file, {}), "", "")
    assert (sandbox.telegram_name, sandbox.telegram_token) == ("a", "1:a")
    assert sandbox.wecom_name == MADE_UP.wecom_name


def test_the_colleague_on_wecom_works_in_the_demo_once(tmp_path: Path) -> None:
    settings = demo_settings(EXAMPLE, 8181, {})
    assert [(each.name, each.role, each.accounts) for each in settings.staff[1:]] == [
        ("王芳", Role.SALES, {"wecom": "wangfang"})
    ]
    assert len({each.name for each in settings.staff}) == len(settings.staff)
    file = tmp_path / "config.yaml"
    hers = "  - {name: Fang, role: manager, accounts: {wecom: wangfang}}\n"
    file.write_text(EXAMPLE.read_text("utf-8").replace("staff: ", "staff:\n" + hers + "#", 1), "utf-8")
    assert [each.name for each in demo_settings(file, 8181, {}).staff] == ["Fang", "管理员"]


def test_nobody_has_to_wait_in_the_demo_unless_the_settings_say_so(tmp_path: Path) -> None:
    assert demo_settings(EXAMPLE, 8181, {}).limits_of("wecom", "wecom")["messages_per_member_minute"] > 1000
    file = tmp_path / "config.yaml"
    slow = EXAMPLE.read_text("utf-8").replace("limits: {}", "limits: {wecom.messages_per_member_minute: 3}")
    file.write_text(slow, "utf-8")
    assert demo_settings(file, 8181, {}).limits_of("wecom", "wecom") == {"messages_per_member_minute": 3}


def test_a_platform_without_a_simulator_is_nobody_elses() -> None:
    settings = demo_settings(EXAMPLE, 8181, {})
    stranger = SimpleNamespace(kind="feishu", name="feishu", token="secret", webhook_secret="secret")
    only = settings.model_copy(update={"channels": (stranger,)})
    assert simulated(only, "", "") == MADE_UP
