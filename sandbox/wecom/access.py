"""Tokens and the addresses of the platform: gettoken, getcallbackip, get_api_domain_ip, agent/get."""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, refuse_if
from sandbox.tokens import LIFE
from sandbox.wecom.corp import Corp


def gettoken(corp: Corp, asked: Asked) -> dict[str, Any]:
    """The same token while it lives. Source: https://developer.work.weixin.qq.com/document/path/91039."""
    settings = corp.stage.settings
    refuse_if(not asked.params.get("corpid"), 41002)
    refuse_if(not asked.params.get("corpsecret"), 41004)
    refuse_if(asked.params["corpid"] != settings.corp_id, 40013)
    refuse_if(asked.params["corpsecret"] != settings.wecom_secret, 40001)
    if corp.tokens.left(corp.current_token) == 0:
        corp.current_token = corp.tokens.issue(corp.stage.ids.code(size=64), LIFE)
    return {"access_token": corp.current_token, "expires_in": corp.tokens.left(corp.current_token)}


def addresses(corp: Corp, _asked: Asked) -> dict[str, Any]:
    return {"ip_list": [corp.caller_ip]}


def agent(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Source: https://developer.work.weixin.qq.com/document/path/90227."""
    given = asked.params.get("agentid", "")
    refuse_if(not given, 41011)
    refuse_if(not given.isdecimal(), 40056)
    corp.check_agent(int(given))
    return {
        "agentid": int(given),
        "name": "Guanxi",
        "square_logo_url": "",
        "description": "",
        "allow_userinfos": {"user": [{"userid": userid} for userid in corp.members]},
        "allow_partys": {"partyid": list(corp.departments)},
        "close": 0,
        "isreportenter": 1,
        "home_url": "",
    }


CALLS: Final[Mapping[str, CgiCall]] = {
    "gettoken": CgiCall("GET", gettoken, is_open=True),
    "getcallbackip": CgiCall("GET", addresses),
    "get_api_domain_ip": CgiCall("GET", addresses),
    "agent/get": CgiCall("GET", agent),
}
