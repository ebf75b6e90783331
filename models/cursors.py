"""Here lives how far we have read what must be asked for, and which process asks."""

from tortoise import fields
from tortoise.models import Model

from models.fields import Instant
from models.sql import dialect, select

LEASE = 6_000  # ms that the role outlives the last word of who has it

# The database's clock, because those of several machines differ; on SQLite the lock of the file has chosen already.
TIMES = {
    "postgres": {"now": "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)", "lease": LEASE},
    "sqlite": {"now": "0", "lease": 0},
}
TAKE = (
    "INSERT INTO \"cursor\" (account, value, holder, held_until) VALUES ($1, '', $2, {now} + {lease})"
    " ON CONFLICT (account) DO UPDATE SET holder = excluded.holder, held_until = {now} + {lease}"
    ' WHERE "cursor".holder = excluded.holder OR "cursor".held_until <= {now} RETURNING value'
)
KEEP = 'UPDATE "cursor" SET held_until = {now} + {lease} WHERE account = $1 AND holder = $2 RETURNING account'
REACH = (
    'UPDATE "cursor" SET value = $3, held_until = {now} + {lease} WHERE account = $1 AND holder = $2 RETURNING account'
)
LEAVE = "UPDATE \"cursor\" SET holder = '', held_until = 0 WHERE account = $1 AND holder = $2 RETURNING account"


class Cursor(Model):
    """The position in one account's stream, written in the transaction that stores what came before it.

    Only `holder` moves it. Whoever has not said for a while that he still is there may lose the role to another.
    """

    account = fields.CharField(64, primary_key=True)
    value = fields.CharField(200, default="")
    holder = fields.CharField(64, default="")
    held_until = Instant(default=0)

    class Meta:
        table = "cursor"

    @classmethod
    async def take(cls, account: str, holder: str) -> str | None:
        """Take the role, or have it still; returns the position, or None while somebody else has the role."""
        rows = await _ask(TAKE, account, holder)
        return str(rows[0]["value"]) if rows else None

    @classmethod
    async def keep(cls, account: str, holder: str) -> bool:
        """Say that we are still there; False once the role is somebody else's."""
        return dialect() == "sqlite" or bool(await _ask(KEEP, account, holder))

    @classmethod
    async def reach(cls, account: str, holder: str, value: str) -> bool:
        """Move on, in the transaction that stores what came; False, and nothing is moved, if the role is not ours.

        From here to the end of the transaction nobody else can take the role.
        """
        return bool(await _ask(REACH, account, holder, value))

    @classmethod
    async def leave(cls, account: str, holder: str) -> None:
        """Give the role up at once."""
        if dialect() != "sqlite":
            await _ask(LEAVE, account, holder)


async def _ask(sql: str, *values: str) -> list[dict[str, object]]:
    return await select(sql.format(**TIMES[dialect()]), *values)
