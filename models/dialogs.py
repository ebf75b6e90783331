"""Here lives what the bot last offered a person in a chat: a numbered choice, or more to read."""

import json
from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from models.fields import Instant, milliseconds
from models.sql import select
from models.staff import Staff

OFFER = """INSERT INTO dialog (staff_id, account, chat, choices, expires_at, asks) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (staff_id, account, chat) DO UPDATE
    SET choices = excluded.choices, expires_at = excluded.expires_at, asks = excluded.asks
    RETURNING id"""


class Dialog(Model):
    """At most one for a person in a chat: `choices` maps what may be typed to the command it stands for.

    `asks` is the beginning of a command that whatever else is typed next completes; empty when nothing is asked.
    """

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="dialogs")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    choices: dict[str, str] = fields.JSONField(default=dict)
    asks = fields.TextField(default="")
    expires_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "dialog"
        unique_together = (("staff", "account", "chat"),)

    @classmethod
    async def offer(
        cls, staff: Staff, chat: Address, choices: dict[str, str], expires_at: datetime, asks: str = ""
    ) -> None:
        """Replace whatever was offered before; no choices and nothing asked means that nothing is on offer."""
        if choices or asks:
            listed = json.dumps(choices, ensure_ascii=False)
            await select(OFFER, staff.id, chat.account, chat.id, listed, milliseconds(expires_at), asks)
        else:
            await cls.close(staff, chat)

    @classmethod
    async def close(cls, staff: Staff, chat: Address) -> bool:
        """Nothing is on offer here any more; False if nothing was."""
        return bool(await cls.filter(staff_id=staff.id, account=chat.account, chat=chat.id).delete())

    @classmethod
    async def at(cls, staff: Staff, chat: Address, now: datetime) -> Self | None:
        """What is on offer to this person in this chat."""
        row = await cls.filter(staff_id=staff.id, account=chat.account, chat=chat.id).first()
        return row if row and row.expires_at >= now else None

    def chosen(self, typed: str) -> str | None:
        """The command that `typed` stands for."""
        found = self.choices.get(typed)
        return str(found) if found is not None else None
