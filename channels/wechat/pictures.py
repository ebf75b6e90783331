"""Here lives how a picture with a public address becomes a media id of an official account."""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from channels import Tools
from channels.fetching import NotPublic, fetch
from channels.wechat.api import Api
from domain.errors import CallFailed

KEPT: Final = timedelta(days=2)  # the platform keeps it for three
MOST: Final = 200
LARGEST: Final = 10 * 1024 * 1024
# https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif"})


class NoPicture(Exception):  # noqa: N818 - named for what happened
    """There is nothing at that address that an official account could show."""


class Pictures:
    """Uploads each picture once in two days, however many people get it."""

    def __init__(self, api: Api, tools: Tools) -> None:
        self._api = api
        self._tools = tools
        self._known: dict[str, tuple[str, datetime]] = {}
        self._lock = asyncio.Lock()

    async def media_id(self, url: str) -> str:
        """Raises NoPicture, Rejected and CallFailed; trying again never does harm."""
        async with self._lock:
            known, until = self._known.get(url, ("", None))
            if until is not None and self._tools.clock() < until:
                return known
            self._known.pop(url, None)
            media = await self._api.upload_image(*await self._fetch(url))
            if len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[url] = (media, self._tools.clock() + KEPT)
            return media

    async def _fetch(self, url: str) -> tuple[bytes, str]:
        try:
            reply = await fetch(url, self._tools)
        except NotPublic as error:
            raise NoPicture(str(error)) from error
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # later it may be there
            raise CallFailed(f"HTTP {reply.status}")
        kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        if reply.status != HTTPStatus.OK or kind not in TYPES or len(reply.body) > LARGEST:
            raise NoPicture("not an image")
        return reply.body, kind
