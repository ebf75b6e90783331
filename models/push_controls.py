"""Here lives what people change of a push that is under way: failures tried again, members reminded."""

from datetime import datetime, timedelta

from models.batches import Batch
from models.fields import milliseconds
from models.sql import dialect, select

# Whoever was told that they were sent to was not, after all.
AGAIN = """UPDATE recipient SET state = 'waiting', reason = '', batch_id = NULL, outbox_id = NULL, platform_id = '',
        sent_at = NULL, ended_at = NULL, told = {no} WHERE push_id = $1 AND state = 'failed' RETURNING id"""
NO = {"sqlite": "0", "postgres": "FALSE"}
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MOST = 3  # reminders of one task in a day: the platform's limit


async def try_again(push_id: int) -> int:
    """Those whom it did not reach wait once more; how many. Nobody else's state changes."""
    return len(await select(AGAIN.format(no=NO[dialect()]), push_id))


async def reminded(push_id: int, now: datetime) -> tuple[list[Batch], list[Batch]]:
    """The tasks whose members may be reminded, and are so from now on; those of which they were reminded enough.

    The push is held. Who was reminded just now is neither.
    """
    due, enough = [], []
    for batch in await Batch.filter(push_id=push_id, way="task", state="open").order_by("id"):
        lately = [at for at in batch.reminded if at > milliseconds(now - DAY)]
        if len(lately) >= MOST:
            enough.append(batch)
        elif not lately or lately[-1] <= milliseconds(now - MINUTE):
            batch.reminded = [*lately, milliseconds(now)]
            due.append(batch)
    if due:
        await Batch.bulk_update(due, fields=["reminded"], batch_size=200)
    return due, enough
