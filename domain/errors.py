"""Here live the exceptions that rooms raise to each other.

Exception
├── Refusal         a person's mistake: rolled back, and told to that person in their language
├── NotAuthentic    a callback that its platform did not send (403, nothing stored)
├── Malformed       a callback that cannot be taken apart (400, nothing stored)
├── Unreadable      a stored event whose meaning cannot be found out now (retried, then buried)
└── CallFailed      a platform gave no usable answer; `sent` says whether it may have acted
"""

ECHO = 80


class Refusal(Exception):  # noqa: N818 - named for what happened
    """A person asked for something that cannot be done.

    `key` names the template that says why (`chat/<language>/<key>.txt`), `values` fill it. Of long words that
    are told again only the beginning is: the answer must fit a phone.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = {name: _echo(value) for name, value in values.items()}


def _echo(value: object) -> object:
    return f"{value[: ECHO - 1]}…" if isinstance(value, str) and len(value) > ECHO else value


class NotAuthentic(Exception):  # noqa: N818 - named for what happened
    """The signature or secret of a callback is wrong, or it is meant for another account."""


class Malformed(Exception):  # noqa: N818 - named for what happened
    """The body of a callback is not what its platform sends."""


class Unreadable(Exception):  # noqa: N818 - named for what happened
    """A look-up that an event needs did not succeed; `retry` says whether later may help."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.retry = retry


class CallFailed(Exception):  # noqa: N818 - named for what happened
    """No usable answer from a platform: time-out, broken connection, 5xx, not JSON.

    `sent` is False only when the request certainly never reached the platform.
    """

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent
