"""Here lives who may do and see what."""

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


def may_see(role: Role, staff_id: int, owner_id: int | None) -> bool:
    """Sales see their own and unowned customers; managers, administrators and viewers see all."""
    return role is not Role.SALES or owner_id in (None, staff_id)


def may_write(role: Role, staff_id: int, owner_id: int | None) -> bool:
    """The owner writes; where there is no owner, any sales person; managers and administrators always."""
    if allows(role, Role.MANAGER):
        return True
    return role is Role.SALES and owner_id in (None, staff_id)
