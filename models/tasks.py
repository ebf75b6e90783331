"""Here live the to-dos of staff: what is to be done, for whom, and when they are reminded."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from tortoise import fields
from tortoise.models import Model

from models import rows
from models.changes import Actor, Change
from models.customers import Customer
from models.fields import Instant, instant, milliseconds
from models.sql import select
from models.staff import Staff

FIRST = "ORDER BY due_at IS NULL, due_at, id"  # what is overdue, what is next, what has no time
OPEN_OF = f"staff_id = $1 AND state = 'open' {FIRST} LIMIT $2 OFFSET $3"
OPEN_OF_CUSTOMER = f"customer_id = $1 AND state = 'open' {FIRST} LIMIT $2"
FINISH = "UPDATE task SET state = 'done', done_at = $2 WHERE id = $1 AND state = 'open' RETURNING id"
DEFER = "UPDATE task SET due_at = $3 WHERE id = $1 AND state = 'open' AND COALESCE(due_at, 0) = $2 RETURNING id"
ENTRUST = "UPDATE task SET staff_id = $3 WHERE id = $1 AND state = 'open' AND staff_id = $2 RETURNING id"


class Task(Model):
    id = fields.BigIntField(primary_key=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField("models.Staff", related_name="tasks")
    customer: fields.ForeignKeyNullableRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name="tasks", null=True
    )
    text = fields.TextField()
    state: Literal["open", "done"] = fields.CharField(8, default="open")  # type: ignore[assignment]
    due_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    created_at: datetime = Instant()  # type: ignore[assignment]
    done_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    staff_id: int
    customer_id: int | None

    class Meta:
        table = "task"
        indexes = (("staff_id", "state", "due_at"), ("customer_id", "state"))

    @property
    def short_id(self) -> str:
        return f"T{self.id}"

    def is_overdue(self, now: datetime) -> bool:
        return self.state == "open" and self.due_at is not None and self.due_at < now

    @classmethod
    async def planned(
        cls, staff: Staff, text: str, at: datetime | None, customer: Customer | None, now: datetime
    ) -> Self:
        """Its `staff` and `customer` are at hand."""
        about = customer.id if customer else None
        plain = text.replace("\0", "")  # PostgreSQL keeps no NUL in a text
        task = await rows.add(cls, staff_id=staff.id, customer_id=about, text=plain, due_at=at, created_at=now)
        task.staff, task.customer = staff, customer
        return task

    @classmethod
    async def of(cls, task_id: int) -> Self | None:
        """One with its `staff` and `customer`."""
        return await cls.filter(id=task_id).select_related("staff", "customer").first()

    @classmethod
    async def due(cls, task_id: int, at: datetime) -> Self | None:
        """The same, if it is still to be done and still set for that time."""
        task = await cls.of(task_id)
        return task if task and task.state == "open" and task.due_at == kept(at) else None

    @classmethod
    async def open_of(cls, staff_id: int, limit: int, offset: int = 0) -> Sequence[Self]:
        """What a person has to do, the most urgent first, each with its `staff` and `customer`."""
        found = await rows.find(cls, OPEN_OF, staff_id, limit, offset)
        await cls.fetch_for_list(found, "staff", "customer")
        return found

    @classmethod
    async def open_of_customer(cls, customer_id: int, limit: int) -> Sequence[Self]:
        """What is to be done for a customer, the most urgent first, each with its `staff`."""
        found = await rows.find(cls, OPEN_OF_CUSTOMER, customer_id, limit)
        await cls.fetch_for_list(found, "staff")
        return found

    async def finish(self, actor: Actor) -> bool:
        """Be done; False if it is done already."""
        if not await select(FINISH, self.id, milliseconds(actor.at)):
            return False
        self.state, self.done_at = "done", kept(actor.at)
        await self._keep("state", "open", "done", actor)
        return True

    async def defer(self, at: datetime, actor: Actor) -> bool:
        """Be due then; False if it is done, or somebody has set another time since this row was read."""
        old = self.due_at
        if not await select(DEFER, self.id, milliseconds(old) if old else 0, milliseconds(at)):
            return False
        self.due_at = kept(at)
        await self._keep("due_at", old or "", self.due_at, actor)
        return True

    async def entrust(self, staff: Staff, actor: Actor) -> bool:
        """Be somebody else's from now on; False if it is done or no longer theirs who had it."""
        if not await select(ENTRUST, self.id, self.staff_id, staff.id):
            return False
        await self._keep("staff", self.staff.name, staff.name, actor)
        self.staff = staff
        return True

    async def changed_by(self, field: Literal["state", "due_at"]) -> str:
        """Who changed it last; empty when nobody knows."""
        trail = Change.filter(customer_id=self.customer_id or 0, subject=self.short_id, field=field)
        last = await trail.order_by("-id").first()
        person = await Staff.get_or_none(id=last.staff_id) if last and last.staff_id else None
        return person.name if person else ""

    async def _keep(self, field: str, old: object, new: object, actor: Actor) -> None:
        await Change.keep(self.customer_id or 0, self.short_id, {field: (old, new)}, actor)


def kept(at: datetime) -> datetime:
    """As exactly as the database keeps it."""
    return instant(milliseconds(at))
