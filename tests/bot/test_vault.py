"""Here lives what sealing promises: nothing is readable, nothing moves, nothing opens with another key."""

import os

from hypothesis import given
from hypothesis import strategies as st

from bot.vault import KEY_ID, NONCE, Vault

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
PLACE = "access_token.sealed:wecom:1"


@given(st.text())
def test_what_is_sealed_opens_again(secret: str) -> None:
    assert Vault(KEY).open(Vault(KEY).seal(secret, PLACE), PLACE) == secret


def test_the_same_secret_is_sealed_differently_each_time_and_is_not_in_it() -> None:
    one, two = (Vault(KEY).seal("a-secret-token", PLACE) for _ in range(2))
    assert one != two
    assert b"secret" not in one + two


def test_another_key_or_another_place_opens_nothing() -> None:
    sealed = Vault(KEY).seal("token", PLACE)
    assert Vault(OTHER).open(sealed, PLACE) is None
    assert Vault(KEY).open(sealed, f"{PLACE}0") is None


def test_what_was_changed_or_cut_opens_nothing() -> None:
    sealed = Vault(KEY).seal("token", PLACE)
    for place in range(len(sealed)):
        assert Vault(KEY).open(sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :], PLACE) is None
        assert Vault(KEY).open(sealed[:place], PLACE) is None


def test_the_key_id_of_an_impostor_is_not_enough() -> None:
    head = Vault(KEY).seal("token", PLACE)[:KEY_ID]
    assert Vault(KEY).open(head + os.urandom(NONCE + 32), PLACE) is None


def test_a_mark_is_short_the_same_for_the_same_secret_and_only_under_the_same_key() -> None:
    marks = [Vault(key).mark(secret) for key, secret in ((KEY, "a"), (KEY, "a"), (KEY, "b"), (OTHER, "a"))]
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3
    assert {len(mark) for mark in marks} == {16}
