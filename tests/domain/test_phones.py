"""Here lives how phone numbers are read, kept and shown."""

import pytest

from domain.permissions import Role
from domain.phones import kept, shown
from domain.search import digits_of


@pytest.mark.parametrize(
    "typed",
    ["13800001234", "138 0000 1234", "138-0000-1234", "8613800001234", "+86 138 0000 1234", "0086 13800001234"],
)
def test_every_form_of_a_number_is_kept_as_one_and_found_as_one(typed: str) -> None:
    assert kept(typed) == "+8613800001234"
    assert digits_of(typed) == digits_of("+8613800001234")


@pytest.mark.parametrize(
    ("typed", "form"),
    [
        ("010-62751234", "+861062751234"),
        ("(0755) 8376 5566", "+8675583765566"),
        ("400-800-1234", "+864008001234"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("+13125551234", "+13125551234"),
        ("+852 9123 4567", "+85291234567"),
        ("19300001234", "+8619300001234"),
    ],
)
def test_what_is_kept_of_other_numbers(typed: str, form: str) -> None:
    assert kept(typed) == form


@pytest.mark.parametrize(
    "typed", ["", "张三", "1234", "10086", "1380000123", "138000012345", "010-62751234 ext 5", "+999 1"]
)
def test_what_is_no_number(typed: str) -> None:
    assert kept(typed) is None


@pytest.mark.parametrize(
    ("phone", "whole", "hidden"),
    [
        ("+8613800001234", "13800001234", "138****1234"),
        ("8613800001234", "13800001234", "138****1234"),
        ("13800001234", "13800001234", "138****1234"),
        ("+14155552671", "+14155552671", "+141****2671"),
        ("+861062751234", "+861062751234", "+8610****1234"),
        ("12345", "12345", "***45"),
        ("", "", ""),
    ],
)
def test_how_much_of_a_number_is_shown(phone: str, whole: str, hidden: str) -> None:
    assert shown(phone, Role.SALES, own=True) == shown(phone, Role.MANAGER, own=False) == whole
    assert shown(phone, Role.SALES, own=False) == shown(phone, Role.VIEWER, own=False) == hidden
