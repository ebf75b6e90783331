"""Here lives the inbox: everything that happened, once each, whoever told it and however often."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field, TypeAdapter
from tortoise import fields
from tortoise.indexes import PartialIndex

from domain.channel import RawEvent
from domain.events import OwnEvent
from models.fields import milliseconds
from models.queue import QueueRow
from models.sql import select

OWN = "guanxi"  # the account of events that we tell ourselves
CODEC: TypeAdapter[OwnEvent] = TypeAdapter(Annotated[OwnEvent, Field(discriminator="kind")])


class InboxEvent(QueueRow):
    """An authenticated event as it came. Unique by account and key, so a repeat changes nothing."""

    key = fields.CharField(200)
    payload = fields.TextField()

    TABLE: ClassVar[str] = "inbox_event"

    class Meta:
        table = "inbox_event"
        unique_together = (("account", "key"),)
        indexes = (
            PartialIndex(fields=("lane", "priority", "id"), name="inbox_lane", condition={"state": "waiting"}),
            PartialIndex(fields=("due_at",), name="inbox_due", condition={"state": "waiting"}),
        )

    @property
    def told(self) -> RawEvent:
        """The event as its channel knows it."""
        return RawEvent(self.key, self.lane, self.payload)

    @classmethod
    async def remind(cls, event: OwnEvent, key: str, at: datetime, now: datetime) -> None:
        """Let `event` happen at `at`, once for its key, in a lane of its own."""
        payload = CODEC.dump_json(event).decode()
        await select(
            "INSERT INTO inbox_event (account, key, lane, payload, due_at, queued_at, priority, state, attempts, error)"
            " VALUES ($1, $2, $3, $4, $5, $6, 0, 'waiting', 0, '') ON CONFLICT (account, key) DO NOTHING RETURNING id",
            OWN,
            key,
            f"{OWN}:{key}",
            payload,
            milliseconds(at),
            milliseconds(now),
        )

    def own(self) -> OwnEvent:
        """The event that we told ourselves."""
        return CODEC.validate_json(self.payload)
