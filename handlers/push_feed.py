"""Here lives the feeding of the outbox from the ledger of a running push: a little at a time, each looked at again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.errors import Refusal
from domain.messages import Address, OutboundMessage, Priority
from domain.wording import Person
from handlers.context import Context
from handlers.push_roads import reach_alone
from handlers.push_words import Prepared, prepared
from models import group_reach, reach, recipient_feed
from models.outbox import OutboxItem, Promised
from models.pushes import Push
from models.reach import Reach
from models.recipient_feed import Waiting

AHEAD = timedelta(seconds=2)  # what is promised for later than that could be stopped less well
UNKNOWN = 1_000.0  # messages a second, where the platform names no figure
KEPT = timedelta(minutes=10)  # behind its time a message is not sent any more: its recipient waits, and is looked at
LANES = (12, 120)  # of one push and account: so many messages may be under way at once
A_LANE = 8.0  # messages a second in one of them, as quickly as platforms answer


class Fed(NamedTuple):
    """How many were looked at, and whether there is room for more already.

    `free_at` is from when on the push's own pace has room for the next, None: at once.
    """

    number: int
    more: bool
    free_at: datetime | None


class Slots:
    """The moments that the push's own pace leaves free, as far ahead as is promised."""

    def __init__(self, push: Push, free_at: datetime | None, now: datetime) -> None:
        self._step = timedelta(seconds=push.pace_seconds / push.pace_count) if push.pace_count else None
        self._now = now
        self._at = max(free_at or now, now)

    @property
    def free_at(self) -> datetime | None:
        return self._at if self._step else None

    @property
    def left(self) -> int:
        """How many there are."""
        if self._step is None:
            return recipient_feed.at_once()
        return max(0, (self._now + AHEAD - self._at) // self._step + 1)

    def take(self) -> datetime:
        taken = self._at
        self._at += self._step or timedelta()
        return taken


class Feeding(NamedTuple):
    """What is the same for everybody in one round."""

    push: Push
    prepared: Prepared
    reach: Reach
    slots: Slots
    now: datetime


async def feed(push: Push, free_at: datetime | None, ctx: Context) -> Fed:
    """Promise what is due within two seconds, by the push's pace and that of each account."""
    slots, looked_at, more = Slots(push, free_at, ctx.now), 0, False
    accounts = await recipient_feed.accounts(push.id)
    if accounts and slots.left:
        feeding = Feeding(push, await prepared(push, ctx), await reach_alone(push, ctx), slots, ctx.now)
        flying = await recipient_feed.in_flight(push.id)
        for account in accounts:
            a_second = _a_second(account, ctx)
            room = int(a_second * AHEAD.total_seconds()) - flying.get(account, 0)
            most = max(0, min(room, slots.left, recipient_feed.at_once() - looked_at))
            rows = await recipient_feed.waiting(push.id, account, most) if most else []
            room -= await _promise(rows, feeding, int(min(max(a_second / A_LANE, LANES[0]), LANES[1])))
            looked_at += len(rows)
            more = more or (len(rows) == most and room > 0 and slots.left > 0)
    return Fed(looked_at, more, slots.free_at)


def _a_second(account: str, ctx: Context) -> float:
    """What the account may send."""
    figures = [medium.per_second for medium in ctx.house.media.get(account, ()) if medium.per_second]
    return max(1.0, min(figures, default=UNKNOWN))


async def _promise(rows: Sequence[Waiting], feeding: Feeding, lanes: int) -> int:
    """All of them by a few statements; those who must not get it any more are left out, each with the reason."""
    looks = group_reach if feeding.push.labels else reach
    reasons = await looks.excluded([row.id for row in rows], feeding.reach) if rows else {}
    doubles = await recipient_feed.doubles(feeding.push.id, [row for row in rows if row.id not in reasons])
    reasons |= dict.fromkeys(doubles, "duplicate")
    ended = {recipient: ("skipped", reason) for recipient, reason in reasons.items()}
    promised: list[Promised] = []
    for row in rows:
        if row.id in ended:
            continue
        if (message := _message(row, feeding)) is None:
            ended[row.id] = ("failed", "words")
        else:
            due = feeding.slots.take()
            lane = f"{row.account}:push{feeding.push.id}:{row.id % lanes}"
            promised.append(Promised(message, lane, due, row.id, due + KEPT))
    await recipient_feed.end(ended, feeding.now)
    if promised:
        await recipient_feed.promised(await OutboxItem.enqueue_all(promised, feeding.now))
    return len(promised)


def _message(row: Waiting, feeding: Feeding) -> OutboundMessage | None:
    """None where it cannot be written for this person."""
    person = Person(row.name, row.company, row.city, row.owner)
    try:
        content = feeding.prepared.content(person, row.id)
    except Refusal:
        return None
    return OutboundMessage(Address(row.account, row.address), content, Priority.PUSH)
