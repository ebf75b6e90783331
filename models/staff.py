"""Here lives who works here: people, the chat accounts that are theirs, and codes to bind one more."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.codes import LOCKED, TRIES, VALID, digest, draw
from domain.messages import Address
from domain.permissions import Role, Scope, scope_of
from models import rows
from models.fields import Instant, Short, milliseconds
from models.sql import select

USED_EVERY = timedelta(minutes=1)  # how exactly the use of an account is remembered


BOUND = "id IN (SELECT staff_id FROM staff_account WHERE account = $1 AND external_id = $2) AND active = $3"
ISSUE = """INSERT INTO bind_code (staff_id, code_hash, expires_at) VALUES ($1, $2, $3)
    ON CONFLICT (staff_id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at
    RETURNING id"""


class Staff(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(64, unique=True)
    role: Role = fields.CharEnumField(Role, max_length=8)  # type: ignore[assignment]
    team = Short(64, default="")
    language = fields.CharField(8, default="")
    active = fields.BooleanField(default=True)
    created_at: datetime = Instant()  # type: ignore[assignment]

    accounts: fields.ReverseRelation["StaffAccount"]

    class Meta:
        table = "staff"

    @classmethod
    async def behind(cls, address: Address) -> Self | None:
        """The active staff member to whom this chat account is bound."""
        found = await rows.find(cls, BOUND, address.account, address.id, True)  # noqa: FBT003 - a value of the statement
        return found[0] if found else None

    @classmethod
    async def managers(cls) -> list[Self]:
        """Everybody who looks after what nobody owns."""
        return await cls.filter(active=True, role__in=[Role.MANAGER, Role.ADMIN]).order_by("id")

    @classmethod
    async def appoint(cls, name: str, role: Role, accounts: Mapping[str, str], now: datetime, team: str = "") -> Self:
        """Somebody named in config.yaml: made when new, their accounts bound; what changed later stays as it is."""
        staff, _ = await cls.get_or_create({"role": role, "team": team, "created_at": now}, name=name)
        for account, external_id in accounts.items():
            await StaffAccount.get_or_create(
                {"staff_id": staff.id, "used_at": now}, account=account, external_id=external_id
            )
        return staff

    async def scope(self) -> Scope:
        """Whose customers this person sees."""
        team: list[int] = []
        if self.role is Role.MANAGER and self.team:
            team = await Staff.filter(team=self.team).values_list("id", flat=True)  # type: ignore[assignment]
        return scope_of(self.role, self.id, team)

    async def address(self, *, besides: Address | None = None) -> Address | None:
        """Where this person reads: the chat account that was used last, `besides` left out."""
        accounts = await StaffAccount.filter(staff_id=self.id).order_by("-used_at", "id")
        places = (Address(one.account, one.external_id) for one in accounts)
        return next((place for place in places if place != besides), None)

    async def leave(self) -> bool:
        """Nothing that this person does counts from now on; True for the first who says so."""
        left = bool(await Staff.filter(id=self.id, active=True).update(active=False))
        await BindCode.filter(staff_id=self.id).delete()
        self.active = False
        return left

    async def come_back(self) -> bool:
        """True if this person was away; the chat accounts that were bound to them are so again."""
        self.active = True
        return bool(await Staff.filter(id=self.id, active=False).update(active=True))

    async def become(self, role: Role) -> None:
        """It counts from the next message on."""
        self.role = role
        await self.save(update_fields=["role"])

    async def join(self, team: str) -> None:
        self.team = team
        await self.save(update_fields=["team"])

    async def speak(self, language: str) -> None:
        self.language = language
        await self.save(update_fields=["language"])

    async def issue_code(self, now: datetime, random: Random) -> str:
        """A fresh one-time code for this person, shown once; the one before it is worth nothing any more."""
        code = draw(random)
        while await BindCode.exists(code_hash=digest(code)):
            code = draw(random)
        await select(ISSUE, self.id, digest(code), milliseconds(now + VALID))
        return code


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
        indexes = (("staff_id",),)

    @classmethod
    async def bind(cls, address: Address, staff: Staff, now: datetime) -> None:
        """Let this chat account be that person's from now on."""
        await cls.update_or_create(
            {"staff_id": staff.id, "used_at": now}, account=address.account, external_id=address.id
        )

    @classmethod
    async def rename(cls, old: Address, new: Address) -> None:
        """The platform calls this account otherwise now.

        Where the new id is somebody else's here, we have missed something, and it is nobody's until it is bound again.
        """
        mine = await cls.get_or_none(account=old.account, external_id=old.id)
        taken = await cls.get_or_none(account=new.account, external_id=new.id)
        if mine and taken:
            await mine.delete()
            if taken.staff_id != mine.staff_id:
                await taken.delete()
        elif mine:
            await cls.filter(id=mine.id).update(external_id=new.id)

    @classmethod
    async def of(cls, staff: Staff) -> list[Self]:
        return await cls.filter(staff_id=staff.id).order_by("id")

    @classmethod
    async def used(cls, address: Address, now: datetime) -> None:
        """Remember that the account is in use; most calls find that known and write nothing."""
        await cls.filter(account=address.account, external_id=address.id, used_at__lt=now - USED_EVERY).update(
            used_at=now
        )


class BindCode(Model):
    """The one-time code by which a chat account becomes somebody's, one for each person; only its hash is kept."""

    id = fields.BigIntField(primary_key=True)
    staff: fields.OneToOneRelation[Staff] = fields.OneToOneField("models.Staff", related_name="code")
    code_hash = fields.CharField(64, unique=True)
    expires_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int

    class Meta:
        table = "bind_code"

    @classmethod
    async def redeem(cls, typed: str, now: datetime) -> Staff | None:
        """Whose valid code `typed` is; it is used up by that, for one of all who send it. Compared in constant time."""
        wanted = digest(typed)
        codes = await cls.filter(expires_at__gt=now, staff__active=True).select_related("staff")
        found = [code for code in codes if hmac.compare_digest(code.code_hash, wanted)]
        used_up = found and await cls.filter(id=found[0].id, code_hash=wanted).delete()
        return found[0].staff if used_up else None


class BindAttempt(Model):
    """How often an unknown chat account has tried a code lately."""

    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    at: datetime = Instant()  # type: ignore[assignment]

    class Meta:
        table = "bind_attempt"
        indexes = (("account", "external_id", "at"),)

    @classmethod
    async def locked(cls, address: Address, now: datetime) -> bool:
        """Whether this chat account has guessed wrong too often to try again now."""
        lately = cls.filter(account=address.account, external_id=address.id, at__gt=now - LOCKED)
        return await lately.count() >= TRIES

    @classmethod
    async def failed(cls, address: Address, now: datetime) -> None:
        await cls.create(account=address.account, external_id=address.id, at=now)
