"""Here lives the example data of a new demo: guests of the simulator talk once, whatever interrupts them."""

import asyncio
import contextlib

from models.cursors import Cursor
from models.customers import Customer, Identity
from models.inbox import OWN, InboxEvent
from sandbox import Sandbox

MARK = "guanxi.demo"  # a channel's name has no dot
REMEMBERED = 1000
PATIENCE = 5.0  # seconds for what an interrupted run has left to be handled
LOOK_AGAIN = 0.1


async def seed(sandbox: Sandbox) -> None:
    """Play what has not been played on this database; one that was in use before the first time stays as it is."""
    await _recall(sandbox)
    row = await Cursor.get_or_none(account=MARK)
    if row is None and await Customer.exists():
        return
    if row:
        await _caught_up()
    played = int(row.value) if row else 0
    await _played(played)
    for number, scene in enumerate(sandbox.guests.scenes()[played:], played + 1):
        if not (scene.newcomer and await Identity.exists(external_id=scene.newcomer)):
            await sandbox.guests.play(scene)
        await _played(number)


async def _played(scenes: int) -> None:
    await Cursor.update_or_create(defaults={"value": str(scenes)}, account=MARK)


async def _recall(sandbox: Sandbox) -> None:
    """The simulator forgets when it stops, we do not."""
    for identity in await Identity.filter(state="reachable").order_by("-id").limit(REMEMBERED):
        heard_at = identity.heard_at.timestamp() if identity.heard_at else 0.0
        sandbox.recall(identity.account, identity.external_id, identity.name, heard_at)


async def _caught_up() -> None:
    """Whoever has come in an interrupted run is known before it is asked who is missing."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while await InboxEvent.filter(state="waiting").exclude(account=OWN).exists():  # noqa: ASYNC110 - a table tells nobody
                await asyncio.sleep(LOOK_AGAIN)
