"""Here lives who works here: people, the chat accounts that are theirs, and codes to bind one more."""

from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.messages import Address
from domain.permissions import Role
from models.fields import Instant


class Staff(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(64, unique=True)
    role: Role = fields.CharEnumField(Role, max_length=8)  # type: ignore[assignment]
    language = fields.CharField(8, default="")
    active = fields.BooleanField(default=True)
    created_at: datetime = Instant()  # type: ignore[assignment]

    accounts: fields.ReverseRelation["StaffAccount"]

    class Meta:
        table = "staff"

    @classmethod
    async def behind(cls, address: Address) -> Self | None:
        """The active staff member to whom this chat account is bound."""
        return await cls.filter(
            active=True, accounts__account=address.account, accounts__external_id=address.id
        ).first()

    @classmethod
    async def managers(cls) -> list[Self]:
        """Everybody who looks after what nobody owns."""
        return await cls.filter(active=True, role__in=[Role.MANAGER, Role.ADMIN]).order_by("id")

    async def address(self) -> Address | None:
        """Where this person reads: the chat account that was used last."""
        account = await StaffAccount.filter(staff_id=self.id).order_by("-used_at", "id").first()
        return Address(account.account, account.external_id) if account else None


class StaffAccount(Model):
    """A chat account bound to a person: ids only, never user names or display names."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="accounts")
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    used_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "staff_account"
        unique_together = (("account", "external_id"),)


class BindCode(Model):
    """A one-time code by which a chat account becomes somebody's; only its hash is kept."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="codes")
    code_hash = fields.CharField(64, unique=True)
    expires_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "bind_code"


class BindAttempt(Model):
    """How often an unknown chat account has tried a code lately."""

    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    at: datetime = Instant()  # type: ignore[assignment]

    class Meta:
        table = "bind_attempt"
        indexes = (("account", "external_id", "at"),)
