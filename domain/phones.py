"""Here lives the form in which a phone number is kept, and how much of it a person is shown."""

import re

from domain.permissions import Role, allows

HOME = "CN"
CHINESE_MOBILE = re.compile(r"(?:\+?86)?(1[3-9][0-9]{9})")
LAST = 4
HIDDEN = 4


def kept(typed: str) -> str | None:
    """The one form in which a number is stored, E.164 (+8613800001234); None for what is none.

    Without a country's code it is Chinese. An extension has no place in E.164: it is not dropped in silence.
    """
    import phonenumbers  # its tables are read only where a number is changed

    try:
        number = phonenumbers.parse(typed, HOME)
    except phonenumbers.NumberParseException:
        return None
    form = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    exists = phonenumbers.is_valid_number(number) or CHINESE_MOBILE.fullmatch(form)
    return form if exists and not number.extension else None


def shown(phone: str, role: Role, *, own: bool) -> str:
    """The whole number for managers and for who looks after the customer, the middle hidden from everybody else."""
    return at_home(phone) if own or allows(role, Role.MANAGER) else masked(phone)


def masked(phone: str) -> str:
    """138****0000; of a short number only the last two digits are left."""
    phone = at_home(phone)
    if len(phone) < LAST + HIDDEN:
        return "*" * max(0, len(phone) - 2) + phone[-2:]
    return phone[: -LAST - HIDDEN] + "*" * HIDDEN + phone[-LAST:]


def at_home(phone: str) -> str:
    """As people here say it: a Chinese mobile number without the country's code."""
    found = CHINESE_MOBILE.fullmatch(phone)
    return found[1] if found else phone
