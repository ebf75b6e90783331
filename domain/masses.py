"""Here lives what the server tells itself about many customers at once: whom to count, and whom to tag.

Events like those of domain/events.py, which lists them.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from domain.messages import Address


@dataclass(frozen=True, slots=True)
class AudiencesDue:
    """Ours: saved audiences are to be counted, from the one behind `after` on, as they were at the end of `day`."""

    at: datetime
    day: date
    after: int = 0
    kind: Literal["audiences_due"] = field(default="audiences_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class CustomersToTag:
    """Ours: these customers are to carry tags, or to carry them no more, as a colleague planned for `people` of them.

    By whom (`staff`) and because of what is told in the trail, in lines from `since` on. Where nobody is named all
    rounds are over, and who asked is told so, at `place`.
    """

    at: datetime
    staff: int
    cause: str
    give: tuple[int, ...]
    take: tuple[int, ...]
    subject: str
    place: Address
    language: str
    people: int
    since: int
    customers: tuple[int, ...] = ()
    kind: Literal["customers_to_tag"] = field(default="customers_to_tag", kw_only=True)
