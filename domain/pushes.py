"""Here live the rules of pushes (群发)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class PushRules:
    """The house's rules, from config.yaml.

    No push goes out in `quiet_hours` (local time, over midnight where the end is before the start). `cap`: so many
    pushes reach one person in so long. A push later than `late_grace` does not begin by itself. Addresses in pushes
    are opened by way of `public_url`, and `link_key` signs what they are called.
    """

    quiet_hours: tuple[time, time] | None = None
    cap: tuple[int, timedelta] | None = None
    late_grace: timedelta = timedelta(minutes=30)
    public_url: str = ""
    link_key: bytes = b""

    def quiet_until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """When the quiet hours end that `now` is in; None outside them."""
        if self.quiet_hours is None or self.quiet_hours[0] == self.quiet_hours[1]:
            return None
        start, end = self.quiet_hours
        here = now.astimezone(zone)
        clock = here.time()
        if start < end:
            inside, tomorrow = start <= clock < end, False
        else:
            inside, tomorrow = clock >= start or clock < end, clock >= start
        day = here.date() + timedelta(days=tomorrow)
        return datetime.combine(day, end, tzinfo=zone).astimezone(now.tzinfo) if inside else None
