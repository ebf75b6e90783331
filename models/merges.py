"""Here live the joinings of two customers into one, with everything needed to undo them exactly."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, Self

from tortoise import fields
from tortoise.models import Model

from domain.edits import CUSTOM
from domain.merges import CONSENTS, advanced, filled, rebased, returned
from models import facts, rows
from models.belongings import tags_brought, tags_returned
from models.changes import Actor, Change
from models.customers import Customer, Identity
from models.fields import Instant, milliseconds
from models.identities import held
from models.leads import Lead
from models.messages import Message
from models.notes import Note
from models.search import Searchable
from models.sql import select
from models.tags import Tagging
from models.tasks import Task

MergeState = Literal["planned", "done", "undone", "dropped"]
MergeCause = Literal["command", "unionid", "phone", "unlink"]

JOINED = "UPDATE merge SET state = 'done', done_at = $2 WHERE id = $1 AND state = 'planned' RETURNING id"
UNDONE = "UPDATE merge SET state = 'undone', undone_at = $2 WHERE id = $1 AND state = $3 RETURNING id"
AWAY = "customer_id IN (SELECT id FROM customer WHERE merged_into_id IS NOT NULL) RETURNING id"
WHERE_IT_WAS_SAID = "SELECT i.customer_id FROM identity AS i WHERE i.id = message.identity_id"
INTO_WHOM = "SELECT c.merged_into_id FROM customer AS c WHERE c.id = {table}.customer_id"
GATHERED = (  # chains come together in as many days as they are long
    f"UPDATE message SET customer_id = ({WHERE_IT_WAS_SAID}) WHERE {AWAY}",  # noqa: S608 - words of ours only
    *(f"UPDATE {table} SET customer_id = ({INTO_WHOM.format(table=table)}) WHERE {AWAY}" for table in ("note", "task")),  # noqa: S608
)
MOVED = "UPDATE identity SET customer_id = $2 WHERE customer_id = $1 RETURNING id"
SILENT = {"seen_at", "followed_at", "claimed_at", "first_words"}  # follow from what the trail tells anyway


class Merge(Model):
    """`kept` took in `absorbed`; `moved` remembers which rows changed sides and what fields were before.

    Its `order` is higher than that of every joining into `kept` that stood at the time: an id tells of the preview.
    Messages are not listed in it: they always go where their identity goes. An identity that was taken out of a
    customer is told as the undoing of a joining, so that nothing joins the two by itself again.
    """

    id = fields.BigIntField(primary_key=True)
    kept: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="merges")
    absorbed: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField(
        "models.Customer", related_name="absorptions"
    )
    cause: MergeCause = fields.CharField(8, default="command")  # type: ignore[assignment]
    state: MergeState = fields.CharField(8, default="planned")  # type: ignore[assignment]
    moved: dict[str, Any] = fields.JSONField(default=dict)
    created_at: datetime = Instant()  # type: ignore[assignment]
    done_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    undone_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    kept_id: int
    absorbed_id: int

    class Meta:
        table = "merge"
        indexes = (("kept_id", "state"), ("absorbed_id", "state"))

    @property
    def short_id(self) -> str:
        return f"M{self.id}"

    @classmethod
    async def planned(cls, kept_id: int, absorbed_id: int, cause: MergeCause, at: datetime) -> Self:
        return await cls.create(kept_id=kept_id, absorbed_id=absorbed_id, cause=cause, created_at=at)

    @classmethod
    async def away(cls, customer_id: int) -> Self | None:
        """The joining by which this customer went into another."""
        return await cls.filter(absorbed_id=customer_id, state="done").order_by("-id").first()

    @classmethod
    async def gather(cls) -> int:
        """Bring what was written about somebody in the very moment in which they were merged away; how much it was."""
        return sum([len(await select(statement)) for statement in GATHERED])

    async def join(self, actor: Actor) -> bool:
        """Everything of `absorbed` becomes `kept`'s; False where somebody was quicker. Then `kept` is to be indexed."""
        both = {row.id: row for row in await held((self.kept_id, self.absorbed_id))}
        kept, absorbed = both[self.kept_id], both[self.absorbed_id]
        if kept.merged_into_id or absorbed.merged_into_id or kept.id == absorbed.id:
            return False
        if not await select(JOINED, self.id, milliseconds(actor.at)):
            return False
        await Tagging.inherit(both, actor)
        order = max((other.moved["order"] for other in await self._others()), default=0) + 1
        moved = await self._moved(kept.id, absorbed.id) | await _taken_over(kept, absorbed, actor)
        self.moved = moved | {"order": order}
        self.state, self.done_at = "done", actor.at
        await self.save(update_fields=["moved"])
        await _point(absorbed, kept.id)
        await self._tell(actor, undone=False)
        return True

    async def undo(self, actor: Actor) -> bool:
        """Both are as they were, but for what came since; False where somebody was quicker. Both are to be indexed."""
        both = {row.id: row for row in await held((self.kept_id, self.absorbed_id))}
        kept, absorbed = both[self.kept_id], both[self.absorbed_id]
        if kept.merged_into_id or not await select(UNDONE, self.id, milliseconds(actor.at), "done"):
            return False
        await Tagging.inherit(both, actor)
        tags = await self._return(kept, absorbed, self.done_at or actor.at)
        await self._pass_on_consent()
        await _given_back(kept, await Lead.of(kept.id), self.moved, actor)
        await self._rebase(tags)
        self.state, self.undone_at = "undone", actor.at
        await _point(absorbed, None)
        await self._tell(actor, undone=True)
        return True

    async def part(self, identity: Identity, alone: Customer, actor: Actor) -> bool:
        """`identity` is taken out of `kept` and given to `alone`; False where somebody was quicker."""
        if not await select(UNDONE, self.id, milliseconds(actor.at), "planned"):
            return False
        self.absorbed_id, self.moved = alone.id, {"identities": [identity.id]}
        self.state, self.undone_at = "undone", actor.at
        await self.save(update_fields=["absorbed_id", "moved"])
        await _carry([identity.id], self.kept_id, alone.id)
        await self._tell(actor, undone=True)
        return True

    async def _moved(self, kept: int, absorbed: int) -> dict[str, Any]:
        """Identities first: who writes down a customer's words holds the identity, and is waited for here."""
        identities = [row["id"] for row in await select(MOVED, absorbed, kept)]
        await Message.filter(identity_id__in=identities).update(customer_id=kept)
        notes = await Note.filter(customer_id=absorbed).order_by("id").values_list("id", flat=True)
        tasks = await Task.filter(customer_id=absorbed).order_by("id").values_list("id", flat=True)
        await Note.filter(id__in=list(notes)).update(customer_id=kept)
        await Task.filter(id__in=list(tasks)).update(customer_id=kept)
        tags = await tags_brought(absorbed, kept)
        await facts.brought(absorbed, kept)
        return {"identities": sorted(identities), "notes": list(notes), "tasks": list(tasks), "tags": tags}

    async def _return(self, kept: Customer, absorbed: Customer, done_at: datetime) -> list[int]:
        """What went back of the tags."""
        await _carry(self.moved["identities"], kept.id, absorbed.id)
        await Note.filter(id__in=self.moved["notes"], customer_id=kept.id).update(customer_id=absorbed.id)
        await Task.filter(id__in=self.moved["tasks"], customer_id=kept.id).update(customer_id=absorbed.id)
        later = await Identity.filter(customer_id=absorbed.id, heard_at__gt=done_at)
        heard = [identity.heard_at for identity in later if identity.heard_at]
        absorbed.seen_at = max((absorbed.seen_at, *heard))
        await rows.change(absorbed, "seen_at")
        await facts.returned(kept.id, absorbed.id)
        return await tags_returned(self.moved.get("tags", []), kept.id, absorbed.id, done_at)

    async def _others(self) -> list[Self]:
        """The joinings into the same customer that stand; there are no new ones while the customer is held."""
        return await type(self).filter(kept_id=self.kept_id, state="done").exclude(id=self.id)

    async def _pass_on_consent(self) -> None:
        """Who else of those that were joined does not want to be written to: then it is because of them."""
        told = self.moved["customer"].get("consent")
        if not told or told[1] != CONSENTS[-1]:
            return
        for later in sorted(await self._others(), key=lambda other: int(other.moved["order"])):
            if later.moved["order"] > self.moved["order"]:
                absorbed = await Customer.get(id=later.absorbed_id)
                if absorbed.consent == told[1]:
                    later.moved["customer"]["consent"] = self.moved["customer"].pop("consent")
                    await later.save(update_fields=["moved"])
                    return

    async def _rebase(self, tags: Iterable[int]) -> None:
        """What later joinings of the same customer found was partly this one's; tags of it they bring themselves."""
        lost = set(tags)
        for later in sorted(await self._others(), key=lambda other: int(other.moved["order"])):
            if later.moved["order"] < self.moved["order"]:
                continue
            for part in ("customer", "lead"):
                later.moved[part] = rebased(later.moved[part], self.moved[part])
            brought = await tags_brought(later.absorbed_id, later.kept_id, lost)
            later.moved["tags"] = sorted({*later.moved.get("tags", []), *brought})
            lost -= set(brought)
            await later.save(update_fields=["moved"])

    async def _tell(self, actor: Actor, *, undone: bool) -> None:
        kept, absorbed = f"C{self.kept_id}", f"C{self.absorbed_id}"
        for customer_id, subject, field, value in (
            (self.kept_id, kept, "merge", absorbed),
            (self.absorbed_id, absorbed, "merged_into", kept),
        ):
            await Change.keep(customer_id, subject, {field: (value, "") if undone else ("", value)}, actor)


async def _carry(identities: Iterable[int], source: int, target: int) -> None:
    """Those of the identities that are still the source's, with everything said there, whenever it was said."""
    there = await Identity.filter(id__in=list(identities), customer_id=source).values_list("id", flat=True)
    await Identity.filter(id__in=list(there)).update(customer_id=target)
    await Message.filter(identity_id__in=list(there)).update(customer_id=target)


async def _taken_over(kept: Customer, absorbed: Customer, actor: Actor) -> dict[str, Any]:
    leads = await Lead.of(kept.id), await Lead.of(absorbed.id)
    customer = filled(values(kept), values(absorbed))
    lead = advanced(values(leads[0]), values(leads[1]))
    await _write(kept, {name: new for name, (_, new) in customer.items()}, actor)
    await _write(leads[0], {name: new for name, (_, new) in lead.items()}, actor)
    return {"customer": customer, "lead": lead}


async def _given_back(kept: Customer, lead: Lead, moved: Mapping[str, Any], actor: Actor) -> None:
    await _write(kept, returned(moved["customer"], values(kept)), actor)
    await _write(lead, returned(moved["lead"], values(lead)), actor)


async def _point(absorbed: Customer, kept_id: int | None) -> None:
    """Who is merged away is not found; who comes back is, once they are indexed."""
    absorbed.merged_into_id = kept_id
    await rows.change(absorbed, "merged_into_id")
    if kept_id:
        await Searchable.filter(customer_id=absorbed.id).delete()


async def _write(row: Customer | Lead, new: Mapping[str, Any], actor: Actor) -> None:
    """Values as columns hold them; what a person would call a change is told in the trail."""
    if not new:
        return
    told = {name: value if name.startswith(CUSTOM) else _read(row, name, value) for name, value in new.items()}
    silent = SILENT & told.keys()
    for name in silent:
        setattr(row, name, told.pop(name))
    if silent:
        await rows.change(row, *sorted(silent))
    await row.change(actor, **told)
    if isinstance(row, Customer) and "owner_id" in told:
        await Searchable.owned(row.id, row.owner_id)


def values(row: Model) -> dict[str, Any]:
    """What the columns of a row hold; of a customer's own fields each by itself."""
    told = row._meta.fields_db_projection  # noqa: SLF001 - Tortoise's own word for them
    held = {name: row._meta.fields_map[name].to_db_value(getattr(row, name), row) for name in told}  # noqa: SLF001
    if isinstance(row, Customer):
        del held["custom"]
        held |= {f"{CUSTOM}{key}": value for key, value in row.custom.items()}
    return held


def _read(row: Model, name: str, value: Any) -> Any:
    return row._meta.fields_map[name].to_python_value(value)  # noqa: SLF001
