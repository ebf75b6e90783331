"""Here live pushes (群发): what is sent to whom, and how far it has come. Who gets it is in models/recipients.py."""

from datetime import datetime
from typing import Any, Literal, Self

from tortoise import fields
from tortoise.models import Model

from domain.media import Way
from domain.messages import Address, Content
from models import rows
from models.fields import Instant, Short, milliseconds
from models.messages import CONTENT
from models.sql import dialect, select
from models.staff import Staff

PushState = Literal["draft", "filling", "queued", "late", "running", "paused", "done", "cancelled"]
HELD = {"sqlite": "id = $1", "postgres": "id = $1 FOR NO KEY UPDATE"}
DRAFTS = "SELECT id FROM push WHERE state = 'draft' AND created_at < $1 ORDER BY id LIMIT $2"
FORGET_LINKS = f"DELETE FROM link WHERE push_id IN ({DRAFTS}) RETURNING id"  # noqa: S608 - words of our own
FORGET = f"DELETE FROM push WHERE id IN ({DRAFTS}) RETURNING id"  # noqa: S608
MOVE = "UPDATE push SET state = $2, {more} WHERE id = $1 AND state IN ({states}) RETURNING id, turn"

UNATTENDED = """SELECT p.id, p.turn FROM push AS p WHERE p.state = 'running' AND NOT EXISTS (
    SELECT 1 FROM inbox_event AS e
    WHERE e.state = 'waiting' AND e.lane = 'guanxi:push:' || p.id || ':' || p.turn) ORDER BY p.id"""


class Push(Model):
    """One push, from its preview (draft) to its end; numbers are never kept here, they are counted in the ledger.

    `rule` is the audience as it is kept ("" where it goes to group chats), `audience` what people call it. `labels`
    are those of the group chats it goes to. `accounts` are the channels that may be used, first the preferred one;
    `way` is the medium that was asked for, "" for each account's first. `content` is as it was written, with its
    blanks; `values` fill those that are the same for everybody. `pace`: so many in so many seconds, 0: as the platform
    allows. It waits for `starts_at`, None: at once. `turn` counts its starts. `fire_key` is unique: one firing of a
    schedule makes one push. `likeness` is the same for pushes that say the same to the same audience.
    How far it is was last told at `told_at`, when so many of its recipients were settled (`told_count`), by an edit of
    the message of the outbox row `told_id`.
    """

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="pushes")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    language = fields.CharField(8)
    rule = fields.TextField(default="")
    audience = Short(128, default="")
    labels: list[str] = fields.JSONField(default=list)
    accounts: list[str] = fields.JSONField(default=list)
    way: Way | Literal[""] = fields.CharField(8, default="")  # type: ignore[assignment]
    template = Short(32, default="")
    payload = fields.TextField()
    values: dict[str, Any] = fields.JSONField(default=dict)
    pace_count = fields.FloatField(default=0)
    pace_seconds = fields.FloatField(default=1)
    starts_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    state: PushState = fields.CharField(10, default="draft")  # type: ignore[assignment]
    turn = fields.IntField(default=0)
    schedule_id: int | None = fields.BigIntField(null=True)
    fire_key: str | None = fields.CharField(64, null=True, unique=True)  # type: ignore[assignment]
    likeness = fields.CharField(64, default="")
    created_at: datetime = Instant()  # type: ignore[assignment]
    confirmed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    started_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    ended_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    told_id: int | None = fields.BigIntField(null=True)
    told_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    told_count = fields.IntField(default=0)

    staff_id: int

    class Meta:
        table = "push"
        indexes = (("state", "id"), ("likeness", "confirmed_at"), ("schedule_id", "id"))

    @property
    def short_id(self) -> str:
        return f"P{self.id}"

    @property
    def place(self) -> Address:
        """Where it was asked for."""
        return Address(self.account, self.chat)

    @property
    def content(self) -> Content:
        """As it was written, blanks and all."""
        return CONTENT.validate_json(self.payload)

    @classmethod
    async def drafted(cls, content: Content, **told: object) -> Self:
        """A new one, which does nothing yet."""
        return await rows.add(cls, payload=CONTENT.dump_json(content).decode(), **told)

    @classmethod
    async def alike(cls, likeness: str, since: datetime) -> Self | None:
        """The last one since then that was confirmed and said the same to the same audience."""
        lately = cls.filter(likeness=likeness, confirmed_at__gte=since)
        return await lately.order_by("-confirmed_at").select_related("staff").first()

    @classmethod
    async def forget_drafts(cls, before: datetime, most: int) -> int:
        """Previews that nobody confirmed go, with the links that were made for them."""
        values = milliseconds(before), most
        await select(FORGET_LINKS, *values)
        return len(await select(FORGET, *values))

    @classmethod
    async def unattended(cls) -> list[tuple[int, int]]:
        """Those that run and have no round to come, by id and turn: the last one was given up after all its tries."""
        return [(int(row["id"]), int(row["turn"])) for row in await select(UNATTENDED, alias="reader")]

    @classmethod
    async def held(cls, push_id: int) -> Self | None:
        """As it is now; nobody stops it, or starts it again, until this transaction ends."""
        found = await rows.find(cls, HELD[dialect()], push_id)
        return found[0] if found else None

    async def move(self, to: PushState, now: datetime, *, of: tuple[PushState, ...]) -> bool:
        """Be `to` if it is one of `of` now; True for one of all who try at once."""
        more = {
            "filling": "confirmed_at = $3",
            "running": "turn = turn + 1, started_at = COALESCE(started_at, $3)",
            "done": "ended_at = $3",
            "cancelled": "ended_at = $3",
        }.get(to, "told_at = told_at")
        states = ", ".join(f"'{state}'" for state in of)
        values = (self.id, to, milliseconds(now)) if "$3" in more else (self.id, to)
        found = await select(MOVE.format(more=more, states=states), *values)
        if found:
            self.state, self.turn = to, int(found[0]["turn"])
        return bool(found)
