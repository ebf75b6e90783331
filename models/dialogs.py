"""Here lives what the bot last offered a person in a chat: a numbered choice, or more to read."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from models.fields import Instant
from models.staff import Staff


class Dialog(Model):
    """At most one for a person in a chat: `choices` maps what may be typed to the command it stands for."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="dialogs")
    account = fields.CharField(64)
    chat = fields.CharField(128)
    choices: dict[str, str] = fields.JSONField(default=dict)
    expires_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "dialog"
        unique_together = (("staff", "account", "chat"),)

    @classmethod
    async def offer(cls, staff: Staff, chat: Address, choices: dict[str, str], expires_at: datetime) -> None:
        """Replace whatever was offered before; no choices means nothing is on offer."""
        await cls.filter(staff_id=staff.id, account=chat.account, chat=chat.id).delete()
        if choices:
            await cls.create(
                staff_id=staff.id, account=chat.account, chat=chat.id, choices=choices, expires_at=expires_at
            )

    @classmethod
    async def chosen(cls, staff: Staff, chat: Address, typed: str, now: datetime) -> str | None:
        """The command that `typed` stands for in this chat, if it is still on offer."""
        row = await cls.filter(staff_id=staff.id, account=chat.account, chat=chat.id).first()
        if row is None or row.expires_at < now:
            return None
        choices: dict[str, Any] = row.choices
        found = choices.get(typed)
        return str(found) if found is not None else None
