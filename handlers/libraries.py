"""Here lives one account's tag library beside ours: what both sides have, as the comparison wants to see it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from domain.reconcile import Bound, Free, Step, is_too_much, plan
from domain.tags import Library, Shape, TagRules
from handlers.context import Context
from models.fields import instant, milliseconds
from models.sync import Binding, Sync
from models.tags import Tag, TagGroup


@dataclass(frozen=True, slots=True)
class Picture:
    """Our side of one account at this moment; `at` is when the reading of the other side began."""

    account: str
    rules: TagRules
    at: datetime
    bindings: Mapping[int, Binding]
    groups: Mapping[int, TagGroup]
    tags: Mapping[int, Tag]

    @classmethod
    async def of(cls, account: str, at: datetime, ctx: Context) -> "Picture":
        """Whoever asks holds the mark `tags`."""
        bindings = {row.id: row for row in await Binding.on(account)}
        tags = {tag.id: tag for tag in await Tag.all().select_related("group")}
        groups = {group.id: group for group in await TagGroup.all()}
        kept = instant(milliseconds(at))  # rows know milliseconds
        return cls(account, ctx.house.tags[account], kept, bindings, groups, tags)

    @property
    def grouped(self) -> bool:
        return self.rules.limits.grouped

    @property
    def there(self) -> int:
        """How many tags of ours are there."""
        rows = self.bindings.values()
        return sum(row.level == "tag" and row.remote_id is not None and not row.is_over for row in rows)

    @property
    def groups_there(self) -> dict[int, str]:
        """The platform's ids of our groups."""
        rows = self.bindings.values()
        return {row.group_id: row.remote_id for row in rows if row.group_id and row.remote_id and not row.retired}

    def steps(self, library: Library) -> tuple[Step, ...]:
        return plan(self.bounds(), self.free(), library, self.rules.policy)

    def must_wait(self, gone: Collection[int], sync: Sync, now: datetime) -> bool:
        """Whether the tags of these bindings may not go unasked: with all that went lately they are too many.

        What waits already waits until it is allowed.
        """
        if not gone or not set(gone).isdisjoint(sync.found.get("missing", ())):
            return bool(gone)
        lately = sum(number for _, number in sync.went(now))
        return is_too_much(len(gone) + lately, self.there + lately, self.rules.guard)

    def bounds(self) -> list[Bound]:
        groups = self.groups_there
        return [self.bound(row, groups) for row in self.bindings.values()]

    def bound(self, row: Binding, groups: Mapping[int, str]) -> Bound:
        """A binding with what we want there; of what has no place there yet, the name that it may have found."""
        busy = self._is_busy(row)
        ours = row.ours(groups.get(row.tag.group_id, "") if row.tag else "", grouped=self.grouped)
        sent = str((row.sent or {}).get("name", ""))
        return Bound(
            row.id,
            row.level,
            row.tag_id or row.group_id or 0,
            row.remote_id or "",
            self.flat(row.shape),
            ours,
            busy=busy,
            retired=row.retired,
            making=(sent or (ours.name if ours else "")) if busy and not row.remote_id else "",
            was=row.tag.name if row.tag and row.is_over else "",
        )

    def free(self) -> list[Free]:
        """What has no place there, and is not on its way to one."""
        taken = {(row.level, row.tag_id or row.group_id) for row in self.bindings.values() if self._has_place(row)}
        groups = [
            Free("group", group.id, group.name, order=group.order)
            for group in self.groups.values()
            if self.grouped and not group.gone_at and ("group", group.id) not in taken
        ]
        tags = [
            Free("tag", tag.id, tag.name, tag.group.name if self.grouped else "", tag.order if self.grouped else 0)
            for tag in self.tags.values()
            if not tag.gone_at and tag.is_for(self.account) and ("tag", tag.id) not in taken
        ]
        return [*groups, *tags]

    def flat(self, shape: Shape | None) -> Shape | None:
        """Where tags are in no groups they have no order either."""
        return shape if self.grouped or shape is None else replace(shape, group="", order=0)

    def _is_busy(self, row: Binding) -> bool:
        return row.sent is not None or row.touched_at >= self.at

    def _has_place(self, row: Binding) -> bool:
        return not row.retired and (row.remote_id is not None or self._is_busy(row))
