"""Here lives how the simulator and the settings are made to agree, so that nobody needs an account to begin."""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.app import build_app
from bot.commands.frame import settings_of
from bot.seed import seed
from bot.serving import listen
from bot.settings import Person, Settings
from channels import tag_limits
from domain.permissions import Role
from sandbox import Sandbox, SandboxSettings
from sandbox.page.cast import SALES, SALES_NAME

HOME = "127.0.0.1"
MADE_UP = SandboxSettings(server_url="")
SECRETS = {
    "GUANXI_SECRET_KEY": "Z3VhbnhpLWRlbW8ta2V5LW9wZW5zLW5vdGhpbmctMDA=",
    "WECOM_SECRET": MADE_UP.wecom_secret,
    "WECOM_CONTACT_SECRET": "",
    "WECOM_TOKEN": MADE_UP.wecom_token,
    "WECOM_AES_KEY": MADE_UP.wecom_aes_key,
    "WECHAT_APP_SECRET": MADE_UP.wechat_secret,
    "WECHAT_TOKEN": MADE_UP.wechat_token,
    "WECHAT_AES_KEY": MADE_UP.wechat_aes_key,
    "TELEGRAM_TOKEN": MADE_UP.telegram_token,
    "TELEGRAM_WEBHOOK_SECRET": MADE_UP.webhook_secret,
}
UNHURRIED = {"wecom.messages_per_member_minute": 6000.0}  # nobody counts here, and nobody should have to wait


def demo_settings(config: Path, port: int, env: Mapping[str, str]) -> Settings:
    """The settings with made-up secrets, every channel turned to the simulator, on a database of their own.

    Everybody knows these secrets, so whatever the settings say, nobody outside this machine is listened to.
    """
    settings = settings_of(config, {**env, **SECRETS})
    address = f"http://{HOME}:{port}"
    folder = config.absolute().parent / "data"
    return settings.model_copy(
        update={
            "server": settings.server.model_copy(update={"host": HOME, "port": port, "public_url": address}),
            "database": settings.database.model_copy(update={"url": f"sqlite://{folder}/demo.db"}),
            "limits": {**UNHURRIED, **settings.limits},
            "push": settings.push.model_copy(update={"quiet_hours": None}),  # whoever tries it at night sees it work
            "tags": settings.tags.model_copy(update={"policy": _ours(settings)}),
            "staff": (*settings.staff, *_sales(settings)),
            "channels": tuple(_turned(channel, f"{address}/sandbox") for channel in settings.channels),
        }
    )


def _ours(settings: Settings) -> dict[str, str]:
    """The simulator forgets when it stops: what is gone there is made anew."""
    return {channel.name: "ours" for channel in settings.channels if tag_limits(channel.kind)}


async def demo(settings: Settings, tell: Callable[[str], None]) -> None:
    """Server and simulator in one process; `tell` says where to look."""
    address = settings.server.public_url
    sandbox = Sandbox(simulated(settings, address, f"{address}/sandbox"))
    sandbox.guests.stock()
    app = build_app(settings)
    app.cleanup_ctx.append(_life(sandbox))
    app.add_subapp("/sandbox/", sandbox.app)

    def announce(_: int) -> None:
        tell(f"Open {address}/sandbox/")
        sandbox.postman.send_later(lambda: seed(sandbox))

    await listen(app, settings.server.host, settings.server.port, announce)


def sandbox_settings(config: Path, env: Mapping[str, str]) -> Settings:
    """The settings of the server that is to be driven; made-up secrets stand for those that are not set."""
    return settings_of(config, {**SECRETS, **env})


async def sandbox_alone(settings: Settings, port: int, server: str, tell: Callable[[str], None]) -> None:
    """The simulator of what the settings name; `tell` says how the server must be set to be driven by it."""
    base = f"http://{HOME}:{port}"
    sandbox = Sandbox(simulated(settings, server, base))
    app = web.Application()
    app.cleanup_ctx.append(_life(sandbox))
    app.add_subapp("/sandbox/", sandbox.app)

    def announce(actual: int) -> None:
        tell(f"Open http://{HOME}:{actual}/sandbox/")
        for channel in filter(_names, settings.channels):
            tell(f"{channel.name}: api_base: http://{HOME}:{actual}/sandbox/{channel.kind}")

    await listen(app, HOME, port, announce)


def simulated(settings: Settings, server: str, base: str) -> SandboxSettings:
    """A simulator that knows the names, ids and secrets of the first channel of each kind."""
    known: dict[str, str | int] = {}
    for channel in reversed(settings.channels):
        known |= _names(channel)
    return SandboxSettings(server_url=server, base_url=base, **known)  # type: ignore[arg-type]


def _names(channel: Any) -> dict[str, str | int]:
    match channel.kind:
        case "wecom":
            return {
                "wecom_name": channel.name,
                "corp_id": channel.corp_id,
                "agent_id": channel.agent_id,
                "wecom_secret": channel.secret.get_secret_value(),
                "wecom_token": channel.token.get_secret_value(),
                "wecom_aes_key": channel.aes_key.get_secret_value(),
            }
        case "wechat":
            return {
                "wechat_name": channel.name,
                "app_id": channel.app_id,
                "wechat_secret": channel.app_secret.get_secret_value(),
                "wechat_token": channel.token.get_secret_value(),
                "wechat_aes_key": channel.aes_key.get_secret_value(),
            }
        case "telegram":
            return {
                "telegram_name": channel.name,
                "telegram_token": channel.token.get_secret_value(),
                "webhook_secret": channel.webhook_secret.get_secret_value(),
            }
        case _:
            return {}  # a platform that has no simulator here


def _sales(settings: Settings) -> list[Person]:
    """The colleague whom customers of the simulator can add on WeCom, unless the settings have her already."""
    wecom = next((channel.name for channel in settings.channels if channel.kind == "wecom"), "")
    taken = any(each.name == SALES_NAME or each.accounts.get(wecom) == SALES for each in settings.staff)
    return [] if taken or not wecom else [Person(name=SALES_NAME, role=Role.SALES, accounts={wecom: SALES})]


def _turned(channel: Any, base: str) -> Any:
    return channel.model_copy(update={"api_base": f"{base}/{channel.kind}"})


def _life(sandbox: Sandbox) -> Callable[[web.Application], AsyncIterator[None]]:
    async def life(_: web.Application) -> AsyncIterator[None]:
        await sandbox.start()
        yield
        await sandbox.close()

    return life
