"""Here live saved audiences: a name for a rule, and how many people it had on each day."""

from collections.abc import Collection
from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.naming import folded
from models.fields import Instant, Short
from models.sql import select
from models.staff import Staff

LATEST = """SELECT s.audience_id, s.size FROM audience_size AS s WHERE s.audience_id IN ({chosen}) AND s.day =
    (SELECT MAX(o.day) FROM audience_size AS o WHERE o.audience_id = s.audience_id)"""
NOTED = """INSERT INTO audience_size (audience_id, day, size) VALUES ($1, $2, $3)
    ON CONFLICT (audience_id, day) DO UPDATE SET size = excluded.size RETURNING id"""


class Audience(Model):
    """`rule` is the rule in canonical words, its tags by their ids, so that it outlives their new names."""

    id = fields.BigIntField(primary_key=True)
    name = Short(32, unique=True)
    rule = fields.TextField()
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="audiences", null=True, on_delete=fields.SET_NULL
    )
    created_at: datetime = Instant()  # type: ignore[assignment]
    changed_at: datetime = Instant()  # type: ignore[assignment]

    staff_id: int | None

    class Meta:
        table = "audience"

    @classmethod
    async def listed(cls, skip: int, most: int) -> list[Self]:
        """By name, with who saved them."""
        return await cls.all().order_by("name").offset(skip).limit(most).select_related("staff")

    @classmethod
    async def called(cls, name: str) -> Self | None:
        """Whatever its case and width; with who saved it."""
        found = await cls.all().order_by("id").values_list("id", "name")
        chosen = next((number for number, each in found if folded(str(each)) == folded(name)), None)
        return await cls.get_or_none(id=chosen).select_related("staff") if chosen else None

    @classmethod
    async def keep(cls, name: str, rule: str, staff: Staff, now: datetime) -> Self:
        """Under this name this rule from now on; what was counted by another one is forgotten.

        Whoever saves is alone with all audiences.
        """
        known = await cls.called(name)
        if known is None:
            return await cls.create(name=name, rule=rule, staff=staff, created_at=now, changed_at=now)
        if known.rule != rule:
            await AudienceSize.filter(audience_id=known.id).delete()
        known.update_from_dict({"rule": rule, "staff": staff, "changed_at": now})
        await known.save(update_fields=["rule", "staff_id", "changed_at"])
        return known

    @classmethod
    async def after(cls, audience_id: int) -> Self | None:
        """The one that was made next."""
        return await cls.filter(id__gt=audience_id).order_by("id").first()


class AudienceSize(Model):
    """How many belonged to an audience at the end of a day, or when somebody asked last on it."""

    id = fields.BigIntField(primary_key=True)
    audience: fields.ForeignKeyRelation[Audience] = fields.ForeignKeyField("models.Audience", related_name="sizes")
    day = fields.CharField(10)
    size = fields.IntField()

    audience_id: int

    class Meta:
        table = "audience_size"
        unique_together = (("audience", "day"),)

    @classmethod
    async def note(cls, audience_id: int, day: str, size: int) -> None:
        """What is counted last on a day counts."""
        await select(NOTED, audience_id, day, size)

    @classmethod
    async def of(cls, audience_id: int, most: int) -> list[Self]:
        """The last days on which it was counted, oldest first."""
        found = await cls.filter(audience_id=audience_id).order_by("-day").limit(most)
        return found[::-1]

    @classmethod
    async def latest_of(cls, audiences: Collection[int]) -> dict[int, int]:
        """By audience, how many there were when it was counted last."""
        if not audiences:
            return {}
        chosen = ", ".join(f"${n}" for n in range(1, len(audiences) + 1))
        found = await select(LATEST.format(chosen=chosen), *audiences)
        return {int(row["audience_id"]): int(row["size"]) for row in found}
