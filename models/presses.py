"""Here lives which messages had one of their buttons used: a second press does nothing."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from models.database import insert_many
from models.fields import Instant


class Press(Model):
    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    chat = fields.CharField(128)
    message = fields.CharField(128)
    at: datetime = Instant()  # type: ignore[assignment]

    class Meta:
        table = "press"
        unique_together = (("account", "chat", "message"),)
        indexes = (("at",),)

    @classmethod
    async def once(cls, chat: Address, message: str, at: datetime) -> bool:
        """Whether no button of this message was used before; of two at the same moment one is."""
        unique = ("account", "chat", "message")
        row = (chat.account, chat.id, message, at)
        return bool(await insert_many(cls, (*unique, "at"), [row], conflict=unique))
