"""Here live the group chats that we know: who is in them, what we call them, and where staff may give commands."""

from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.groups import GroupKind
from domain.messages import Address
from models.fields import Instant, Short


class Group(Model):
    """`group` is what kind of chat it is; `owner` the member of ours who sends to it (WeCom's customer groups).

    `writable`: we may send there. `allowed_at`: since when staff may give commands there, None where they may not.
    `gone_at`: since when it is dissolved, or we are out of it. `read_at`: when its members were last told as a whole.
    """

    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    title = Short(128, default="")
    group: GroupKind = fields.CharField(10, default="group")  # type: ignore[assignment]
    owner = fields.CharField(64, default="")
    writable = fields.BooleanField(default=True)
    allowed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    gone_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    read_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    seen_at: datetime = Instant(default=0)  # type: ignore[assignment]

    class Meta:
        table = "group_chat"
        unique_together = (("account", "external_id"),)

    @property
    def short_id(self) -> str:
        return f"Q{self.id}"

    @classmethod
    async def allows(cls, chat: Address) -> bool:
        return await cls.exists(account=chat.account, external_id=chat.id, allowed_at__isnull=False)

    @classmethod
    async def allow(cls, chat: Address, title: str, at: datetime) -> Self:
        group, _ = await cls.update_or_create(
            {"title": title, "allowed_at": at}, account=chat.account, external_id=chat.id
        )
        return group

    @classmethod
    async def silence(cls, chat: Address) -> bool:
        """False where it was silent already."""
        known = cls.filter(account=chat.account, external_id=chat.id, allowed_at__isnull=False)
        return bool(await known.update(allowed_at=None))

    @classmethod
    async def rename(cls, chat: Address, title: str) -> None:
        await cls.filter(account=chat.account, external_id=chat.id).update(title=title)

    @classmethod
    async def migrate(cls, old: Address, new: Address) -> None:
        """The platform gave the group another id, and may tell so twice at the same moment."""
        if await cls.exists(account=new.account, external_id=new.id):
            await cls.silence(old)
        else:
            await cls.filter(account=old.account, external_id=old.id).update(external_id=new.id)


class GroupMember(Model):
    """Who is, or was, in a group chat: `external_id` as the platform calls them, which an identity may have, too."""

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField("models.Group", related_name="members")
    external_id = fields.CharField(128)
    name = Short(128, default="")
    staff = fields.BooleanField(default=False)
    source = Short(128, default="")
    joined_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    left_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    group_id: int

    class Meta:
        table = "group_member"
        unique_together = (("group", "external_id"),)
        indexes = (("external_id", "left_at"),)


class GroupLabel(Model):
    """A word by which pushes choose group chats (群标签), kept as it was typed; `folded` is what it is found by."""

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField("models.Group", related_name="labels")
    folded = fields.CharField(64)
    name = fields.CharField(64)

    group_id: int

    class Meta:
        table = "group_label"
        unique_together = (("group", "folded"),)
