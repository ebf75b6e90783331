"""Here lives whether an official account can be spoken to, and what is to be mended if not."""

import re
from collections.abc import Mapping
from typing import Final

from channels.wechat.api import Api, Rejected
from domain.channel import Finding
from domain.errors import CallFailed

ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
# wechat.md's classes of binarywang/WxJava WxMpErrorMsgEnum; remedies are keys of templates
REMEDIES: Final[Mapping[int, str]] = {
    -1: "wait",
    45009: "day_quota",
    45011: "wait",
    40001: "bad_secret",
    40125: "bad_secret",
    40002: "bad_app_id",
    40013: "bad_app_id",
    40164: "ip_not_trusted",
    89501: "ip_not_approved",
    89503: "ip_not_approved",
    89506: "ip_not_approved",
    48004: "account_restricted",
    50002: "account_restricted",
}


async def check(api: Api) -> tuple[Finding, ...]:
    """Fetches a token; the detail holds the error code and the address that the platform saw us come from."""
    try:
        await api.token.get()
    except Rejected as error:
        address = ADDRESS.search(error.message)
        detail = " ".join(filter(None, (str(error.code), address and address[0])))
        return (Finding("token", ok=False, detail=detail, remedy=REMEDIES.get(error.code, "rejected")),)
    except CallFailed as error:
        return (Finding("token", ok=False, detail=str(error), remedy="unreachable"),)
    return (Finding("token", ok=True),)
