"""Here lives what the server tells itself, named as past participles: stored, handled and tried again like any event.

`kind` is the name under which each is stored. domain/events.py has what others tell.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from domain.contacts import ContactState
from domain.groups import GroupsAsked, GroupsDue
from domain.masses import AudiencesDue, CustomersToTag
from domain.messages import Address
from domain.push_events import (
    DigestDue,
    LinkOpened,
    PushAsked,
    PushDue,
    PushFilled,
    PushFollowUp,
    PushRound,
    PushSettled,
    ScheduleDue,
)
from domain.sweeps import CustomersTouched, RuleDue, RulesDue
from domain.sync import SyncDue, TagContactsRead, TagsAsked, TagsDue, TagsGone, TagsMet, TagsSettled


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """Ours: something in the outbox was refused or has an unknown outcome; `reason` is the channel's word for it."""

    at: datetime
    to: Address
    outbox_id: int
    reason: str
    unsure: bool = False
    state: ContactState | None = None
    kind: Literal["delivery_failed"] = field(default="delivery_failed", kw_only=True)


@dataclass(frozen=True, slots=True)
class EventBuried:
    """Ours: an event could not be handled after all its tries; a person should look."""

    at: datetime
    inbox_id: int
    account: str
    kind: Literal["event_buried"] = field(default="event_buried", kw_only=True)


@dataclass(frozen=True, slots=True)
class DayEnded:
    """Ours: a day of the house is over; `round` counts on while there is more to tidy than fits one transaction."""

    at: datetime
    day: date
    round: int = 0
    kind: Literal["day_ended"] = field(default="day_ended", kw_only=True)


@dataclass(frozen=True, slots=True)
class TaskDue:
    """Ours: a to-do is to be reminded of, unless it was done or put off meanwhile; `at` is the time it was set for."""

    at: datetime
    task_id: int
    kind: Literal["task_due"] = field(default="task_due", kw_only=True)


OwnEvent = (
    PushFilled
    | PushDue
    | PushRound
    | PushFollowUp
    | PushSettled
    | PushAsked
    | LinkOpened
    | ScheduleDue
    | DigestDue
    | GroupsAsked
    | GroupsDue
    | DeliveryFailed
    | EventBuried
    | DayEnded
    | TaskDue
    | AudiencesDue
    | CustomersToTag
    | TagsSettled
    | TagsDue
    | TagsGone
    | TagsMet
    | SyncDue
    | TagsAsked
    | TagContactsRead
    | CustomersTouched
    | RuleDue
    | RulesDue
)
