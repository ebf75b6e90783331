"""Here live the daily reports (日报) that chats have asked for."""

from datetime import datetime, timedelta
from typing import NamedTuple, Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from models import rows
from models.fields import Instant, instant, milliseconds
from models.sql import select
from models.staff import Staff

AHEAD = timedelta(days=2)  # what waits for longer was set by a clock that was wrong
MOST = 100  # that are due at one look
DUE = f"SELECT id, minutes, next_at FROM digest WHERE next_at <= $1 OR next_at > $2 ORDER BY next_at LIMIT {MOST}"  # noqa: S608 - ours
COME = "UPDATE digest SET next_at = $3 WHERE id = $1 AND next_at <= $2 RETURNING id"
SET_BACK = "UPDATE digest SET next_at = $3 WHERE id = $1 AND next_at > $2 RETURNING id"
KEEP = """INSERT INTO digest (staff_id, account, chat, language, minutes, next_at) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (account, chat) DO UPDATE SET staff_id = excluded.staff_id, language = excluded.language,
        minutes = excluded.minutes, next_at = excluded.next_at RETURNING id"""


class Due(NamedTuple):
    """A report whose time has come; or one that waits for much too long."""

    id: int
    minutes: int
    next_at: datetime


class Digest(Model):
    """One chat, told every day at `minutes` after midnight of what the day before was like, as `staff` may see it."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="digests")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    language = fields.CharField(8)
    minutes = fields.IntField()
    next_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "digest"
        unique_together = (("account", "chat"),)
        indexes = (("next_at",),)

    @property
    def place(self) -> Address:
        return Address(self.account, self.chat)

    @classmethod
    async def keep(cls, staff: Staff, place: Address, language: str, minutes: int, next_at: datetime) -> None:
        """Tell this chat from then on, in the place of what it was told before."""
        await select(KEEP, staff.id, place.account, place.id, language, minutes, milliseconds(next_at))

    @classmethod
    async def at(cls, place: Address) -> Self | None:
        found = await rows.find(cls, "account = $1 AND chat = $2", place.account, place.id)
        return found[0] if found else None

    @classmethod
    async def of(cls, digest_id: int) -> Self | None:
        """One with its `staff`."""
        return await cls.filter(id=digest_id).select_related("staff").first()

    @classmethod
    async def due(cls, now: datetime) -> list[Due]:
        found = await select(DUE, milliseconds(now), milliseconds(now + AHEAD))
        return [Due(row["id"], row["minutes"], instant(row["next_at"])) for row in found]

    @classmethod
    async def set_back(cls, digest_id: int, now: datetime, next_at: datetime) -> None:
        """Our clock was wrong: what waits for much too long waits for the next day."""
        await select(SET_BACK, digest_id, milliseconds(now + AHEAD), milliseconds(next_at))

    async def pass_by(self, moment: datetime, next_at: datetime) -> bool:
        """`moment` has come; True for the first who says so."""
        return bool(await select(COME, self.id, milliseconds(moment), milliseconds(next_at)))

    async def end(self) -> bool:
        """Tell nothing any more; True for the first who says so."""
        return bool(await Digest.filter(id=self.id).delete())
