"""The table of all simulated API methods of the official account."""

from dataclasses import replace
from typing import Any, Final

from sandbox.cgi import Asked, Calls, CgiCall
from sandbox.ledger import Outcome
from sandbox.wechat import access, entrances, files, masses, messages, notices, tags, users
from sandbox.wechat.account import Account

ALL: Final[Calls] = {
    **access.CALLS,
    **messages.CALLS,
    **masses.CALLS,
    **users.CALLS,
    **tags.CALLS,
    **notices.CALLS,
    **entrances.CALLS,
    **files.CALLS,
}


def _counted(path: str, call: CgiCall) -> CgiCall:
    """The call, as far as the day's quota of its method goes."""

    def run(account: Account, asked: Asked) -> dict[str, Any] | Outcome:
        account.spend(path)
        return call.run(account, asked)

    return replace(call, run=run)


CALLS: Final[Calls] = {path: _counted(path, call) for path, call in ALL.items()}
