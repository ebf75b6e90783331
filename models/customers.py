"""Here lives who our customers are, where they can be reached, and whose they are."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from domain.contacts import ContactState, Follow
from domain.edits import CUSTOM
from domain.messages import Address
from models import rows
from models.changes import Actor, Change, changed
from models.database import insert_many
from models.fields import Instant, Short, instant, milliseconds
from models.sql import dialect, select
from models.staff import Staff

Consent = Literal["", "granted", "withdrawn"]

SEEN_EVERY = timedelta(minutes=1)
HELD = {"sqlite": "id = $1", "postgres": "id = $1 FOR NO KEY UPDATE"}  # SQLite has one writer, who holds everything
SEEN = "UPDATE customer SET seen_at = $2 WHERE id = $1 AND seen_at < $2 RETURNING id"
HEAR = """UPDATE identity SET
    heard_at = CASE WHEN heard_at > $2 THEN heard_at ELSE $2 END,
    state = CASE WHEN state_at > $2 THEN state ELSE 'reachable' END,
    state_at = CASE WHEN state_at > $2 THEN state_at ELSE $2 END
    WHERE id = $1 RETURNING heard_at, state, state_at, customer_id"""
OPT_OUT = "UPDATE identity SET opted_out_at = $2 WHERE id = $1 AND opted_out_at IS NULL RETURNING id"
OPT_IN = "UPDATE identity SET opted_out_at = NULL WHERE id = $1 AND opted_out_at IS NOT NULL RETURNING id"
REACHED = "UPDATE identity SET state = $2, state_at = $3 WHERE id = $1 AND state_at <= $3 RETURNING id"


class Customer(Model):
    """`custom` holds the house's own fields.

    What is told of orders and of behaviour is kept current with their rows (models/orders.py, models/behaviours.py):
    `orders` paid ones, `amount` their sum in minor units of the house's currency, and when somebody last ordered, got
    a push, clicked in one.
    """

    id = fields.BigIntField(primary_key=True)
    name = Short(128, default="")
    phone = Short(32, default="")
    company = Short(128, default="")
    position = Short(64, default="")
    email = Short(254, default="")
    city = Short(64, default="")
    gender = Short(8, default="")
    birthday = Short(10, default="")
    language = Short(16, default="")
    source = Short(128, default="direct")
    consent: Consent = fields.CharField(12, default="")  # type: ignore[assignment]
    score = fields.IntField(default=0)
    custom: dict[str, str | int | float] = fields.JSONField(default=dict)
    orders = fields.IntField(default=0)
    amount = fields.BigIntField(default=0)
    last_order_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    pushed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    clicked_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    owner: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="customers", null=True, on_delete=fields.SET_NULL
    )
    attendant: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="attended", null=True, on_delete=fields.SET_NULL
    )
    merged_into: fields.ForeignKeyNullableRelation["Customer"] = fields.ForeignKeyField(
        "models.Customer", related_name="merged_from", null=True, on_delete=fields.SET_NULL
    )
    created_at: datetime = Instant()  # type: ignore[assignment]
    seen_at: datetime = Instant()  # type: ignore[assignment]

    owner_id: int | None
    attendant_id: int | None
    merged_into_id: int | None
    identities: fields.ReverseRelation["Identity"]

    class Meta:
        table = "customer"
        indexes = (("owner_id",), ("attendant_id",), ("merged_into_id",), ("phone",))

    @property
    def short_id(self) -> str:
        return f"C{self.id}"

    async def heard(self, at: datetime) -> None:
        """They are there; a minute's exactness is enough for lists."""
        if at - self.seen_at >= SEEN_EVERY:
            self.seen_at = at
            await select(SEEN, self.id, milliseconds(at))

    @classmethod
    async def hold(cls, customer_id: int) -> Self | None:
        """As it is now; nobody else changes it until this transaction ends."""
        found = await rows.find(cls, HELD[dialect()], customer_id)
        return found[0] if found else None

    async def change(self, actor: Actor, **new: object) -> bool:
        """Write these fields where they differ, with the trail; True when one did. `custom.等级` is one of our own."""
        own = {name: new.pop(name) for name in list(new) if name.startswith(CUSTOM)}
        other = await self._change_own(actor, own) if own else False
        return await changed(self, self.id, self.short_id, actor, **new) or other

    async def _change_own(self, actor: Actor, new: Mapping[str, Any]) -> bool:
        """None and nothing are no value: the key goes."""
        named = {name: (self.custom.get(name.removeprefix(CUSTOM)), value) for name, value in new.items()}
        pairs = {name: pair for name, pair in named.items() if pair[0] != (None if pair[1] == "" else pair[1])}
        own = {name.removeprefix(CUSTOM): value for name, (_, value) in pairs.items()}
        gone = {key for key, value in own.items() if value in (None, "")}
        self.custom = {key: value for key, value in (self.custom | own).items() if key not in gone}
        if pairs:
            await rows.change(self, "custom")
            await Change.keep(self.id, self.short_id, pairs, actor)
        return bool(pairs)


class Identity(Model):
    """One customer's account on one of our channels; `state_at` is when the state was last told, newest wins.

    `opted_out_at`: since when they want no pushes there.
    """

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
    opted_out_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

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

    @classmethod
    async def claim(cls, customer: Customer, address: Address, **told: object) -> Self | None:
        """Make this account the customer's; None where it is somebody's already, or becomes so at this moment."""
        made = cls(customer=customer, account=address.account, external_id=address.id, **told)
        unique = ("account", "external_id")
        columns = ("customer_id", *unique, *told)
        values = [getattr(made, name) for name in columns]
        if not (new := await insert_many(cls, columns, [values], conflict=unique)):
            return None
        made.id, made._saved_in_db = new[0][0], True
        return made

    async def held(self) -> Self:
        """As it is now, with its customer, of whom nobody else learns anything until this transaction ends."""
        customer = (await rows.find(Customer, HELD[dialect()], self.customer_id))[0]
        found = (await rows.find(type(self), "id = $1", self.id))[0]
        if found.customer_id != customer.id:  # joined with another customer, or taken out, while we waited
            return await found.held()
        found.customer = customer
        return found

    async def reached(self, state: ContactState, at: datetime) -> None:
        """Take over a state unless a newer one is known already."""
        if await select(REACHED, self.id, state, milliseconds(at)):
            self.state, self.state_at = state, at

    async def opt_out(self, at: datetime) -> bool:
        """They want no more pushes here; False where they said so before."""
        new = bool(await select(OPT_OUT, self.id, milliseconds(at)))
        self.opted_out_at = at if new else self.opted_out_at
        return new

    async def opt_in(self) -> bool:
        """They want them again; False where they never said otherwise."""
        self.opted_out_at = None
        return bool(await select(OPT_IN, self.id))

    async def hear(self, at: datetime) -> None:
        """A word from this person: proof that they can be reached. Until the end nobody makes it another customer's."""
        now = (await select(HEAR, self.id, milliseconds(at)))[0]
        if now["customer_id"] != self.customer_id:
            self.customer = (await rows.find(Customer, "id = $1", now["customer_id"]))[0]
        self.heard_at, self.state, self.state_at = instant(now["heard_at"]), now["state"], instant(now["state_at"])


class Relation(Model):
    """One WeCom member's relation to one customer (跟进人): remark, state of the contact way, and whether it lasts.

    `read_at` is when it was last found in a whole listing of the member's customers.
    """

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
    read_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

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
