"""Here live the group chats in which staff may give commands: those that an administrator has allowed."""

from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from models.fields import Instant, Short


class Group(Model):
    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    title = Short(128, default="")
    allowed_at: datetime = Instant()  # type: ignore[assignment]

    class Meta:
        table = "group_chat"
        unique_together = (("account", "external_id"),)

    @classmethod
    async def allows(cls, chat: Address) -> bool:
        return await cls.exists(account=chat.account, external_id=chat.id)

    @classmethod
    async def allow(cls, chat: Address, title: str, at: datetime) -> Self:
        group, _ = await cls.update_or_create(
            {"title": title, "allowed_at": at}, account=chat.account, external_id=chat.id
        )
        return group

    @classmethod
    async def silence(cls, chat: Address) -> bool:
        """False where it was silent already."""
        return bool(await cls.filter(account=chat.account, external_id=chat.id).delete())

    @classmethod
    async def rename(cls, chat: Address, title: str) -> None:
        await cls.filter(account=chat.account, external_id=chat.id).update(title=title)

    @classmethod
    async def migrate(cls, old: Address, new: Address) -> None:
        """The platform gave the group another id, and may tell so twice at the same moment."""
        if await cls.allows(new):
            await cls.silence(old)
        else:
            await cls.filter(account=old.account, external_id=old.id).update(external_id=new.id)
