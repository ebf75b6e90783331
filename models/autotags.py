"""Here live the rules that tag customers by themselves, in every version that they had."""

from datetime import datetime
from typing import Any, Literal, Self

from tortoise import fields
from tortoise.models import Model

from models import rows
from models.fields import Instant
from models.staff import Staff
from models.tags import Tag, TagGroup

AutoTagState = Literal["planned", "active", "paused", "gone"]

LIVING = "state IN ('active', 'paused')"
THEIRS = f"SELECT tag_id FROM auto_tag WHERE {LIVING}"  # noqa: S608 - constants of ours
OF_THEM = f"SELECT group_id FROM tag WHERE id IN ({THEIRS})"  # noqa: S608


class AutoTag(Model):
    """R7: who fulfils the rule of the newest version gets the tag; `removes`: who no longer does, loses it.

    `rule` is in canonical words, with tags by their ids. `changed_at` is when it was written as it is: what was taken
    by hand since then is not given again. Planned ones have been previewed, and nobody has said yes.
    """

    id = fields.BigIntField(primary_key=True)
    tag: fields.ForeignKeyRelation[Tag] = fields.ForeignKeyField("models.Tag", related_name="autotags")
    state: AutoTagState = fields.CharField(8, default="active")  # type: ignore[assignment]
    version = fields.IntField(default=1)
    rule = fields.TextField()
    removes = fields.BooleanField(default=False)
    created_at: datetime = Instant()  # type: ignore[assignment]
    changed_at: datetime = Instant()  # type: ignore[assignment]

    tag_id: int

    class Meta:
        table = "auto_tag"
        indexes = (("tag_id",),)

    @property
    def short_id(self) -> str:
        return f"R{self.id}"

    @classmethod
    async def planned(cls, tag: Tag, now: datetime) -> Self:
        """A number for what is to be previewed."""
        return await cls.create(tag=tag, state="planned", version=0, rule="", created_at=now, changed_at=now)

    @classmethod
    async def forget(cls, before: datetime) -> None:
        """What was planned before then and never written."""
        await cls.filter(state="planned", created_at__lt=before).delete()

    @classmethod
    async def living(cls) -> list[Self]:
        """Active and paused, oldest first; each with its tag and the group of that."""
        found = await rows.find(cls, f"{LIVING} ORDER BY id")
        tags = {tag.id: tag for tag in await rows.find(Tag, f"id IN ({THEIRS})")}
        groups = {group.id: group for group in await rows.find(TagGroup, f"id IN ({OF_THEM})")}
        for tag in tags.values():
            tag.group = groups[tag.group_id]
        for row in found:
            row.tag = tags[row.tag_id]
        return found

    @classmethod
    async def called(cls, number: int) -> Self | None:
        """One that somebody has said yes to, also if it has ended."""
        found = cls.filter(id=number).exclude(state="planned")
        return await found.select_related("tag__group").first()

    async def write(self, rule: str, *, removes: bool, staff: Staff, now: datetime) -> None:
        """What it says from now on."""
        self.rule, self.removes, self.changed_at = rule, removes, now
        await self._become("active" if self.state == "planned" else self.state, staff, now)

    async def turn(self, state: AutoTagState, staff: Staff, now: datetime) -> None:
        """Be paused, go on, or end."""
        await self._become(state, staff, now)

    async def history(self, limit: int) -> list["AutoTagVersion"]:
        """The newest first, each with who did it."""
        return await AutoTagVersion.filter(autotag_id=self.id).order_by("-number").limit(limit).select_related("staff")

    async def _become(self, state: AutoTagState, staff: Staff, now: datetime) -> None:
        self.state, self.version = state, self.version + 1
        await self.save(update_fields=["state", "version", "rule", "removes", "changed_at"])
        told: dict[str, Any] = {"rule": self.rule, "removes": self.removes, "state": state, "staff": staff, "at": now}
        await AutoTagVersion.create(autotag=self, number=self.version, **told)


class AutoTagVersion(Model):
    """What a rule said, who said so and when; `state` is what became of it by that: written, paused, resumed, ended."""

    id = fields.BigIntField(primary_key=True)
    autotag: fields.ForeignKeyRelation[AutoTag] = fields.ForeignKeyField("models.AutoTag", related_name="versions")
    number = fields.IntField()
    rule = fields.TextField()
    removes = fields.BooleanField(default=False)
    state: AutoTagState = fields.CharField(8, default="active")  # type: ignore[assignment]
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="autotag_versions", null=True, on_delete=fields.SET_NULL
    )
    at: datetime = Instant()  # type: ignore[assignment]

    autotag_id: int
    staff_id: int | None

    class Meta:
        table = "auto_tag_version"
        unique_together = (("autotag", "number"),)


class RuleCursor(Model):
    """Up to where in `touched` the rules have been applied to whoever changed. There is none while no rule is active.

    Where lines are not committed in the order of their ids, `snapshot` tells exactly which ones were there; what is
    below `position` was.
    """

    id = fields.CharField(16, primary_key=True)
    position = fields.BigIntField(default=0)
    snapshot = fields.TextField(default="")

    class Meta:
        table = "rule_cursor"
