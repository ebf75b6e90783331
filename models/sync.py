"""Here lives what platforms know of our tags: the last state that both sides agreed on, and how far we are."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from tortoise import fields
from tortoise.indexes import PartialIndex
from tortoise.models import Model

from domain.marks import ABSENT
from domain.tags import Level, Shape
from models import rows
from models.customers import Identity
from models.database import insert_many
from models.fields import Instant, Short, instant, milliseconds
from models.sql import dialect, select
from models.tags import Tag, TagGroup

LATELY = timedelta(hours=1)  # in which many small losses count as one
KEPT = ("went", "missing")  # what of `found` outlasts the comparison that found it
MarkState = Literal["synced", "pending", "sending", "failed"]
Part = Literal["", "library", "contacts", "held"]
Counts = dict[tuple[str, str], int]  # by state and reason

BEGIN = """INSERT INTO tag_sync (account, run, part, started_at, moved_at, took, reason, allowed, found)
    VALUES ($1, 1, 'library', $2, $2, 0, '', FALSE, '{}')
    ON CONFLICT (account) DO UPDATE SET run = tag_sync.run + 1, part = 'library', started_at = $2, moved_at = $2
    RETURNING run"""
ABSENCES = ", ".join(f"'{reason}'" for reason in sorted(ABSENT))
FINAL = "'not_ours', 'too_many_fans'"
RETRY_BINDINGS = f"""UPDATE tag_binding SET reason = ''
    WHERE account = $1 AND reason NOT IN ('', 'library_full', {FINAL}) RETURNING id"""  # noqa: S608 - words of ours only
RETRY_FULL = """UPDATE tag_binding SET reason = '' WHERE id IN (SELECT id FROM tag_binding
    WHERE account = $1 AND reason = 'library_full' ORDER BY id LIMIT $2) RETURNING id"""
FAILED = """FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id JOIN identity AS i ON i.id = m.identity_id
    WHERE b.account = $1 AND m.state = 'failed'"""
FULL = f"SELECT DISTINCT i.customer_id {FAILED} AND m.reason = 'per_contact'"
MENDABLE = f"SELECT m.id {FAILED} AND m.reason NOT IN ('per_contact', {FINAL}, {ABSENCES})"
RETRY = "UPDATE tag_mark SET state = 'pending', reason = '' WHERE id IN ({found}) RETURNING id"
RETRY_MARKS = {
    "sqlite": RETRY.format(found=MENDABLE),
    "postgres": RETRY.format(found=f"{MENDABLE} ORDER BY m.id FOR UPDATE OF m SKIP LOCKED"),
}
COUNT_BINDINGS = """SELECT word, reason, COUNT(*) AS n FROM (
    SELECT CASE WHEN b.theirs IS NOT NULL THEN 'conflict' WHEN b.reason = 'not_ours' THEN 'not_ours'
            WHEN b.reason <> '' THEN 'failed' WHEN b.sent IS NOT NULL OR b.remote_id IS NULL OR b.agreed IS NULL
                OR b.retired OR COALESCE(t.gone_at, g.gone_at) IS NOT NULL
                OR b.agreed ->> 'name' <> COALESCE(t.name, g.name) OR $2 AND
                    CAST(b.agreed ->> 'order' AS BIGINT) <> COALESCE(t."order", g."order") THEN 'pending'
            ELSE 'synced' END AS word, b.level, CASE WHEN b.theirs IS NULL THEN b.reason ELSE '' END AS reason
    FROM tag_binding AS b LEFT JOIN tag AS t ON t.id = b.tag_id LEFT JOIN tag_group AS g ON g.id = b.group_id
    WHERE b.account = $1 AND (b.level = 'tag' OR b.agreed IS NOT NULL AND g.gone_at IS NULL)
        AND NOT (b.agreed IS NULL AND b.sent IS NULL AND (b.retired OR t.gone_at IS NOT NULL))
    ) AS found WHERE level = 'tag' OR word <> 'synced' GROUP BY word, reason"""
COUNT_MARKS = """SELECT CASE WHEN m.state = 'sending' THEN 'pending' WHEN m.state <> 'failed' THEN m.state
        WHEN m.reason = 'not_ours' THEN 'not_ours' ELSE 'failed' END AS word,
    CASE WHEN m.state = 'failed' THEN m.reason ELSE '' END AS reason, COUNT(*) AS n
    FROM tag_mark AS m JOIN tag_binding AS b ON b.id = m.binding_id
    WHERE b.account = $1 AND (m.wanted OR m.agreed OR m.state <> 'synced') GROUP BY 1, 2"""
HELD = {"sqlite": "account = $1", "postgres": "account = $1 FOR UPDATE"}


class Binding(Model):
    """One of our tags or groups on one account. `remote_id` is the platform's id, None while it is not there yet.

    `agreed` is the last state that both sides had in common (see Shape), None before the first. What we have to tell
    the platform is the difference between our rows and `agreed`; nothing else is kept of it. `sent` is the change
    that is on its way, None while none is; `touched_at` when one was sent or settled last: what was read before that
    is out of date.
    `reason` says why a change failed; `theirs` is the platform's state where people must choose. `retired`: ours has
    another binding by now, and this one's tag goes as soon as all customers of `heir_id`, a tag, carry that one there.
    """

    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    level: Level = fields.CharField(5)  # type: ignore[assignment]
    group: fields.ForeignKeyNullableRelation[TagGroup] = fields.ForeignKeyField(
        "models.TagGroup", related_name="bindings", null=True
    )
    tag: fields.ForeignKeyNullableRelation[Tag] = fields.ForeignKeyField(
        "models.Tag", related_name="bindings", null=True
    )
    remote_id: str | None = fields.CharField(64, null=True)  # type: ignore[assignment]
    agreed: dict[str, Any] | None = fields.JSONField(null=True)
    theirs: dict[str, Any] | None = fields.JSONField(null=True)
    sent: dict[str, Any] | None = fields.JSONField(null=True)
    reason = Short(40, default="")
    retired = fields.BooleanField(default=False)
    heir_id: int | None = fields.BigIntField(null=True)
    touched_at: datetime = Instant()  # type: ignore[assignment]

    group_id: int | None
    tag_id: int | None

    class Meta:
        table = "tag_binding"
        unique_together = (("account", "remote_id"),)
        indexes = (("group_id",), ("tag_id",))

    @property
    def shape(self) -> Shape | None:
        return Shape(**self.agreed) if self.agreed is not None else None

    @property
    def is_over(self) -> bool:
        """Whether it was deleted there: known until a later reading proves it, because an earlier one still has it."""
        return self.retired and self.agreed is None and self.remote_id is not None and self.sent is None

    def ours(self, home: str, *, grouped: bool) -> Shape | None:
        """How the platform should have it, None for not at all; `home` is the platform's id of the tag's group."""
        if self.retired:
            return None
        if self.tag is None:
            group = self.group
            return Shape(group.name, "", group.order) if group and group.gone_at is None else None
        if self.tag.gone_at is not None or not self.tag.is_for(self.account):
            return None
        return Shape(self.tag.name, home, self.tag.order) if grouped else Shape(self.tag.name)

    @classmethod
    async def on(cls, account: str) -> list[Self]:
        """All of an account, with their tags and groups."""
        return await cls.filter(account=account).select_related("tag", "group").order_by("id")


class Mark(Model):
    """A tag on one account of one customer; in WeCom on one member's relation to it (`member`).

    `agreed`: whether the platform had it when we knew last; `wanted`: whether it should. `sending` is what is on its
    way, None while nothing is. Neither agreed nor wanted: there is no such row.
    """

    id = fields.BigIntField(primary_key=True)
    binding: fields.ForeignKeyRelation[Binding] = fields.ForeignKeyField("models.Binding", related_name="marks")
    identity: fields.ForeignKeyRelation[Identity] = fields.ForeignKeyField("models.Identity", related_name="marks")
    member = fields.CharField(64, default="")
    wanted = fields.BooleanField(default=False)
    agreed = fields.BooleanField(default=False)
    sending: bool | None = fields.BooleanField(null=True)  # type: ignore[assignment]
    state: MarkState = fields.CharField(8, default="synced")  # type: ignore[assignment]
    reason = Short(40, default="")
    touched_at: datetime = Instant()  # type: ignore[assignment]
    seen_at: datetime = Instant()  # type: ignore[assignment]

    binding_id: int
    identity_id: int

    class Meta:
        table = "tag_mark"
        unique_together = (("binding", "identity", "member"),)
        indexes = (
            ("identity_id",),
            PartialIndex(fields=("binding_id",), name="mark_pending", condition={"state": "pending"}),
            PartialIndex(fields=("binding_id",), name="mark_failed", condition={"state": "failed"}),
            PartialIndex(fields=("binding_id",), name="mark_sending", condition={"state": "sending"}),
        )


class Sync(Model):
    """How far the comparison of one account's tags is, and how the last one ended.

    `part` is what it is at, empty when none runs; `held`: so much had vanished there that a manager is asked, how much
    is in `found`. `run` counts them, and what belongs to an older one counts for nothing. `found` tells what it has
    found; there `went` are the moments at which tags went here because they were gone there, each with how many, and
    `missing` the bindings of those that stay until a manager says that it is meant.
    """

    account = fields.CharField(64, primary_key=True)
    run = fields.BigIntField(default=0)
    part: Part = fields.CharField(8, default="")  # type: ignore[assignment]
    started_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    moved_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    finished_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    took = fields.BigIntField(default=0)
    reason = Short(40, default="")
    allowed = fields.BooleanField(default=False)
    found: dict[str, Any] = fields.JSONField(default=dict)
    dry: dict[str, Any] | None = fields.JSONField(null=True)

    class Meta:
        table = "tag_sync"

    @classmethod
    async def begin(cls, account: str, at: datetime, dry: Mapping[str, Any] | None = None) -> Self:
        """A comparison begins, and every older one of the account is over; until the end nobody else begins one."""
        run = (await select(BEGIN, account, milliseconds(at)))[0]["run"]
        sync = await cls.get(account=account, run=run)
        await sync.note(at, found=sync.kept, dry=dict(dry) if dry else None, reason="")
        return sync

    @classmethod
    async def held(cls, account: str) -> Self:
        """How far it is now; nobody else goes on with it until this transaction ends."""
        if not (found := await rows.find(cls, HELD[dialect()], account)):
            await insert_many(cls, ("account",), [(account,)], conflict=("account",), returning=("account",))
            found = await rows.find(cls, HELD[dialect()], account)
        return found[0]

    @classmethod
    async def missing(cls) -> set[int]:
        """The bindings, on all accounts, whose tags are gone there and stay here until a manager says so."""
        return {int(row) for sync in await cls.all() for row in sync.found.get("missing", ())}

    @property
    def kept(self) -> dict[str, Any]:
        names = (*KEPT, "allowed_tags") if self.allowed else KEPT  # what a manager said holds until a library is read
        return {name: self.found[name] for name in names if name in self.found}

    def went(self, at: datetime) -> list[tuple[int, int]]:
        """When tags went here within the hour before, in epoch milliseconds, and how many."""
        told = ((int(when), int(number)) for when, number in self.found.get("went", ()))
        return [(when, number) for when, number in told if at - instant(when) < LATELY]

    async def note(self, at: datetime, **new: object) -> None:
        """Write how far it is; whoever does holds it."""
        await self.update_from_dict({**new, "moved_at": at}).save(update_fields=[*new, "moved_at"])

    async def retry(self, room: int) -> list[int]:
        """What failed is due once more, but for what will never be allowed; who is at it just now is left alone.

        `room` is for how many more tags there is any there. The customers who have too many tags there for one more:
        only a look at all of them tells.
        """
        await select(RETRY_BINDINGS, self.account)
        await select(RETRY_FULL, self.account, max(room, 0))
        await select(RETRY_MARKS[dialect()], self.account)
        return [int(row["customer_id"]) for row in await select(FULL, self.account)]

    @classmethod
    async def counts(cls, account: str, *, grouped: bool) -> dict[str, Counts]:
        """How many of the account's tags, and of its customers' tags, are in which state, by level and reason."""
        found: dict[str, Counts] = {"tags": {}, "taggings": {}}
        for level, sql in (("tags", COUNT_BINDINGS), ("taggings", COUNT_MARKS)):
            values = (account, grouped) if level == "tags" else (account,)
            for row in await select(sql, *values):
                found[level][row["word"], row["reason"]] = int(row["n"])
        return found
