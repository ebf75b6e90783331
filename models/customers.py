"""Here lives who our customers are, where they can be reached, and whose they are."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from domain.events import ContactState, Follow
from domain.messages import Address
from models import rows
from models.fields import Instant, Short
from models.staff import Staff

SEEN_EVERY = timedelta(minutes=1)


class Customer(Model):
    id = fields.BigIntField(primary_key=True)
    name = Short(128, default="")
    phone = Short(32, default="")
    company = Short(128, default="")
    language = Short(16, default="")
    source = Short(128, default="direct")
    owner: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="customers", null=True, on_delete=fields.SET_NULL
    )
    created_at: datetime = Instant()  # type: ignore[assignment]
    seen_at: datetime = Instant()  # type: ignore[assignment]

    owner_id: int | None
    identities: fields.ReverseRelation["Identity"]

    class Meta:
        table = "customer"
        indexes = (("owner_id",),)

    @property
    def short_id(self) -> str:
        return f"C{self.id}"

    async def heard(self, at: datetime) -> None:
        """They are there; a minute's exactness is enough for lists."""
        if at - self.seen_at >= SEEN_EVERY:
            self.seen_at = at
            await rows.change(self, "seen_at")

    async def shared(self, phone: str) -> None:
        """Their own number, vouched for by the platform."""
        self.phone = phone
        await rows.change(self, "phone")


class Identity(Model):
    """One customer's account on one of our channels; `state_at` is when the state was last told, newest wins."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="identities")
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    name = Short(128, default="")
    username = Short(64, default="")
    unionid = fields.CharField(64, default="", db_index=True)
    source = Short(128, default="direct")
    state: ContactState = fields.CharField(12, default="reachable")  # type: ignore[assignment]
    state_at: datetime = Instant()  # type: ignore[assignment]
    added_at: datetime = Instant()  # type: ignore[assignment]
    heard_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    customer_id: int
    relations: fields.ReverseRelation["Relation"]

    class Meta:
        table = "identity"
        unique_together = (("account", "external_id"),)
        indexes = (("customer_id",),)

    @property
    def address(self) -> Address:
        return Address(self.account, self.external_id)

    @classmethod
    async def of(cls, address: Address) -> Self | None:
        found = await rows.find(cls, "account = $1 AND external_id = $2", address.account, address.id)
        if not found:
            return None
        found[0].customer = (await rows.find(Customer, "id = $1", found[0].customer_id))[0]
        return found[0]

    async def reached(self, state: ContactState, at: datetime) -> bool:
        """Take over a state unless a newer one is known already; says whether anything changed."""
        if at < self.state_at:
            return False
        changed = state != self.state
        self.state, self.state_at = state, at
        await self.save(update_fields=["state", "state_at"])
        return changed

    async def hear(self, at: datetime) -> None:
        """A word from this person: proof that they can be reached."""
        self.heard_at = max(at, self.heard_at or at)
        if at >= self.state_at:
            self.state, self.state_at = "reachable", at
        await rows.change(self, "heard_at", "state", "state_at")


class Relation(Model):
    """One WeCom member's relation to one customer (跟进人): remark, state of the contact way, and whether it lasts."""

    id = fields.BigIntField(primary_key=True)
    identity: fields.ForeignKeyRelation[Identity] = fields.ForeignKeyField("models.Identity", related_name="relations")
    userid = fields.CharField(64)
    remark = Short(64, default="")
    description = Short(200, default="")
    company = Short(64, default="")
    source = Short(128, default="")
    phones: list[str] = fields.JSONField(default=list)
    added_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    ended_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    identity_id: int

    class Meta:
        table = "relation"
        unique_together = (("identity", "userid"),)

    @classmethod
    async def keep(cls, identity_id: int, follows: Iterable[Follow]) -> None:
        """Take over what the platform tells of members' relations; one not told of stays as it was."""
        for follow in follows:
            await cls.update_or_create(
                identity_id=identity_id,
                userid=follow.userid,
                defaults={
                    "remark": follow.remark,
                    "description": follow.description,
                    "company": follow.company,
                    "source": follow.state,
                    "phones": list(follow.phones),
                    "added_at": follow.added_at,
                    "ended_at": None,
                },
            )

    @classmethod
    async def end(cls, identity_id: int, userid: str, at: datetime) -> None:
        """The relation ended, unless it began anew after `at`."""
        begun_later = Q(added_at__gt=at)
        await cls.filter(~begun_later | Q(added_at=None), identity_id=identity_id, userid=userid).update(ended_at=at)

    @classmethod
    async def remarks(cls, identity_id: int) -> list[str]:
        """What members call this customer."""
        return [relation.remark for relation in await cls.filter(identity_id=identity_id)]

    @classmethod
    async def lasting(cls, identity_id: int) -> bool:
        return await cls.filter(identity_id=identity_id, ended_at=None).exists()
