"""Here lives what processes tell each other of a platform's access tokens: the token, and who is fetching the next."""

from datetime import datetime
from typing import Final, Self

from tortoise import fields
from tortoise.models import Model

from models import rows
from models.fields import Instant, Octets, instant, milliseconds
from models.sql import select

FREE: Final = instant(0)


class AccessToken(Model):
    """One row for each account and secret. `version` counts what was written, so that nobody acts on an old reading.

    `leased_until` is when a process that is fetching counts as dead. `error` tells why the last fetch brought nothing.
    """

    id = fields.CharField(100, primary_key=True)
    sealed: bytes = Octets(default=b"")
    ends_at: datetime = Instant(default=0)  # type: ignore[assignment]
    version = fields.IntField(default=0)
    leased_until: datetime = Instant(default=0)  # type: ignore[assignment]
    error = fields.CharField(200, default="")

    class Meta:
        table = "access_token"

    @classmethod
    async def named(cls, name: str) -> Self:
        """The row, or one at version 0 that nobody has written yet."""
        found = await rows.look(cls, "id = $1", name)
        return found[0] if found else cls(id=name, ends_at=FREE, leased_until=FREE)

    async def lease(self, until: datetime) -> bool:
        """Become the one who fetches; False when somebody has written since this row was read."""
        found = await select(
            "INSERT INTO access_token (id, sealed, ends_at, version, leased_until, error)"
            " VALUES ($1, $2, 0, 1, $3, '')"
            " ON CONFLICT (id) DO UPDATE SET version = access_token.version + 1, leased_until = $3, error = ''"
            " WHERE access_token.version = $4 RETURNING version",
            self.id,
            b"",
            milliseconds(until),
            self.version,
        )
        self.version = found[0]["version"] if found else self.version
        return bool(found)

    async def keep(self, sealed: bytes, ends: datetime) -> None:
        """What the holder of the lease has fetched, unless it came too late to be the holder."""
        await select(
            "UPDATE access_token SET sealed = $3, ends_at = $4, version = version + 1, leased_until = 0, error = ''"
            " WHERE id = $1 AND version = $2 RETURNING id",
            self.id,
            self.version,
            sealed,
            milliseconds(ends),
        )

    async def release(self, error: str) -> None:
        """The holder has fetched nothing; without an error nothing has failed, somebody else may try."""
        await select(
            "UPDATE access_token SET version = version + 1, leased_until = 0, error = $3"
            " WHERE id = $1 AND version = $2 RETURNING id",
            self.id,
            self.version,
            error[:200],
        )
