"""How the simulated Bot API says no.

Source: https://github.com/tdlib/telegram-bot-api
"""

from typing import Any


class TelegramError(Exception):
    """`code` is also the HTTP status; `parameters` may hold retry_after or migrate_to_chat_id."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def as_json(self) -> dict[str, Any]:
        body = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


class BadRequest(TelegramError):  # noqa: N818 - named for what happened
    def __init__(self, description: str, **parameters: int) -> None:
        super().__init__(400, f"Bad Request: {description}", **parameters)


class Forbidden(TelegramError):  # noqa: N818 - named for what happened
    def __init__(self, description: str) -> None:
        super().__init__(403, f"Forbidden: {description}")


class Conflict(TelegramError):  # noqa: N818 - named for what happened
    def __init__(self, description: str) -> None:
        super().__init__(409, f"Conflict: {description}")


class TooMany(TelegramError):  # noqa: N818 - named for what happened
    def __init__(self, seconds: int) -> None:
        super().__init__(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
