"""Here live the group chats that we know: how they are called, and where we may write and be given commands."""

# ruff: noqa: S608 - only words of ours are put together

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Self

from tortoise import fields
from tortoise.models import Model

from domain.group_wishes import is_every, keys
from domain.groups import GroupKind
from domain.messages import Address
from domain.naming import folded
from models import rows
from models.database import insert_many, transaction
from models.fields import Instant, Short
from models.identities import alone
from models.sql import dialect, select

GONE, MUTE = {"not_in_group", "chat_not_found", "gone"}, {"no_rights", "forbidden"}  # the channels' words
HELD = {"sqlite": "id = $1", "postgres": "id = $1 FOR UPDATE"}
OURS = "push_id IN (SELECT id FROM push WHERE rule = '')"  # pushes to group chats: a ledger is found by its push
ABSORB = (
    """UPDATE group_label SET group_id = $1 WHERE group_id = $2 AND folded NOT IN
        (SELECT folded FROM group_label WHERE group_id = $1) RETURNING id""",
    "DELETE FROM group_label WHERE group_id = $2 AND group_id <> $1 RETURNING id",
    """UPDATE group_member SET left_at = NULL WHERE group_id = $1 AND external_id IN
        (SELECT external_id FROM group_member WHERE group_id = $2 AND left_at IS NULL) RETURNING id""",
    """UPDATE group_member SET group_id = $1 WHERE group_id = $2 AND external_id NOT IN
        (SELECT external_id FROM group_member WHERE group_id = $1) RETURNING id""",
    "DELETE FROM group_member WHERE group_id = $2 AND group_id <> $1 RETURNING id",
    f"""UPDATE recipient SET group_id = $1 WHERE {OURS} AND group_id = $2 AND NOT EXISTS
        (SELECT 1 FROM recipient AS o WHERE o.push_id = recipient.push_id AND o.group_id = $1) RETURNING id""",
)
FOLLOW = f"""UPDATE recipient SET address = $2, member = CASE WHEN way = 'task' THEN $3 ELSE member END
    WHERE {OURS} AND group_id = $1 AND state IN ('waiting', 'failed', 'skipped') RETURNING id"""


class Group(Model):
    """`group` is what kind of chat it is; `owner` the member of ours who sends to it (WeCom's customer groups).

    `writable`: we may send there. `allowed_at`: since when staff may give commands there, None where they may not.
    `gone_at`: since when it is dissolved, or we are out of it. `read_at`: when its members were last told as a whole.
    `seen_at`: when we last heard that there is such a chat.
    """

    id = fields.BigIntField(primary_key=True)
    account = fields.CharField(64)
    external_id = fields.CharField(128)
    title = Short(128, default="")
    group: GroupKind = fields.CharField(10, default="group")  # type: ignore[assignment]
    owner = fields.CharField(64, default="")
    writable = fields.BooleanField(default=True)
    allowed_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    gone_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    read_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    seen_at: datetime = Instant(default=0)  # type: ignore[assignment]

    labels: fields.ReverseRelation["GroupLabel"]

    class Meta:
        table = "group_chat"
        unique_together = (("account", "external_id"),)

    @property
    def short_id(self) -> str:
        return f"Q{self.id}"

    @property
    def address(self) -> Address:
        return Address(self.account, self.external_id)

    @classmethod
    async def allows(cls, chat: Address) -> bool:
        return await cls.exists(account=chat.account, external_id=chat.id, allowed_at__isnull=False)

    @classmethod
    async def allow(cls, chat: Address, title: str, at: datetime) -> Self:
        group, _ = await cls.met(chat, at)
        await group.learn(title=title, allowed_at=at)
        return group

    @classmethod
    async def silence(cls, chat: Address) -> bool:
        """False where it was silent already."""
        known = cls.filter(account=chat.account, external_id=chat.id, allowed_at__isnull=False)
        return bool(await known.update(allowed_at=None))

    @classmethod
    async def met(cls, chat: Address, at: datetime, group: GroupKind = "group", title: str = "") -> tuple[Self, bool]:
        """The row of a group chat of which we hear, and whether it is a new one; what is known of it stays."""
        if known := await cls.of(chat):
            return known, False
        columns = ("account", "external_id", "group", "title", "seen_at")
        values = (chat.account, chat.id, group, title, at)
        made = await insert_many(cls, columns, [values], conflict=("account", "external_id"))
        return await cls.get(account=chat.account, external_id=chat.id), bool(made)

    @classmethod
    async def of(cls, chat: Address) -> Self | None:
        """One that is known."""
        found = await rows.find(cls, "account = $1 AND external_id = $2", chat.account, chat.id)
        return found[0] if found else None

    @classmethod
    async def heard(cls, chat: Address, group: GroupKind, title: str, at: datetime) -> None:
        """Somebody speaks where we hear it: we are in it, even if nobody told us that we came."""
        known, _ = await cls.met(chat, at, group, title)
        if known.gone_at and known.gone_at < at:
            await known.learn(gone_at=None, writable=True)

    @classmethod
    async def held(cls, number: int) -> Self | None:
        """As it is now; who is in it, nobody else writes down until this transaction ends."""
        found = await rows.find(cls, HELD[dialect()], number)
        return found[0] if found else None

    async def learn(self, **told: object) -> None:
        """Write what is news."""
        news = {name: value for name, value in told.items() if getattr(self, name) != value}
        for name, value in news.items():
            setattr(self, name, value)
        if news:
            await rows.change(self, *news)

    @classmethod
    async def lost(cls, chat: Address, reason: str, at: datetime) -> bool:
        """A platform refused what we sent there: whether that tells that we are out of it, or may not write."""
        group = await cls.of(chat) if reason in GONE | MUTE else None
        if group is None:
            return False
        await group.learn(writable=False)
        if reason in GONE and group.gone_at is None:
            await group.leave(at)
        return True

    async def leave(self, at: datetime) -> None:
        """It is over, or we are out of it: whether staff may give commands there is asked anew."""
        await self.learn(gone_at=self.gone_at or at, allowed_at=None)

    @classmethod
    async def listed(cls, account: str, chats: Sequence[str], at: datetime) -> list[Self]:
        """These customer groups are in the platform's list, that was read from `at` on; all of them as we know them."""
        those = cls.filter(account=account, external_id__in=list(chats))
        known = {group.external_id for group in await those}
        columns = ("account", "external_id", "group", "seen_at")
        new = [(account, chat, "customer", at) for chat in dict.fromkeys(chats) if chat not in known]
        await insert_many(cls, columns, new, conflict=("account", "external_id"))  # a number tried is a number less
        await those.filter(seen_at__lt=at).update(seen_at=at)
        await those.filter(gone_at__lt=at).update(gone_at=None)  # what we were told since is newer than the list
        return await those.order_by("id")

    @classmethod
    async def missing(cls, account: str, since: datetime) -> list[Self]:
        """Customer groups that are in no page of a list read from `since` on; none where nothing is in it."""
        known = cls.filter(account=account, group="customer")
        if not await known.filter(seen_at__gte=since).exists():
            return []
        return await known.filter(seen_at__lt=since, gone_at=None).order_by("id")

    @classmethod
    async def numbered(cls, number: int) -> Self | None:
        return await cls.get_or_none(id=number)

    @classmethod
    async def named(cls, text: str) -> list[Self]:
        """The group chats that are called so, or else those that have it in their name; first what is not over."""
        key = folded(text)
        if not key:
            return []
        names = await cls.all().order_by("id").values_list("id", "title")
        told = {number: folded(title) for number, title in names}
        ids = [n for n, title in told.items() if title == key] or [n for n, title in told.items() if key in title]
        found = await cls.filter(id__in=ids).order_by("id")
        return sorted(found, key=lambda group: group.gone_at is not None)

    @classmethod
    async def labelled(cls, labels: Collection[str] = ()) -> list[Self]:
        """The group chats that carry one of these labels, those that are over left out; all of them without one."""
        chosen = cls.filter(gone_at=None)
        if labels and not is_every(labels):
            chosen = chosen.filter(labels__folded__in=keys(labels)).distinct()
        return await chosen.order_by("id")

    async def label(self, added: Sequence[str], dropped: Sequence[str]) -> None:
        """Both at once; what it carries already, or does not carry, stays as it is."""
        columns = ("group_id", "folded", "name")
        await GroupLabel.filter(group_id=self.id, folded__in=keys(dropped)).delete()
        values = [(self.id, folded(name), name) for name in added]
        await insert_many(GroupLabel, columns, values, conflict=("group_id", "folded"))

    @classmethod
    async def migrate(cls, old: Address, new: Address) -> None:
        """The platform gave the group another id, and may tell so twice at the same moment.

        The row that people know goes on; what came to one of the new id meanwhile is added to it.
        """
        async with transaction():
            await alone("groups")
            group, double = await cls.of(old), await cls.of(new)
            if group is None:
                return
            if double:
                await group.absorb(double)
            await group.learn(external_id=new.id)
            await group.lead()

    async def lead(self) -> None:
        """What pushes have yet to send here goes where the chat is now, by who owns it now."""
        await select(FOLLOW, self.id, self.external_id, self.owner)

    async def absorb(self, double: "Group") -> None:
        """Two rows turn out to be one chat."""
        for statement in ABSORB:
            await select(statement, self.id, double.id)
        await double.delete()
        await self.learn(
            title=double.title or self.title,
            writable=double.writable,
            allowed_at=self.allowed_at or double.allowed_at,
            gone_at=double.gone_at,
            seen_at=max(self.seen_at, double.seen_at),
        )


class GroupMember(Model):
    """Who is, or was, in a group chat: `external_id` as the platform calls them, which an identity may have, too."""

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField("models.Group", related_name="members")
    external_id = fields.CharField(128)
    name = Short(128, default="")
    staff = fields.BooleanField(default=False)
    source = Short(128, default="")
    joined_at: datetime | None = Instant(null=True)  # type: ignore[assignment]
    left_at: datetime | None = Instant(null=True)  # type: ignore[assignment]

    group_id: int

    class Meta:
        table = "group_member"
        unique_together = (("group", "external_id"),)
        indexes = (("external_id", "left_at"),)


class GroupLabel(Model):
    """A word by which pushes choose group chats (群标签), kept as it was typed; `folded` is what it is found by."""

    id = fields.BigIntField(primary_key=True)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField("models.Group", related_name="labels")
    folded = fields.CharField(64)
    name = fields.CharField(64)

    group_id: int

    class Meta:
        table = "group_label"
        unique_together = (("group", "folded"),)
