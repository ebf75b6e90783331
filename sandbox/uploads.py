"""Uploading and fetching temporary media, as WeCom and official accounts have it in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sandbox.cgi import Asked, found, refuse_if
from sandbox.ledger import Outcome
from sandbox.media import MediaShelf, Medium
from sandbox.stage import Stage


@dataclass(frozen=True, slots=True)
class Desk:
    """`limits`: the greatest size of each kind in bytes. `least`: a file must be larger than this."""

    limits: Mapping[str, int]
    least: int
    wrong_type: int
    no_file: int

    def upload(self, stage: Stage, shelf: MediaShelf, asked: Asked) -> Medium:
        kind = asked.params.get("type", "")
        refuse_if(kind not in self.limits, self.wrong_type)
        upload = asked.upload
        refuse_if(upload is None or upload.field != "media", self.no_file)
        content = upload.content if upload else b""
        refuse_if(len(content) <= self.least, 40006)
        refuse_if(len(content) > self.limits[kind], 45001)
        name = upload.filename if upload else ""
        return shelf.keep(Medium(stage.ids.code(size=22), kind, name, content, stage.now()))


def fetch(shelf: MediaShelf, asked: Asked) -> Outcome:
    """The file itself; 41006, 40007."""
    refuse_if(not asked.params.get("media_id"), 41006)
    return as_file(found(shelf.find(asked.params["media_id"]), 40007))


def as_file(medium: Medium) -> Outcome:
    headers: dict[str, Any] = {
        "Content-Type": medium.content_type,
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(medium.filename)}",
    }
    return Outcome(200, medium.content, headers)
