"""Temporary media of WeCom: media/upload, media/get.

Source: https://developer.work.weixin.qq.com/document/path/90253
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall
from sandbox.ledger import Outcome
from sandbox.uploads import Desk, fetch
from sandbox.wecom.corp import Corp

MB: Final = 2**20
DESK: Final = Desk({"image": 10 * MB, "voice": 2 * MB, "video": 10 * MB, "file": 20 * MB}, 5, 40005, 44001)


def upload(corp: Corp, asked: Asked) -> dict[str, Any]:
    """`created_at` is a text here."""
    medium = DESK.upload(corp.stage, corp.media, asked)
    return {"type": medium.kind, "media_id": medium.id, "created_at": str(medium.created_at)}


def get(corp: Corp, asked: Asked) -> Outcome:
    return fetch(corp.media, asked)


CALLS: Final[Mapping[str, CgiCall]] = {"media/upload": CgiCall("POST", upload), "media/get": CgiCall("GET", get)}
