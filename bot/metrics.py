"""Here lives every counter and gauge, declared once; workers and the door count, nobody else."""

from collections.abc import Mapping
from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram, generate_latest

STORED = Counter("guanxi_events_stored", "Events at the door; outcome is new or repeat", ["channel", "outcome"])
TURNED_AWAY = Counter("guanxi_callbacks_refused", "Callbacks answered 4xx, nothing stored", ["channel", "status"])
HANDLED = Counter("guanxi_events_handled", "Events whose transaction was committed", ["event"])
BURIED = Counter("guanxi_events_buried", "Events given up after their last try", ["channel"])
FAILED = Counter("guanxi_attempts_failed", "Attempts that raised, in inbox or outbox", ["queue"])
SENT = Counter(
    "guanxi_deliveries", "Deliveries; result is Delivered, Deferred, Refused or Unsure", ["channel", "result"]
)
SECONDS = Histogram(
    "guanxi_handler_seconds",
    "From taking an event to its commit",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60),
)
ROWS = Gauge("guanxi_queue_rows", "Rows in a queue that are not done", ["queue", "state"])
OVERDUE = Gauge("guanxi_queue_overdue_seconds", "How long the oldest waiting row has been due", ["queue"])
TAGS = Gauge("guanxi_tags", "Tags of an account, by how far both sides have them in common", ["account", "state"])
TAGGINGS = Gauge("guanxi_taggings", "The same of the tags that customers carry there", ["account", "state"])

STATES = ("waiting", "sending", "dead", "unsure")
TAG_STATES = ("synced", "pending", "failed", "conflict", "not_ours")
Backlog = Mapping[str, tuple[int, int]]
Drift = Mapping[str, Mapping[tuple[str, str], int]]


def overdue(backlog: Backlog, now: datetime) -> float:
    """Seconds since the oldest waiting row of `QueueRow.backlog()` was due; 0 when none is."""
    rows, due = backlog.get("waiting", (0, 0))
    return max(0.0, now.timestamp() - due / 1000) if rows else 0.0


def watch(queue: str, backlog: Backlog, now: datetime) -> None:
    """Set a queue's gauges from `QueueRow.backlog()`."""
    for state in STATES:
        ROWS.labels(queue, state).set(backlog.get(state, (0, 0))[0])
    OVERDUE.labels(queue).set(overdue(backlog, now))


def watch_tags(account: str, counts: Drift) -> None:
    """Set an account's gauges from `Sync.counts()`."""
    for gauge, level in ((TAGS, "tags"), (TAGGINGS, "taggings")):
        for state in TAG_STATES:
            gauge.labels(account, state).set(sum(n for (word, _), n in counts[level].items() if word == state))


def text() -> bytes:
    """All of them in Prometheus' text format."""
    return generate_latest()
