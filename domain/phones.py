"""Here lives how much of a phone number a person is shown."""

from domain.permissions import Role, allows

LAST = 4
HIDDEN = 4


def shown(phone: str, role: Role, *, own: bool) -> str:
    """The whole number for managers and for the customer's owner, the middle hidden from everybody else."""
    return phone if own or allows(role, Role.MANAGER) else masked(phone)


def masked(phone: str) -> str:
    """138****0000; of a short number only the last two digits are left."""
    if len(phone) < LAST + HIDDEN:
        return "*" * max(0, len(phone) - 2) + phone[-2:]
    return phone[: -LAST - HIDDEN] + "*" * HIDDEN + phone[-LAST:]
