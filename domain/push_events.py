"""Here lives what happens to pushes: what the server tells itself of them, and what platforms tell of their results.

Events like those of domain/events.py and domain/own_events.py, which list them.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class PushFilled:
    """Ours: the ledger of a push is to be filled on, with customers behind `after`; it was confirmed at `moment`."""

    at: datetime
    push_id: int
    moment: datetime
    after: int = 0
    kind: Literal["push_filled"] = field(default="push_filled", kw_only=True)


@dataclass(frozen=True, slots=True)
class PushDue:
    """Ours: a push that waits for its time is to begin, now that it is `at`."""

    at: datetime
    push_id: int
    kind: Literal["push_due"] = field(default="push_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class PushRound:
    """Ours: look after a running push: take down what came of it, promise the next messages, tell how far it is.

    `turn` counts the starts of the push (each 继续 is one more), `round` the rounds since; `free_at` is the next moment
    that its own pace leaves free, None: at once.
    """

    at: datetime
    push_id: int
    turn: int
    round: int = 0
    free_at: datetime | None = None
    kind: Literal["push_round"] = field(default="push_round", kw_only=True)


@dataclass(frozen=True, slots=True)
class PushFollowUp:
    """Ours: so many days after a push its requester is told what came of it."""

    at: datetime
    push_id: int
    days: int
    kind: Literal["push_follow_up"] = field(default="push_follow_up", kw_only=True)


@dataclass(frozen=True, slots=True)
class PushSettled:
    """Ours: a group push, or a change of one, was carried out: `task` is the platform's id of it.

    `failed` are the contacts whom the platform would not take, each with the channel's word for why. `reason` is why
    it was not carried out at all; `unsure`: nobody knows whether it was.
    """

    at: datetime
    account: str
    outbox_id: int
    batch: int
    task: str = ""
    failed: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    unsure: bool = False
    kind: Literal["push_settled"] = field(default="push_settled", kw_only=True)


@dataclass(frozen=True, slots=True)
class PushAsked:
    """Ours: a platform is to be asked what became of one batch of a push, from `cursor` on.

    The look-up turns it into PushResultRead or PushUnread. `round` counts the askings of this batch.
    """

    at: datetime
    account: str
    batch: int
    task: str
    member: str = ""
    cursor: str = ""
    round: int = 0
    kind: Literal["push_asked"] = field(default="push_asked", kw_only=True)


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of one contact or chat: `waiting` for the member, `sent`, or `failed` with the channel's word.

    An empty `contact` is everybody in the batch: of a mass message the platform tells of nobody alone.
    """

    contact: str
    state: Literal["waiting", "sent", "failed"]
    reason: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PushResultRead:
    """One page of results; an empty `cursor` is the end."""

    at: datetime
    asked: PushAsked
    results: tuple[PushResult, ...]
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class PushUnread:
    """The platform did not answer `asked`; ask again at `again`."""

    at: datetime
    asked: PushAsked
    reason: str
    again: datetime


@dataclass(frozen=True, slots=True)
class LinkOpened:
    """Ours: somebody opened a tracked link; `recipient` is the row of the ledger it was made for, 0 for nobody's."""

    at: datetime
    link: int
    recipient: int
    kind: Literal["link_opened"] = field(default="link_opened", kw_only=True)


@dataclass(frozen=True, slots=True)
class ScheduleDue:
    """Ours: a schedule fires for the moment `at`."""

    at: datetime
    schedule_id: int
    kind: Literal["schedule_due"] = field(default="schedule_due", kw_only=True)


@dataclass(frozen=True, slots=True)
class DigestDue:
    """Ours: the daily report of one chat is due, for the house's `day`."""

    at: datetime
    digest_id: int
    day: date
    kind: Literal["digest_due"] = field(default="digest_due", kw_only=True)
