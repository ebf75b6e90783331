"""Here lives how a command that takes its time shows how far it is."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

SEVERAL = 100_000  # rows between two lines about a table, where nobody looks but a program


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for who watches, lines for who reads later; it is told the step, what is done, and all there is."""
    if not sys.stdout.isatty():
        yield _line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    looks = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*looks, transient=True) as bars:
        task = bars.add_task("")

        def moved(step: str, done: int, total: int) -> None:
            bars.update(task, description=step, completed=done, total=total, refresh=done == total)

        yield moved


def _line(step: str, done: int, total: int) -> None:
    if done and (done == total or done % SEVERAL == 0):
        typer.echo(f"{step}  {done:,} of {total:,}")
