"""Here lives where a customer's tag is to be on a platform, and what a reading of one contact tells of it. Pure."""

from collections.abc import Collection, Sequence
from typing import Literal

State = Literal["synced", "pending", "sending", "failed"]
News = Literal["", "came", "went"]
ABSENT = frozenset({"no_relation", "unfollowed", "no_such_contact"})  # there is nobody there to carry it


def places(
    lasting: Sequence[str], holding: Collection[str], preferred: Sequence[str], vain: Collection[str]
) -> frozenset[str]:
    """On which relations (`lasting`, oldest first) a tag that is carried is to be: where it is, else on one of them.

    `preferred` come first, if they last; those that were tried in `vain` come last.
    """
    if there := frozenset(lasting) & frozenset(holding):
        return there
    wished = [*(member for member in preferred if member in lasting), *lasting]
    chosen = next((member for member in wished if member not in vain), None)
    return frozenset({chosen} if chosen is not None else wished[:1])


def state(*, wanted: bool, agreed: bool, sending: bool | None, reason: str) -> State:
    """How far one tag on one contact is."""
    if sending is not None:
        return "sending"
    if wanted == agreed:
        return "synced"
    return "failed" if reason else "pending"


def told(*, agreed: bool, there: bool) -> News:
    """What was changed over there since both sides agreed; ours alone is no news."""
    if agreed == there:
        return ""
    return "came" if there else "went"


def surplus(new: Sequence[int], there: int, most: int) -> frozenset[int]:
    """Of those that are to come to a contact who has so many already: those beyond what the platform allows."""
    return frozenset(new[max(most - there, 0) :])
