"""Here lives `guanxi serve`, `demo` and `sandbox`: what runs until it is told to stop."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.frame import CONFIG, ConfigFile, Failed, settings_of

if TYPE_CHECKING:
    from bot.settings import Settings

ROLES = ("web", "worker", "scheduler")
ONE_PROCESS = "a SQLite file has one process that does everything; several need PostgreSQL (database.url: postgres://…)"
EXAMPLE = Path(__file__).parents[2] / "config.yaml"
Port = Annotated[int, typer.Option(min=1, max=65_535, help="Where to listen.")]


def serve(
    config: ConfigFile = CONFIG,
    roles: Annotated[str, typer.Option(help="What this process does.")] = ",".join(ROLES),
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Listen here, not at server.port: one of several processes.")
    ] = None,
) -> None:
    """Run the server. SIGTERM: take no more work, finish what is in flight within 10 s, exit 0."""
    chosen = tuple(dict.fromkeys(role.strip() for role in roles.split(",") if role.strip()))
    if not chosen or not set(chosen) <= set(ROLES):
        raise typer.BadParameter(f"--roles takes {', '.join(ROLES)}, separated by commas")
    settings = settings_of(config)
    if settings.database.url.startswith("sqlite") and set(chosen) != set(ROLES):
        raise Failed(f"--roles {roles}: {ONE_PROCESS}")
    _configure_logs(settings)
    _run(_serve(settings, chosen, port or settings.server.port))


def demo(port: Port = 8080, config: ConfigFile = CONFIG) -> None:
    """Run the server together with the simulator of WeCom, WeChat and Telegram, on data/demo.db."""
    from bot import play

    settings = play.demo_settings(config if config != CONFIG or config.exists() else EXAMPLE, port, os.environ)
    _configure_logs(settings)
    _run(play.demo(settings, typer.echo))


def sandbox(
    port: Port = 8090,
    server: Annotated[str, typer.Option(help="The server that is to be driven.")] = "http://127.0.0.1:8080",
    config: ConfigFile = CONFIG,
) -> None:
    """Run the simulator alone, to drive a server that runs elsewhere with the same settings."""
    from bot import play

    chosen = config if config != CONFIG or config.exists() else EXAMPLE
    settings = play.sandbox_settings(chosen, os.environ)
    _run(play.sandbox_alone(settings, port, server.rstrip("/"), typer.echo))


def _configure_logs(settings: "Settings") -> None:
    from bot import logs

    logs.configure(settings.log.level, sys.stderr)


def _run(work: Coroutine[Any, Any, None]) -> None:
    from bot.database import DatabaseUnusable
    from bot.serving import CannotListen

    try:
        _fastest_loop()(work)
        _leave()
    except (DatabaseUnusable, CannotListen) as error:
        raise Failed(str(error)) from error


def _leave() -> None:
    """An interpreter that ends while a library is being imported in a thread aborts: nothing is left to do then."""
    if any(thread.daemon for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(0)


async def _serve(settings: "Settings", roles: tuple[str, ...], port: int) -> None:
    from bot.app import build_app
    from bot.serving import listen

    await listen(build_app(settings, roles), settings.server.host, port)


def _fastest_loop() -> Callable[[Coroutine[Any, Any, None]], None]:
    try:
        import uvloop
    except ImportError:
        return asyncio.run
    return uvloop.run
