"""The HTTP side of the chat page: its files, the live story, and the deeds."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aiohttp import web

from sandbox.ledger import Outcome
from sandbox.media import Medium
from sandbox.page.play import NotPlayable, Play
from sandbox.stage import Stage
from sandbox.story import News, as_json
from sandbox.uploads import as_file

HERE: Final = Path(__file__).parent
TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEARTBEAT: Final = 15
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Page:
    def __init__(self, stage: Stage, play: Play) -> None:
        self._stage = stage
        self._play = play
        self._files = {path.name: path.read_bytes() for path in HERE.iterdir() if path.suffix in TYPES}
        self._index = (HERE / "index.html").read_bytes()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self._show_index)
        router.add_get("/page/{name}", self._show_file)
        router.add_get("/events", self._tell_story)
        router.add_post("/play/{deed}", self._act)
        router.add_get("/media/{platform}/{id}", self._show_medium)

    async def _show_index(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._index, content_type="text/html", charset="utf-8", headers=SECURITY)

    async def _show_file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        kind = TYPES[Path(name).suffix]
        return web.Response(body=self._files[name], content_type=kind, charset="utf-8", headers=SECURITY)

    async def _show_medium(self, request: web.Request) -> web.Response:
        medium = self._medium(request.match_info["platform"], request.match_info["id"])
        if medium is None:
            raise web.HTTPNotFound
        outcome = as_file(medium)
        return Outcome(outcome.status, outcome.body, {**(outcome.headers or {}), **SECURITY}).response()

    def _medium(self, platform: str, medium_id: str) -> Medium | None:
        match platform:
            case "wecom":
                return self._play.wecom.media.find(medium_id)
            case "wechat":
                return self._play.wechat.media.find(medium_id)
            case _:
                file = self._play.telegram.files.get(medium_id)
                return Medium(file.id, "image", file.name, file.content, 0) if file else None

    async def _act(self, request: web.Request) -> web.Response:
        """JSON only, so that no other site can post here from a form."""
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            body = await request.json()
            await self._play.act(request.match_info["deed"], body if isinstance(body, Mapping) else {})
        except (NotPlayable, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    async def _tell_story(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the history first, then everything as it happens."""
        response = web.StreamResponse(headers={**SECURITY, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._stage.story.listen() as news:
            try:
                await self._stream(response, news)
            except ConnectionResetError:
                return response
        return response

    async def _stream(self, response: web.StreamResponse, news: News) -> None:
        while True:
            try:
                async with asyncio.timeout(HEARTBEAT):
                    entry = await news.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if entry is None:
                return
            if entry.aside:
                continue
            await response.write(f"data: {json.dumps(as_json(entry), ensure_ascii=False)}\n\n".encode())
