"""Here lives the door of tracked addresses: `/t/<code>` notes who opened it, and leads on to where it was meant for."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import structlog
from aiohttp import web

from bot.commit import GroupCommit
from domain.addresses import is_address
from domain.channel import RawEvent
from domain.links import Opening, is_robot, opening_of
from domain.push_events import LinkOpened
from models.inbox import CODEC, OWN, Arrival
from models.links import Link
from templates import render

log = structlog.get_logger()
PATIENCE = 3.0  # seconds that a visitor waits for what is noted of them
REMEMBERED = 10_000  # addresses
MINUTE = 60
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
UNRESERVED = "-._~:/?#[]@!$&'()*+,;=%"  # what has a meaning in an address, or is quoted already


class Links:
    """`key` makes the codes; `language` is for whom we do not know."""

    def __init__(self, key: bytes, language: str, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._language = language
        self._clock = clock
        self._urls: OrderedDict[int, str] = OrderedDict()

    async def open(self, request: web.Request, storing: GroupCommit[Arrival, bool]) -> web.Response:
        """302 to the stored address, 404 for a code that is none of ours, 503 where nobody can look it up now."""
        opening = opening_of(request.match_info["code"], self._key)
        try:
            url = await self._url(opening.link) if opening else None
        except Exception as error:  # noqa: BLE001 - the database is away, whatever it says of that
            log.error("link not looked up", error=type(error).__name__)
            return self._page(503, {"Retry-After": "5"})
        if opening is None or url is None:
            return self._page(404)
        if opening.recipient and _is_person(request):
            await self._note(opening, storing)
        return web.Response(status=302, headers={**HEADERS, "Location": quote(url, safe=UNRESERVED)})

    async def _url(self, link: int) -> str | None:
        """An address never changes, so it is asked for once."""
        if link not in self._urls:
            async with asyncio.timeout(PATIENCE):
                url = await Link.url_of(link)
            if url is None or not is_address(url):
                return None
            self._urls[link] = url
            if len(self._urls) > REMEMBERED:
                self._urls.popitem(last=False)
        return self._urls[link]

    async def _note(self, opening: Opening, storing: GroupCommit[Arrival, bool]) -> None:
        """Once in a minute; a visitor is led on also where it cannot be noted."""
        now = self._clock()
        key = f"click:{opening.link}:{opening.recipient}:{int(now.timestamp()) // MINUTE}"
        payload = CODEC.dump_json(LinkOpened(now, opening.link, opening.recipient)).decode()
        event = RawEvent(key, f"{OWN}:click:{opening.recipient}", payload)
        try:
            async with asyncio.timeout(PATIENCE):
                await storing.add(Arrival(OWN, event, now))
        except Exception as error:  # noqa: BLE001 - the database is away, whatever it says of that
            log.error("opened link not noted", error=type(error).__name__)

    def _page(self, status: int, more: dict[str, str] | None = None) -> web.Response:
        text = render(f"chat/{self._language}/links/{'unknown' if status == 404 else 'later'}.txt")  # noqa: PLR2004
        return web.Response(status=status, text=f"{text}\n", headers={**HEADERS, **(more or {})})


def _is_person(request: web.Request) -> bool:
    headers = request.headers
    ahead = "prefetch" in f"{headers.get('Purpose', '')} {headers.get('Sec-Purpose', '')}".lower()
    return request.method == "GET" and not ahead and not is_robot(headers.get("User-Agent", ""))
