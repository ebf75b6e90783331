"""Here live the schedules of recurring pushes (定时): when they fire, what they send, and how far they have come."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from models import rows
from models.fields import Instant, instant, milliseconds
from models.pushes import Push
from models.sql import select
from models.staff import Staff

ScheduleState = Literal["draft", "active", "paused", "stopped"]

FORGOTTEN = timedelta(days=1)  # after which a preview that nobody confirmed is no schedule any more
AHEAD = timedelta(days=1)  # what has fired so far ahead of now fired by a clock that was wrong
MOST = 100  # that fire at one look
DUE = f"""SELECT id, cron, zone, next_at FROM schedule
    WHERE state = 'active' AND (next_at <= $1 OR last_at > $2) ORDER BY next_at LIMIT {MOST}"""  # noqa: S608 - ours
COME = """UPDATE schedule SET last_at = $2, next_at = $3 WHERE id = $1 AND state = 'active' AND next_at <= $2
    RETURNING id"""
SET_BACK = "UPDATE schedule SET last_at = NULL, next_at = $3 WHERE id = $1 AND last_at > $2 RETURNING id"
TURN = "UPDATE schedule SET state = $2, next_at = $3 WHERE id = $1 AND state = $4 RETURNING id"
LIVING = "state IN ('active', 'paused') AND (staff_id = $3 OR $3 = 0) ORDER BY id LIMIT $1 OFFSET $2"


class Due(NamedTuple):
    """A schedule whose moment has come; or has fired for one that lies far ahead."""

    id: int
    cron: str
    zone: str
    next_at: datetime


class Schedule(Model):
    """`cron` has five fields, read in `zone`; `words` and `body` are those of the push, read anew at every firing.

    `next_at` is the next moment; it only moves forward, so a moment fires once. `last_at` is the last one that came,
    whether or not something was sent. `approved`: another manager has said yes, so that it may reach more people than
    one manager may reach alone.
    """

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="schedules")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    language = fields.CharField(8)
    cron = fields.CharField(64)
    zone = fields.CharField(64)
    words = fields.TextField()
    body = fields.TextField(default="")
    state: ScheduleState = fields.CharField(8, default="draft")  # type: ignore[assignment]
    approved = fields.BooleanField(default=False)
    next_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    last_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    created_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "schedule"
        indexes = (("state", "next_at"),)

    @property
    def short_id(self) -> str:
        return f"S{self.id}"

    @property
    def place(self) -> Address:
        """Where it was asked for."""
        return Address(self.account, self.chat)

    @classmethod
    async def planned(cls, now: datetime, **told: object) -> Self:
        """A number for what is to be previewed; what was previewed long ago and never confirmed goes."""
        await cls.filter(state="draft", created_at__lt=now - FORGOTTEN).delete()
        return await rows.add(cls, created_at=now, **told)

    @classmethod
    async def of(cls, schedule_id: int) -> Self | None:
        """One with its `staff`."""
        return await cls.filter(id=schedule_id).select_related("staff").first()

    @classmethod
    async def living(cls, limit: int, offset: int = 0, staff_id: int | None = None) -> Sequence[Self]:
        """Active and paused, of one person or everybody's, the oldest first, each with its `staff`."""
        found = await rows.find(cls, LIVING, limit, offset, staff_id or 0)
        await cls.fetch_for_list(found, "staff")
        return found

    @classmethod
    async def due(cls, now: datetime) -> list[Due]:
        found = await select(DUE, milliseconds(now), milliseconds(now + AHEAD))
        return [Due(row["id"], row["cron"], row["zone"], instant(row["next_at"])) for row in found]

    @classmethod
    async def set_back(cls, schedule_id: int, now: datetime, following: datetime | None) -> None:
        """Our clock was wrong: what fired for a moment far ahead waits for the next one again."""
        later = milliseconds(following) if following else None
        await select(SET_BACK, schedule_id, milliseconds(now + AHEAD), later)

    async def pass_by(self, moment: datetime, following: datetime | None) -> bool:
        """`moment` has come; True for the first who says so."""
        values = milliseconds(moment), milliseconds(following) if following else None
        if not await select(COME, self.id, *values):
            return False
        self.last_at, self.next_at = moment, following
        return True

    async def turn(self, state: ScheduleState, following: datetime | None = None) -> bool:
        """Be `state` from now on; False where it has become another one meanwhile."""
        values = state, milliseconds(following) if following else None
        if not await select(TURN, self.id, *values, self.state):
            return False
        self.state, self.next_at = state, following
        return True

    async def history(self, limit: int) -> list[Push]:
        """The last pushes that it made."""
        return await Push.filter(schedule_id=self.id).exclude(state="draft").order_by("-id").limit(limit)

    async def approve(self) -> None:
        self.approved = True
        await rows.change(self, "approved")
