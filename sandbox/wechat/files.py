"""Temporary media of the official account: media/upload, media/get.

Source: https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall
from sandbox.ledger import Outcome
from sandbox.uploads import Desk, fetch
from sandbox.wechat.account import Account

MB: Final = 2**20
DESK: Final = Desk({"image": 10 * MB, "voice": 2 * MB, "video": 10 * MB, "thumb": 2**16}, 0, 40004, 41005)


def upload(account: Account, asked: Asked) -> dict[str, Any]:
    """`created_at` is a number here."""
    medium = DESK.upload(account.stage, account.media, asked)
    return {"type": medium.kind, "media_id": medium.id, "created_at": medium.created_at}


def get(account: Account, asked: Asked) -> Outcome:
    return fetch(account.media, asked)


CALLS: Final[Mapping[str, CgiCall]] = {"media/upload": CgiCall("POST", upload), "media/get": CgiCall("GET", get)}
