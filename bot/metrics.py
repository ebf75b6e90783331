"""Here lives every counter and gauge, declared once; only workers and the door count."""

from prometheus_client import Counter, Histogram

STORED = Counter("guanxi_events_stored", "Events at the door, new ones and repeats", ["channel", "outcome"])
TURNED_AWAY = Counter("guanxi_callbacks_refused", "Callbacks that were not stored", ["channel", "status"])
HANDLED = Counter("guanxi_events_handled", "Events whose handler is done", ["event"])
SECONDS = Histogram("guanxi_event_seconds", "From taking an event up to its commit")
FAILED = Counter("guanxi_rows_failed", "Tries that failed and will be repeated", ["queue"])
BURIED = Counter("guanxi_events_buried", "Events given up after all their tries", ["channel"])
SENT = Counter("guanxi_deliveries", "What became of things sent", ["channel", "outcome"])
