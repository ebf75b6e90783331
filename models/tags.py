"""Here lives the tag library and who carries which tag; what platforms know of it is in models/sync.py."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, Self

from tortoise import fields
from tortoise.models import Model

from domain.tags import Source, path
from models import rows
from models.changes import Actor, Change
from models.customers import Customer
from models.database import insert_many
from models.fields import Instant, Short, milliseconds
from models.sql import dialect, select

TagKind = Literal["manual", "rule"]

MOST = 1_000  # customers in one statement
TIDY = """UPDATE tag_group SET gone_at = $1 WHERE id = $2 AND gone_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM tag WHERE tag.group_id = tag_group.id AND tag.gone_at IS NULL) RETURNING id"""
# Nobody writes about these customers until the end; SQLite has one writer.
HELD = """SELECT c.id FROM customer AS c WHERE c.id IN (SELECT DISTINCT t.customer_id FROM tagging AS t
    WHERE {chosen} ORDER BY t.customer_id LIMIT {most}) ORDER BY c.id{wait}"""
INHERITED = """DELETE FROM tagging WHERE id IN (SELECT t.id FROM tagging AS t JOIN tag AS g ON g.id = t.tag_id
    WHERE g.gone_at IS NOT NULL AND {chosen}) RETURNING customer_id, tag_id, source"""
# A tag that is deleted at this moment is waited for, and given to nobody any more.
LIVING = "SELECT id FROM tag WHERE gone_at IS NULL AND {chosen}{wait}"
NAMES = """SELECT t.id, g.name AS group_name, t.name FROM tag AS t JOIN tag_group AS g ON g.id = t.group_id
    WHERE t.gone_at IS NULL ORDER BY g."order" DESC, g.id, t."order" DESC, t.id"""
CARRIED = """SELECT DISTINCT t.customer_id, heir.id AS tag_id FROM tagging AS t JOIN tag AS g ON g.id = t.tag_id
    JOIN tag AS heir ON heir.gone_at IS NULL
        AND heir.id = CASE WHEN g.gone_at IS NULL THEN g.id ELSE g.merged_into_id END WHERE {chosen}"""


class TagGroup(Model):
    """Larger `order` comes first. What was deleted stays until no platform has it any more, and longer in the trail."""

    id = fields.BigIntField(primary_key=True)
    name = Short(64)
    order = fields.BigIntField(default=0)
    source: Source = fields.CharField(8, default="staff")  # type: ignore[assignment]
    created_at: datetime = Instant()  # type: ignore[assignment]
    gone_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    tags: fields.ReverseRelation["Tag"]

    class Meta:
        table = "tag_group"

    @classmethod
    async def living(cls) -> list[Self]:
        """In their order."""
        return await cls.filter(gone_at=None).order_by("-order", "id")

    @classmethod
    async def tidy(cls, group_ids: Iterable[int], now: datetime) -> None:
        """Those that have no tag any more are gone: a group goes with its last tag."""
        for group_id in sorted(set(group_ids)):
            await select(TIDY, milliseconds(now), group_id)


class Tag(Model):
    """A name in a group. `scope` are the channels where it is to be, all of them if it is empty.

    `merged_into` is the tag that took over its customers.
    """

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[TagGroup] = fields.ForeignKeyField("models.TagGroup", related_name="tags")
    name = Short(64)
    order = fields.BigIntField(default=0)
    kind: TagKind = fields.CharField(8, default="manual")  # type: ignore[assignment]
    scope: list[str] = fields.JSONField(default=list)
    source: Source = fields.CharField(8, default="staff")  # type: ignore[assignment]
    description = Short(200, default="")
    created_at: datetime = Instant()  # type: ignore[assignment]
    gone_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    merged_into: fields.ForeignKeyNullableRelation["Tag"] = fields.ForeignKeyField(
        "models.Tag", related_name="merged_from", null=True, on_delete=fields.SET_NULL
    )

    group_id: int
    merged_into_id: int | None

    class Meta:
        table = "tag"
        indexes = (("group_id",), ("name",))

    @property
    def path(self) -> str:
        """What people call it; its `group` is fetched."""
        return path(self.group.name, self.name)

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Where it is in the order of the library; its `group` is fetched."""
        return -self.group.order, self.group_id, -self.order, self.id

    def is_for(self, account: str) -> bool:
        """Whether it is to be on this channel."""
        return not self.scope or account in self.scope

    @classmethod
    async def living(cls) -> list[Self]:
        """In their order, each with its group."""
        groups = {group.id: group for group in await rows.find(TagGroup, "1 = 1")}
        tags = await rows.find(cls, "gone_at IS NULL")
        for tag in tags:
            tag.group = groups[tag.group_id]
        return sorted(tags, key=lambda tag: tag.place)

    @classmethod
    async def names(cls) -> list[tuple[int, str, str]]:
        """Of all that live, in their order, the id, the group's name and their own."""
        return [(row["id"], row["group_name"], row["name"]) for row in await select(NAMES)]

    @classmethod
    async def of(cls, ids: Collection[int]) -> dict[int, Self]:
        """By id, each with its group, also those that are gone."""
        found = await cls.filter(id__in=list(ids)).select_related("group")
        return {tag.id: tag for tag in found}

    @classmethod
    async def made(cls, rows: Sequence[Sequence[object]], source: Source, now: datetime) -> list[Self]:
        """New ones out of group id, name, description and scope, in that order; each with its group."""
        columns = ("group_id", "name", "description", "scope", "source", "created_at")
        new = await insert_many(cls, columns, [(*row, source, now) for row in rows])
        made = await cls.of([int(row[0]) for row in new])
        return [made[tag_id] for tag_id in sorted(made)]

    @classmethod
    async def end(cls, ids: Collection[int], now: datetime, merged_into: int | None = None) -> None:
        """They are gone; whoever would give one to a customer at this moment waits, and does not.

        What was merged into one of them before is merged into its heir now.
        """
        await cls.filter(id__in=list(ids)).update(gone_at=now, merged_into_id=merged_into)
        if merged_into:
            await cls.filter(merged_into_id__in=list(ids)).update(merged_into_id=merged_into)

    async def edit(self, **new: object) -> bool:
        """Write what differs; whether anything does."""
        changed = [name for name, value in new.items() if getattr(self, name) != value]
        self.update_from_dict(new)
        if changed:
            await self.save(update_fields=changed)
        return bool(changed)


class Tagging(Model):
    """A customer carries a tag, because of whom or what, and since when."""

    id = fields.BigIntField(primary_key=True)
    customer: fields.ForeignKeyRelation[Customer] = fields.ForeignKeyField("models.Customer", related_name="taggings")
    tag: fields.ForeignKeyRelation[Tag] = fields.ForeignKeyField("models.Tag", related_name="taggings")
    source: Source = fields.CharField(8, default="staff")  # type: ignore[assignment]
    staff_id: int | None = fields.BigIntField(null=True)
    at: datetime = Instant()  # type: ignore[assignment]

    customer_id: int
    tag_id: int

    class Meta:
        table = "tagging"
        unique_together = (("customer", "tag"),)
        indexes = (("tag_id", "customer_id"),)

    @classmethod
    async def of(cls, customer_id: int) -> list[Self]:
        """With tag and group, in the order of the library."""
        found = await cls.filter(customer_id=customer_id).select_related("tag__group")
        heirs = {row.tag.merged_into_id for row in found if row.tag.gone_at} - {None}
        tags = await Tag.of([heir for heir in heirs if heir]) if heirs else {}
        for row in (row for row in found if row.tag.gone_at):
            row.tag = tags.get(row.tag.merged_into_id or 0, row.tag)
        carried = {row.tag.id: row for row in found if not row.tag.gone_at}
        return sorted(carried.values(), key=lambda row: row.tag.place)

    @classmethod
    async def give(cls, pairs: Iterable[tuple[int, Tag]], source: Source, actor: Actor) -> list[tuple[int, int]]:
        """Let customers carry tags, with the trail; the (customer, tag) ids that are new.

        Tags have their group. One that is gone by now is given to nobody; whoever gives holds the customers before.
        """
        asked = list(pairs)
        await cls.inherit({customer_id for customer_id, _ in asked}, replace(actor, staff_id=None))
        given = await cls._give(asked, source, actor)
        if source == "staff" and len(given) < len(asked):
            await cls._own(asked, actor)
        return given

    @classmethod
    async def take(cls, pairs: Iterable[tuple[int, Tag]], actor: Actor) -> list[tuple[int, int]]:
        """Take tags from customers, with the trail; (customer, tag) ids of those that carried them."""
        both = list(pairs)
        await cls.inherit({customer_id for customer_id, _ in both}, replace(actor, staff_id=None))
        known = {tag.id: tag for _, tag in both}
        taken: list[tuple[int, int]] = []
        for tag_id, customers in sorted(_by_tag(both).items()):
            taken += [(customer_id, tag_id) for customer_id in await cls._drop(tag_id, customers)]
        await Change.tagged([(customer_id, known[tag_id]) for customer_id, tag_id in taken], actor, on=False)
        return taken

    @classmethod
    async def hold(cls, tag_ids: Collection[int], most: int) -> list[int]:
        """The first customers who have one of these tags; nobody writes about them until the end."""
        chosen, values = _one_of("t.tag_id", tag_ids)
        wait = " FOR UPDATE" if dialect() == "postgres" else ""
        sql = HELD.format(chosen=chosen, most=int(most), wait=wait)
        return [int(row["id"]) for row in await select(sql, *values)]

    @classmethod
    async def inherit(cls, customers: Iterable[int], actor: Actor) -> list[tuple[int, int]]:
        """Write down, with the trail, that these carry no tag that is gone, but its heir, for the same reason.

        Returns what they lost. They are held; everybody else reads as if it were written (`of`, `tags_of`).
        """
        lost: list[tuple[int, int, Source]] = []
        for part in _parts(sorted(set(customers))):
            chosen, values = _one_of("t.customer_id", part)
            taken = await select(INHERITED.format(chosen=chosen), *values)
            lost += sorted((int(row["customer_id"]), int(row["tag_id"]), row["source"]) for row in taken)
        gone = await Tag.of({tag_id for _, tag_id, _ in lost}) if lost else {}
        heirs = await Tag.of({tag.merged_into_id for tag in gone.values() if tag.merged_into_id}) if gone else {}
        await Change.tagged([(customer_id, gone[tag_id]) for customer_id, tag_id, _ in lost], actor, on=False)
        for source in sorted({source for *_, source in lost}):
            left = [(customer_id, gone[tag_id].merged_into_id) for customer_id, tag_id, why in lost if why == source]
            await cls._give([(customer_id, heirs[heir]) for customer_id, heir in left if heir], source, actor)
        return [(customer_id, tag_id) for customer_id, tag_id, _ in lost]

    @classmethod
    async def _give(cls, asked: Sequence[tuple[int, Tag]], source: Source, actor: Actor) -> list[tuple[int, int]]:
        living = await cls._living({tag.id for _, tag in asked})
        wanted = {(customer_id, tag.id): tag for customer_id, tag in asked if tag.id in living}
        columns = ("customer_id", "tag_id", "source", "staff_id", "at")
        values = [(*pair, source, actor.staff_id, actor.at) for pair in sorted(wanted)]
        unique = ("customer_id", "tag_id")
        new = await insert_many(cls, columns, values, conflict=unique, returning=unique)
        given = sorted((int(customer_id), int(tag_id)) for customer_id, tag_id in new)
        await Change.tagged(
            [(customer_id, wanted[customer_id, tag_id]) for customer_id, tag_id in given], actor, on=True
        )
        return given

    @classmethod
    async def _own(cls, pairs: Iterable[tuple[int, Tag]], actor: Actor) -> None:
        """What a rule gave is theirs from now on: a colleague said so, and no rule takes it any more."""
        for tag_id, customers in _by_tag(pairs).items():
            by_rule = cls.filter(tag_id=tag_id, source="rule", customer_id__in=customers)
            await by_rule.update(source="staff", staff_id=actor.staff_id)

    @classmethod
    async def _living(cls, tag_ids: Collection[int]) -> set[int]:
        if not tag_ids:
            return set()
        chosen, values = _one_of("id", tag_ids)
        wait = " ORDER BY id FOR SHARE" if dialect() == "postgres" else ""
        return {int(row["id"]) for row in await select(LIVING.format(chosen=chosen, wait=wait), *values)}

    @classmethod
    async def _drop(cls, tag_id: int, customers: Sequence[int]) -> list[int]:
        found: list[int] = []
        for start in range(0, len(customers), MOST):
            part = customers[start : start + MOST]
            marks = ", ".join(f"${n}" for n in range(2, len(part) + 2))
            chosen, values = ("= ANY($2)", [list(part)]) if dialect() == "postgres" else (f"IN ({marks})", list(part))
            sql = f"DELETE FROM tagging WHERE tag_id = $1 AND customer_id {chosen} RETURNING customer_id"  # noqa: S608
            found += [int(row["customer_id"]) for row in await select(sql, tag_id, *values)]
        return sorted(found)

    @classmethod
    async def tags_of(cls, customers: Collection[int]) -> dict[int, set[int]]:
        """The ids of the tags that each of these customers carries."""
        carried: dict[int, set[int]] = {customer_id: set() for customer_id in customers}
        for part in _parts(sorted(carried)):
            chosen, values = _one_of("t.customer_id", part)
            for row in await select(CARRIED.format(chosen=chosen), *values):
                carried[row["customer_id"]].add(row["tag_id"])
        return carried


def _one_of(column: str, ids: Collection[int]) -> tuple[str, list[object]]:
    """A condition, and its values: one of these ids."""
    if dialect() == "postgres":
        return f"{column} = ANY($1)", [sorted(ids)]
    return f"{column} IN ({', '.join(f'${n}' for n in range(1, len(ids) + 1))})", [*sorted(ids)]


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + MOST] for start in range(0, len(ids), MOST))


def _by_tag(pairs: Iterable[tuple[int, Tag]]) -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = {}
    for customer_id, tag in pairs:
        found.setdefault(tag.id, []).append(customer_id)
    return {tag_id: sorted(set(customers)) for tag_id, customers in found.items()}
