"""Here lives how an update is read that aiogram refuses.

Telegram's servers differ in version: one that lacks a single field which aiogram requires would make a whole
message unreadable, though we need but a few fields of it.
"""

from typing import Any


class Loose:
    """A JSON object with aiogram's attribute names; what is not there is None."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def __getattr__(self, name: str) -> Any:
        return _loosened(self._fields.get("from" if name == "from_user" else name))


def _loosened(value: Any) -> Any:
    match value:
        case dict():
            return Loose(value)
        case list():
            return [_loosened(item) for item in value]
        case _:
            return value
