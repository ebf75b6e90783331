"""Here lives `guanxi events`: what customers did, taken over from another system's table."""

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from bot.commands.frame import CONFIG, ConfigFile, group, settings_of
from bot.commands.tables import DryRun, File, Source, imported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.importing import Kind
    from bot.settings import Settings
    from bot.tables import Row
    from models.behaviours import Act

app = group("What customers did, as another system tells it.")

COLUMNS = {
    "customer": ("客户", "手机", "手机号", "phone"),
    "name": ("事件", "行为", "名称", "event"),
    "at": ("时间", "日期", "time", "date"),
    "key": ("编号", "流水号", "id", "event_id"),
}


@app.callback()
def levels() -> None:
    """So that `import` is a word of its own."""


@app.command("import")
def take(file: File, *, source: Source = "import", dry_run: DryRun = False, config: ConfigFile = CONFIG) -> None:
    """Take over events from a CSV file; say it again, what is known already is not taken twice.

    Columns, in any order: customer (C12, a phone number, or ACCOUNT:ID as in wecom:wmXyz), name (of the event, as rules
    ask for it: event.NAME), at (2026-03-01 15:30); and if you like key, which tells the events of the source apart.
    """
    settings = settings_of(config)
    imported(settings, file, COLUMNS, 3, _kind(settings, source), dry=dry_run)


def _kind(settings: "Settings", source: str) -> "Kind[Act]":
    from zoneinfo import ZoneInfo

    from bot.importing import Kind
    from bot.tables import BadRow
    from models.behaviours import CLICKED, PUSHED, Act, Behaviour

    timezone, seen = ZoneInfo(settings.timezone), Counter[str]()

    def read(row: "Row", customer_id: int) -> Act:
        name, at = row.text("name", 64), row.moment("at", timezone)
        if name in {PUSHED, CLICKED}:
            raise BadRow(f"name is one of our own, which pushes tell of themselves: {name}")
        key = (
            row.text("key", 128)
            if row.cells.get("key")
            else _key(f"{row.cells['customer']} {name} {at.timestamp()}", seen)
        )
        return Act(customer_id, source, key, name, at)

    async def tell(acts: "Sequence[Act]") -> tuple[int, int]:
        return len(await Behaviour.tell(acts)), 0

    return Kind("events", read, tell)


def _key(said: str, seen: Counter[str]) -> str:
    """The same for the same row when it is read again; rows of one file that are alike have each another one."""
    seen[said] += 1
    return hashlib.sha256(f"{said} {seen[said]}".encode()).hexdigest()[:32]
