"""Here lives the check of one account: its secrets, its app, and its right to customers."""

from collections.abc import Awaitable
from typing import Any, Final

from channels.wecom.api import Api, CallRefused
from domain.channel import Finding
from domain.errors import CallFailed

REMEDIES: Final = {
    40001: "bad_secret",
    40013: "bad_corp_id",
    40056: "bad_agent_id",
    301002: "bad_agent_id",
    48001: "no_customer_right",
    48002: "no_customer_right",
    50003: "app_disabled",
    60020: "ip_not_trusted",
}


async def check(api: Api) -> tuple[Finding, ...]:
    """The app (token, agent id), then the customers; what comes after a failure would fail alike."""
    app = await _look("app", api.agent())
    return (app, await _look("customers", api.follow_users())) if app.ok else (app,)


async def _look(what: str, asked: Awaitable[Any]) -> Finding:
    """`detail` is the errcode, and for an untrusted address which one it is."""
    try:
        await asked
    except CallRefused as error:
        detail = " ".join(filter(None, (str(error.code), error.address)))
        return Finding(what, ok=False, detail=detail, remedy=REMEDIES.get(error.code, ""))
    except CallFailed as error:
        return Finding(what, ok=False, detail=str(error), remedy="unreachable")
    return Finding(what, ok=True)
