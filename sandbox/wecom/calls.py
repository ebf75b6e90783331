"""The table of all simulated WeCom API methods, each behind the limit of its calls."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sandbox.cgi import Asked, Calls, CgiCall
from sandbox.ledger import Outcome
from sandbox.wecom import (
    access,
    appchats,
    broadcast_results,
    broadcasts,
    contacts,
    directory,
    files,
    groups,
    messages,
    tags,
    welcome,
)
from sandbox.wecom.corp import Corp


def _limited(path: str, call: CgiCall) -> CgiCall:
    def run(corp: Corp, asked: Asked) -> dict[str, Any] | Outcome:
        corp.check_limits(path)
        return call.run(corp, asked)

    return replace(call, run=run)


ALL: Final[Mapping[str, CgiCall]] = {
    **access.CALLS,
    **messages.CALLS,
    **contacts.CALLS,
    **welcome.CALLS,
    **tags.CALLS,
    **directory.CALLS,
    **files.CALLS,
    **broadcasts.CALLS,
    **broadcast_results.CALLS,
    **groups.CALLS,
    **appchats.CALLS,
}
CALLS: Final[Calls] = {path: _limited(path, call) for path, call in ALL.items()}
