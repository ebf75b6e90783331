"""Here lives which tags are to be on which contact of a platform, by what its customer carries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from domain.marks import ABSENT, places, state, surplus
from handlers.context import Context
from models import marks as rows
from models.customers import Customer, Identity, Relation
from models.staff import StaffAccount
from models.sync import Binding, Mark
from models.tags import Tag, Tagging

Where = tuple[str, int]  # an account, and a tag of ours


@dataclass(slots=True)
class Scene:
    """Some customers, what they carry, and what platforms have of it; asked of the database once for all of them."""

    customers: Mapping[int, Customer]
    carried: Mapping[int, set[int]]
    identities: Sequence[Identity]
    lasting: Mapping[int, list[str]]
    members: Mapping[tuple[str, int], str]
    tags: Mapping[int, Tag]
    bindings: Mapping[int, Binding]
    marks: Mapping[int, list[Mark]]
    ctx: Context
    dropped: set[int] = field(default_factory=set)
    unbound: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    placed: dict[Where, Binding] = field(default_factory=dict)
    elders: dict[Where, list[Binding]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for row in self.bindings.values():
            if not row.retired and row.tag_id:
                self.placed[row.account, row.tag_id] = row
            elif row.agreed is not None:
                for tag_id in {row.heir_id, row.tag_id} - {None}:
                    self.elders[row.account, tag_id or 0].append(row)

    @classmethod
    async def of(cls, ids: Collection[int], ctx: Context) -> "Scene":
        accounts = list(ctx.house.tags)
        customers = {row.id: row for row in await Customer.filter(id__in=list(ids))}
        carried = await Tagging.tags_of(customers)
        found = await Identity.filter(customer_id__in=list(customers), account__in=accounts).order_by("id")
        marks: dict[int, list[Mark]] = {identity.id: [] for identity in found}
        for mark in await Mark.filter(identity_id__in=list(marks)).order_by("id"):
            marks[mark.identity_id].append(mark)
        identities = [row for row in found if carried[row.customer_id] or marks[row.id]]
        return cls(
            customers=customers,
            carried=carried,
            identities=identities,
            lasting=await _lasting(identities, ctx),
            members=await _members(customers.values(), ctx) if identities else {},
            tags=await Tag.of(set().union(*carried.values())) if identities else {},
            bindings=await _bindings(carried.values(), marks.values(), accounts) if identities else {},
            marks=marks,
            ctx=ctx,
        )

    def wishes(self, identity: Identity) -> list[Mark]:
        """The marks of one contact that are other than they were."""
        before = {id(mark): _values(mark) for mark in self.marks[identity.id]}
        by_binding: dict[int, list[Mark]] = defaultdict(list)
        for mark in self.marks[identity.id]:
            by_binding[mark.binding_id].append(mark)
        mine: list[Mark] = []
        for tag_id in self._tags(identity, by_binding):
            mine += self._of_tag(identity, tag_id, by_binding)
        self._limit(identity, [*self.marks[identity.id], *(mark for mark in mine if mark.id is None)])
        return [mark for mark in mine if mark.id not in self.dropped and before.get(id(mark)) != _values(mark)]

    def _tags(self, identity: Identity, marked: Iterable[int]) -> list[int]:
        """Of ours, those that are carried and those that were."""
        carried = self.carried[identity.customer_id]
        for tag_id in carried:
            if (identity.account, tag_id) not in self.placed and self._belongs(self.tags.get(tag_id), identity.account):
                self.unbound[identity.account].add(tag_id)
        bound = {self.bindings[each].tag_id for each in marked if not self.bindings[each].retired}
        return sorted(carried | {tag_id for tag_id in bound if tag_id})

    def _of_tag(self, identity: Identity, tag_id: int, by_binding: Mapping[int, list[Mark]]) -> list[Mark]:
        """The marks of one tag there, as they should be; those that are nobody's business any more are dropped."""
        where = identity.account, tag_id
        place = self.placed.get(where)
        if place is None or not self._belongs(place.tag, place.account):
            return []
        marks = list(by_binding.get(place.id, []))
        elders = [mark for row in self.elders.get(where, ()) for mark in by_binding.get(row.id, [])]
        carried = tag_id in self.carried[identity.customer_id]
        wanted, reason = self._where(identity, marks, elders) if carried else (frozenset[str](), "")
        lasting = self.lasting[identity.id]
        marks += [rows.made(place.id, identity.id, member) for member in wanted - {mark.member for mark in marks}]
        for mark in marks:
            _aim(mark, wanted=mark.member in wanted, reason=reason, lasts=mark.member in lasting)
            if mark.id and mark.sending is None and mark.member not in {*lasting, *wanted}:
                self.dropped.add(mark.id)
        return marks

    def _belongs(self, tag: Tag | None, account: str) -> bool:
        return tag is not None and tag.gone_at is None and tag.is_for(account)

    def _where(self, identity: Identity, marks: list[Mark], elders: list[Mark]) -> tuple[frozenset[str], str]:
        """On which relations, and why it cannot come to any."""
        lasting = self.lasting[identity.id]
        if not lasting:
            return frozenset({""}), "no_relation" if by_relation(identity.account, self.ctx) else "unfollowed"
        holding = {mark.member for mark in (*marks, *elders) if is_there(mark)}
        holding |= {mark.member for mark in marks if mark.wanted and mark.state != "failed"}
        vain = {mark.member for mark in marks if mark.state == "failed" and mark.reason in ABSENT}
        keepers = (self.ctx.staff.id if self.ctx.staff else 0, self.customers[identity.customer_id].owner_id or 0)
        preferred = [self.members[key] for keeper in keepers if (key := (identity.account, keeper)) in self.members]
        return places(lasting, holding, preferred, vain), ""

    def _limit(self, identity: Identity, marks: Iterable[Mark]) -> None:
        """What would be too many for one contact is not even asked.

        Where the platform itself has said so (`contact_full`), it is asked again by the next comparison only: we may
        not know yet what else the contact carries there.
        """
        most = self.ctx.house.tags[identity.account].limits.per_contact
        for _, some in groupby(sorted(marks, key=lambda mark: mark.member), key=lambda mark: mark.member):
            of_one = list(some)
            new = [m for m in of_one if m.wanted and not is_there(m) and m.state in {"pending", "failed"}]
            new = sorted(
                (m for m in new if m.reason in {"", "per_contact"}), key=lambda m: (m.id or 2**62, m.binding_id)
            )
            over = surplus([m.binding_id for m in new], sum(map(is_there, of_one)), most)
            for mark in new:
                mark.reason = "per_contact" if mark.binding_id in over else ""
                refresh(mark)


def by_relation(account: str, ctx: Context) -> bool:
    """Whether tags there belong to a member's relation to the contact."""
    return ctx.house.accounts.get(account) == "wecom"


def is_there(mark: Mark) -> bool:
    """Whether the platform has it, or will have once what is on its way arrives."""
    return mark.agreed if mark.sending is None else mark.sending


def refresh(mark: Mark) -> None:
    """How far it is by what it says."""
    mark.state = state(wanted=mark.wanted, agreed=mark.agreed, sending=mark.sending, reason=mark.reason)
    if mark.state in {"synced", "sending"}:
        mark.reason = ""


def _values(mark: Mark) -> tuple[object, ...]:
    return mark.wanted, mark.agreed, mark.sending, mark.state, mark.reason


def _aim(mark: Mark, *, wanted: bool, reason: str, lasts: bool) -> None:
    """Nobody who is not there has a tag; who is there again is tried again."""
    if not lasts and mark.sending is None:
        mark.agreed = False
    if mark.wanted != wanted or reason or (mark.reason == "unfollowed" and lasts):
        mark.reason = reason
    mark.wanted = wanted
    refresh(mark)


async def _lasting(identities: Sequence[Identity], ctx: Context) -> dict[int, list[str]]:
    """Where each contact can carry tags: relations that last, the oldest first; elsewhere as itself, if it is there."""
    found: dict[int, list[str]] = {}
    for identity in identities:
        alone = not by_relation(identity.account, ctx) and identity.state == "reachable"
        found[identity.id] = [""] if alone else []
    related = [identity.id for identity in identities if by_relation(identity.account, ctx)]
    for row in sorted(await Relation.filter(identity_id__in=related, ended_at=None), key=_age) if related else ():
        found[row.identity_id].append(row.userid)
    return found


def _age(relation: Relation) -> tuple[float, int]:
    return relation.added_at.timestamp() if relation.added_at else 0.0, relation.id


async def _members(customers: Iterable[Customer], ctx: Context) -> dict[tuple[str, int], str]:
    """What the acting colleague and the owners are called on each account."""
    staff = {row.owner_id for row in customers} | {ctx.staff.id if ctx.staff else None}
    ids = [staff_id for staff_id in staff if staff_id]
    found = await StaffAccount.filter(staff_id__in=ids, account__in=list(ctx.house.tags)).order_by("-id") if ids else []
    return {(row.account, row.staff_id): row.external_id for row in found}


async def _bindings(
    carried: Iterable[set[int]], marks: Iterable[list[Mark]], accounts: Sequence[str]
) -> dict[int, Binding]:
    """All that belong to these tags, and all that have marks; each with its tag."""
    tags = set().union(*carried)
    marked = {mark.binding_id for some in marks for mark in some}
    of_tags = Binding.filter(tag_id__in=list(tags), account__in=accounts).select_related("tag")
    found = {row.id: row for row in await of_tags}
    more = [*(Binding.filter(heir_id__in=list(tags)), Binding.filter(id__in=list(marked - set(found))))]
    for query in more:
        found |= {row.id: row for row in await query.select_related("tag")}
    return found
