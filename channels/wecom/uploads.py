"""Here lives how a picture or a file with a public address becomes a media id of WeCom."""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from channels import Tools
from channels.fetching import NotPublic, fetch
from channels.http import Reply
from channels.wecom.api import Api
from domain.errors import CallFailed

Kind = Literal["image", "file"]

KEPT: Final = timedelta(days=2)  # the platform keeps it for three
MOST: Final = 200
# https://developer.work.weixin.qq.com/document/path/90253: JPG and PNG; what is longer than 20 MB never comes (http.py)
PICTURES: Final = {"image/png": "png", "image/jpeg": "jpg"}
LARGEST: Final = {"image": 10 * 1024 * 1024, "file": 20 * 1024 * 1024}
LEAST: Final = 6  # bytes


class NoMedia(Exception):  # noqa: N818 - named for what happened
    """There is nothing at that address that WeCom would show."""


class Uploads:
    """For one account: each address once in two days, however many tasks show it."""

    def __init__(self, api: Api, tools: Tools) -> None:
        self._api = api
        self._tools = tools
        self._known: dict[tuple[str, ...], tuple[str, datetime]] = {}
        self._lock = asyncio.Lock()

    async def media_id(self, kind: Kind, url: str, name: str = "") -> str:
        """`name` is what a file is shown as. Raises NoMedia, CallRefused, and CallFailed: nothing was done then."""
        async with self._lock:
            shown = (kind, url, name)
            known, until = self._known.get(shown, ("", None))
            if until is not None and self._tools.clock() < until:
                return known
            self._known.pop(shown, None)
            try:
                media = await self._api.upload(kind, *await self._fetch(kind, url, name))
            except CallFailed as error:  # what was uploaded in vain is forgotten by the platform
                raise CallFailed(str(error), sent=False) from error
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[shown] = (media, self._tools.clock() + KEPT)
            return media

    async def _fetch(self, kind: Kind, url: str, name: str) -> tuple[bytes, str]:
        try:
            reply = await fetch(url, self._tools)
        except NotPublic as error:
            raise NoMedia(str(error)) from error
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # later it may be there
            raise CallFailed(f"HTTP {reply.status}")
        if reply.status != HTTPStatus.OK or not LEAST <= len(reply.body) <= LARGEST[kind]:
            raise NoMedia("nothing there, or too much")
        return reply.body, f"image.{_ending(reply)}" if kind == "image" else _shown(name, url)


def _ending(reply: Reply) -> str:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in PICTURES:
        raise NoMedia("not a picture")
    return PICTURES[kind]


def _shown(name: str, url: str) -> str:
    """As it is called, with the ending of the address, by which phones know how to open it."""
    told = PurePosixPath(unquote(urlsplit(url).path)).name or "file"
    ending = PurePosixPath(told).suffix
    shown = (name if name.endswith(ending) else f"{name}{ending}") if name else told
    return "".join(letter for letter in shown if letter.isprintable() and letter not in '"\\/')
