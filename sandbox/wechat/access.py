"""Tokens and addresses of the official account: token, stable_token, getcallbackip.

Source: https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.tokens import LIFE
from sandbox.wechat.account import Account

GRACE: Final = 300
FORCED_A_DAY: Final = 20
FORCED_APART: Final = 30
DAY: Final = 86_400


def token(account: Account, asked: Asked) -> dict[str, Any]:
    """A new token each time; the one before dies after five minutes."""
    _check_secret(account, asked.params)
    if account.latest_token:
        account.tokens.supersede(account.latest_token, GRACE)
    account.latest_token = account.tokens.issue(account.stage.ids.code("90_", 64))
    return {"access_token": account.latest_token, "expires_in": LIFE}


def stable_token(account: Account, asked: Asked) -> dict[str, Any]:
    """The same token until five minutes before its end; `force_refresh` kills it at once."""
    _check_secret(account, asked.body)
    if asked.body.get("force_refresh") is True:
        _force(account)
    if account.tokens.left(account.stable_token) <= GRACE:
        account.stable_token = account.tokens.issue(account.stage.ids.code("91_", 64))
    return {"access_token": account.stable_token, "expires_in": account.tokens.left(account.stable_token)}


def _force(account: Account) -> None:
    now = account.stage.clock()
    account.forced_at = [at for at in account.forced_at if at > now - DAY]
    refuse_if(account.forced_at and now - account.forced_at[-1] < FORCED_APART, 45011)
    refuse_if(len(account.forced_at) >= FORCED_A_DAY, 45009)
    account.forced_at.append(now)
    if account.stable_token:
        account.tokens.supersede(account.stable_token, grace=0)
    account.stable_token = ""


def _check_secret(account: Account, given: Mapping[str, Any]) -> None:
    refuse_if(given.get("grant_type") != "client_credential", 40002)
    refuse_if(not given.get("appid"), 41002)
    refuse_if(not given.get("secret"), 41004)
    refuse_if(given["appid"] != account.stage.settings.app_id, 40013)
    refuse_if(given["secret"] != account.stage.settings.wechat_secret, 40125)


def addresses(_account: Account, _asked: Asked) -> dict[str, Any]:
    return {"ip_list": ["127.0.0.1", "101.226.62.0/24"]}


CALLS: Final[Mapping[str, CgiCall]] = {
    "token": CgiCall("GET", token, is_open=True),
    "stable_token": CgiCall("POST", stable_token, is_open=True),
    "getcallbackip": CgiCall("GET", addresses),
    "get_api_domain_ip": CgiCall("GET", addresses),
}
