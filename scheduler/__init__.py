"""Here lives when we act unasked: each job only stores an event."""
