"""Here lives who may do and see what."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"
    SALES = "sales"
    MANAGER = "manager"
    ADMIN = "admin"


RANK = {role: rank for rank, role in enumerate(Role)}


def allows(role: Role, needed: Role) -> bool:
    """Whether a person of this role may do what at least `needed` may."""
    return RANK[role] >= RANK[needed]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose customers one person sees: those of `owners` and nobody's; None is everybody's."""

    role: Role
    staff_id: int
    owners: frozenset[int] | None

    def sees(self, owner_id: int | None, attendant_id: int | None = None) -> bool:
        """Who stands in for the owner sees the customer, too."""
        if self.owners is None or owner_id is None:
            return True
        return owner_id in self.owners or attendant_id == self.staff_id

    def writes(self, owner_id: int | None, attendant_id: int | None = None) -> bool:
        """Who sees may write, but for viewers."""
        return self.role is not Role.VIEWER and self.sees(owner_id, attendant_id)


def scope_of(role: Role, staff_id: int, team: Iterable[int] = ()) -> Scope:
    """Sales see their own, managers their team's or, without a team, all; administrators and viewers see all.

    `team` holds the ids of the manager's team, if there is one.
    """
    members = frozenset(team)
    if role is Role.SALES:
        return Scope(role, staff_id, frozenset({staff_id}))
    if role is Role.MANAGER and members:
        return Scope(role, staff_id, members | {staff_id})
    return Scope(role, staff_id, None)
