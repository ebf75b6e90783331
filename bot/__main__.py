"""Here lives the command line: `guanxi` and `python -m bot` are the same."""

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.commands import audit, check, db, events, orders, serve, staff
from bot.commands.frame import Failed, group

app = group("Guanxi 关系: one server for customers on WeCom, WeChat official accounts and Telegram.")
app.command()(serve.serve)
app.command()(serve.demo)
app.command()(serve.sandbox)
app.command()(check.check)
app.add_typer(db.app, name="db")
app.add_typer(staff.app, name="staff")
app.add_typer(audit.app, name="audit")
app.add_typer(orders.app, name="orders")
app.add_typer(events.app, name="events")

DEBUG = "--debug"


@app.callback()
def everywhere(
    *, debug: Annotated[bool, typer.Option(DEBUG, help="Show a traceback of errors; may stand anywhere.")] = False
) -> None:
    """Nothing but options that every command takes."""


@app.command()
def version() -> None:
    """Which version this is."""
    from importlib.metadata import version as installed

    typer.echo(f"guanxi {installed('guanxi')}")


def run(words: Sequence[str], program: typer.Typer = app) -> int:
    """Do what the words say; 0 done, 1 failed, 2 wrong usage. Errors are told on stderr."""
    try:
        return int(program([word for word in words if word != DEBUG], prog_name="guanxi", standalone_mode=False) or 0)
    except typer.TyperException as error:
        return _told(_with_advice(error), getattr(error, "exit_code", 2))
    except typer.Abort:
        return 1
    except Failed as error:
        if DEBUG in words:
            traceback.print_exc()
        return _told(str(error), 1)
    except Exception as error:  # noqa: BLE001 - the last line of the program, one line is promised
        if DEBUG in words:
            traceback.print_exc()
        from bot.logs import where

        return _told(f"unexpected {type(error).__name__} at {where(error)}; say it again with {DEBUG} for more", 1)


def _with_advice(error: typer.TyperException) -> str:
    """What was wrong with the words typed, and where to read how they go; a whole help text stays as it is."""
    words = str(error.format_message())
    if words.startswith("Usage:"):
        return words
    context = getattr(error, "ctx", None)
    advice = f"; see `{context.command_path} --help`" if context else ""
    return " ".join(words.split()).rstrip(".") + advice


def _told(words: str, code: int) -> int:
    typer.echo(words if code else "", err=True)
    return code


def main() -> None:
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
