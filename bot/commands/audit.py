"""Here lives `guanxi audit`: whether the trail of staff's commands is as it was written."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.frame import CONFIG, ConfigFile, Failed, finish, group, settings_of

if TYPE_CHECKING:
    from models.chain import Noted, Verdict

app = group("The trail of the commands that staff gave.")

NOTED = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
FAULTS = {
    "changed": "entry {number} is not as it was written: it was changed, or moved to another place",
    "missing": "entry {number} is missing",
    "added": "entry {number} was not written by the server",
    "end": "the end of the trail, behind entry {number}, is not as it was written",
    "emptied": "the trail is empty, but not as this secret_key began it: it was emptied, or the server has another",
    "anew": "entry {number} begins the trail anew: its end was removed or changed before, maybe with entries",
    "subjects": "entry {number} is whole, but is not found by all that it is about, or by what it is not about",
    "noted": "entry {number} is not the one whose seal was noted: the trail was written anew",
    "key": "nothing of the trail was sealed with this secret_key: verify it with the one that the server uses",
}
Mark = Annotated[str, typer.Option(help="NUMBER:SEAL, printed earlier and kept elsewhere: it must still be there.")]


@app.callback()
def levels() -> None:
    """So that `verify` is a word of its own."""


@app.command()
def verify(noted: Mark = "", config: ConfigFile = CONFIG) -> None:
    """Prove that no entry was changed, removed or added; works while the server runs. Exit code 1 names the first."""
    mark = _mark(noted)
    settings = settings_of(config)
    found = finish(_verdict(settings.database.address, settings.key, mark))
    if found.fault:
        raise Failed(FAULTS[found.fault].format(number=found.number))
    typer.echo(f"entries  {found.entries}\nseal     {found.entries}:{found.seal}" if found.entries else "entries  0")


def _mark(typed: str) -> "Noted | None":
    from models.chain import Noted

    if not typed:
        return None
    if not (found := NOTED.fullmatch(typed.strip())):
        raise typer.BadParameter("--noted takes NUMBER:SEAL as `guanxi audit verify` prints it")
    return Noted(int(found[1]), found[2])


async def _verdict(url: str, key: bytes, noted: "Noted | None") -> "Verdict":
    from bot.database import opened
    from models.chain import verify as walk

    async with opened(url):
        return await walk(key, noted)
