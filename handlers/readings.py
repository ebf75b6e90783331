"""Here lives one reading of who carries which tag over there, beside what both sides agreed on."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.marks import told
from domain.reconcile import is_too_much
from domain.tags import Source
from handlers.context import Context
from handlers.wants import want
from handlers.wishes import is_there, refresh
from models import marks as rows
from models.customers import Identity
from models.fields import instant, milliseconds
from models.sync import Binding, Mark
from models.tags import Tag, Tagging

Pair = tuple[int, int]  # a customer, and a tag of ours
Was = tuple[bool, datetime, str]  # of a mark: wanted, touched_at, reason


@dataclass(slots=True)
class Guard:
    """Of what was carried where one reading looked more than `share` goes only by a manager's word.

    `allowed` is for how much that was given, `held` what waits for it.
    """

    share: float
    allowed: int = 0
    held: int = 0

    def holds(self, gone: int, carried: int) -> bool:
        """Whether nothing of so much may go."""
        if not is_too_much(gone, carried, self.share):
            return False
        is_allowed = gone <= self.allowed
        self.allowed -= gone if is_allowed else 0
        self.held += 0 if is_allowed else gone
        return not is_allowed


@dataclass(slots=True)
class Reading:
    """Some contacts as a platform told of them at `at`; what we told it since then, or are telling, is newer.

    `customers` and `accounts` are by identity, `marks` by identity, member and binding.
    """

    at: datetime
    ctx: Context
    customers: Mapping[int, int]
    accounts: Mapping[int, str]
    bindings: Mapping[int, Binding]
    placed: Mapping[tuple[str, str], Binding]
    tags: Mapping[int, Tag]
    marks: dict[tuple[int, str], dict[int, Mark]]
    changed: dict[int, Mark] = field(default_factory=dict)
    over: set[int] = field(default_factory=set)
    came: set[Pair] = field(default_factory=set)
    went: set[tuple[int, int, str]] = field(default_factory=set)
    carried: set[Pair] = field(default_factory=set)
    were: dict[int, Was] = field(default_factory=dict)

    @classmethod
    async def of(
        cls,
        identities: Iterable[Identity],
        remotes: Collection[str],
        at: datetime,
        ctx: Context,
        *,
        whole: bool = False,
    ) -> "Reading":
        """The customers of these contacts are held from here on, with what each has on the same account.

        `whole`: not only of these tags of the platform's, but of all.
        """
        told_of = list(identities)
        held = await rows.hold_behind([identity.id for identity in told_of])
        names = sorted({identity.account for identity in told_of})
        theirs = Identity.filter(customer_id__in=sorted(set(held.values())), account__in=names)
        found = await theirs.values_list("id", "customer_id", "account")
        named = await Binding.filter(account__in=names, remote_id__in=sorted(remotes)) if remotes else []
        marked, bindings = await _all_of([row[0] for row in found], named, whole=whole)
        marks: dict[tuple[int, str], dict[int, Mark]] = defaultdict(dict)
        for mark in marked:
            marks[mark.identity_id, mark.member][mark.binding_id] = mark
        return cls(
            at=instant(milliseconds(at)),
            ctx=ctx,
            customers={row[0]: row[1] for row in found},
            accounts={row[0]: row[2] for row in found},
            bindings=bindings,
            placed={(row.account, row.remote_id): row for row in bindings.values() if row.remote_id},
            tags=await Tag.of({subject for row in bindings.values() if (subject := row.heir_id or row.tag_id)}),
            marks=marks,
        )

    def relation(self, identity: Identity, member: str, remotes: Collection[str]) -> bool:
        """All tags that one relation has over there; whether there is one among them that nobody knows here."""
        known = {remote for remote in remotes if (identity.account, remote) in self.placed}
        for remote in known:
            self.tag(identity, member, remote)
        for mark in list(self.marks.get((identity.id, member), {}).values()):
            tag = self._meant(self.bindings[mark.binding_id])
            if mark.agreed and mark.wanted and tag is not None:
                self.carried.add((self.customers[identity.id], tag))
            if self.bindings[mark.binding_id].remote_id not in known:
                self._gone(mark)
        return len(known) < len(remotes)

    def tag(self, identity: Identity, member: str, remote: str) -> None:
        """One that is there."""
        binding = self.placed.get((identity.account, remote))
        if binding is None or (tag := self._meant(binding)) is None:
            return
        marks = self.marks[identity.id, member]
        mark = marks.setdefault(binding.id, rows.made(binding.id, identity.id, member))
        if self._is_newer(mark) or not told(agreed=mark.agreed, there=True):
            return
        mark.agreed = True
        self._note(mark)
        self.came.add((self.customers[identity.id], tag))

    def without(self, identity: Identity, member: str, remote: str) -> None:
        """One that is not there."""
        binding = self.placed.get((identity.account, remote))
        mark = self.marks.get((identity.id, member), {}).get(binding.id) if binding else None
        if mark:
            self._gone(mark)

    def hold_back(self, guard: Guard) -> None:
        """If suspiciously much is gone, nothing is: what was agreed stays so, and is read again by the next run."""
        if not guard.holds(len(self._lost() & self.carried), len(self.carried)):
            return
        self.went.clear()
        for key, (wanted, touched_at, reason) in self.were.items():
            mark = self.changed.pop(key)
            mark.agreed, mark.wanted, mark.touched_at, mark.reason = True, wanted, touched_at, reason
            refresh(mark)

    async def end(self, source: Source) -> int:
        """Write it down, and let everything follow from it; how many taggings changed."""
        await rows.keep(mark for mark in self.changed.values() if mark.id not in self.over)
        await rows.forget(self.over)
        customers = {self.customers[mark.identity_id] for mark in self.changed.values()}
        if not customers:
            return 0
        carried = await Tagging.tags_of(customers)
        came = sorted(pair for pair in self.came if pair[1] not in carried[pair[0]])
        went = sorted(pair for pair in self._lost() if pair[1] in carried[pair[0]])
        given = await Tagging.give([(customer, self.tags[tag]) for customer, tag in came], source, self.ctx.actor)
        taken = await Tagging.take([(customer, self.tags[tag]) for customer, tag in went], self.ctx.actor)
        await want(customers, self.ctx)
        return len(given) + len(taken)

    def _gone(self, mark: Mark) -> None:
        if self._is_newer(mark):
            return
        tag = self._meant(self.bindings[mark.binding_id])
        if told(agreed=mark.agreed, there=False) and tag is not None:
            self.were[id(mark)] = mark.wanted, mark.touched_at, mark.reason
            mark.agreed = mark.wanted = False  # whether it is to be there again follows from what they carry
            self._note(mark)
            self.went.add((self.customers[mark.identity_id], tag, self.accounts[mark.identity_id]))
        elif not mark.wanted and not mark.agreed and mark.id:
            self.over.add(mark.id)  # taken from them before this reading, which proves it

    def _is_newer(self, mark: Mark) -> bool:
        return mark.sending is not None or mark.touched_at >= self.at

    def _meant(self, binding: Binding) -> int | None:
        """The tag of ours that it stands for, unless it is being deleted there."""
        tag = self.tags.get(binding.heir_id or binding.tag_id or 0)
        going = binding.sent == {} or (binding.retired and (binding.agreed is None or not binding.heir_id))
        return None if going or tag is None or tag.gone_at or not tag.is_for(binding.account) else tag.id

    def _note(self, mark: Mark) -> None:
        mark.touched_at, mark.reason = self.at, ""
        refresh(mark)
        self.changed[id(mark)] = mark

    def _lost(self) -> set[Pair]:
        """What somebody has nowhere on an account any more, on no relation and by no other name."""
        there = {
            (
                self.customers[mark.identity_id],
                self._meant(self.bindings[mark.binding_id]),
                self.accounts[mark.identity_id],
            )
            for marks in self.marks.values()
            for mark in marks.values()
            if is_there(mark)
        }
        return {(customer, tag) for customer, tag, account in self.went - there} - self.came


async def _all_of(
    identities: Sequence[int], named: Sequence[Binding], *, whole: bool
) -> tuple[list[Mark], dict[int, Binding]]:
    """Marks with their bindings, and the named ones: all marks, or those of the same tags of ours."""
    bindings = {row.id: row for row in named}
    marks = Mark.filter(identity_id__in=list(identities)).order_by("id")
    if whole:
        found = await marks
        missing = sorted({mark.binding_id for mark in found} - bindings.keys())
        bindings |= {row.id: row for row in (await Binding.filter(id__in=missing) if missing else [])}
        return found, bindings
    tags = sorted({subject for row in named if (subject := row.heir_id or row.tag_id)})
    for same in (Binding.filter(tag_id__in=tags), Binding.filter(heir_id__in=tags)) if tags else ():
        bindings |= {row.id: row for row in await same}
    return (await marks.filter(binding_id__in=sorted(bindings)) if bindings else []), bindings
