"""Here lives a clock that a test sets by hand."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Called, it tells its time; it moves only when told to."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> datetime:
        """Let time pass: `forward(minutes=5)`."""
        self.now += timedelta(**duration)
        return self.now
