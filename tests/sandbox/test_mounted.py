"""The simulator as a part of another application, as `guanxi demo` serves it, and its page without a browser."""

import io
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.pytest_plugin import AiohttpServer

from sandbox import Sandbox
from tests.sandbox.tiny import Api, TinyServer


@pytest.fixture
async def mounted(sandbox: Sandbox, aiohttp_server: AiohttpServer) -> AsyncIterator[Api]:
    app = web.Application()
    app.add_subapp("/sandbox/", sandbox.app)
    running = await aiohttp_server(app)
    async with aiohttp.ClientSession() as session:
        yield Api(session, f"{running.make_url('/sandbox')}", sandbox)


async def test_page_and_its_files(mounted: Api) -> None:
    async with mounted.session.get(f"{mounted.url}/") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "page/page.js" in await response.text()
    for name, kind in (("page.js", "text/javascript"), ("page.css", "text/css"), ("icon.svg", "image/svg+xml")):
        async with mounted.session.get(f"{mounted.url}/page/{name}") as response:
            assert (response.status, response.content_type) == (200, kind)
    for name in ("routes.py", "index.html", "..%2Fsettings.py"):
        async with mounted.session.get(f"{mounted.url}/page/{name}") as response:
            assert response.status == 404


async def test_a_file_over_the_limit_of_the_outer_application(mounted: Api) -> None:
    await mounted.wecom("getcallbackip")
    form = aiohttp.FormData()
    form.add_field("media", io.BytesIO(b"x" * 3 * 2**20), filename="a.jpg")
    params = {"access_token": mounted.tokens["wecom"], "type": "image"}
    async with mounted.session.post(f"{mounted.url}/wecom/cgi-bin/media/upload", params=params, data=form) as response:
        media_id = (await response.json())["media_id"]
    async with mounted.session.get(f"{mounted.url}/media/wecom/{media_id}") as response:
        assert (len(await response.read()), response.headers["X-Content-Type-Options"]) == (3 * 2**20, "nosniff")
    async with mounted.session.get(f"{mounted.url}/media/wechat/{media_id}") as response:
        assert response.status == 404


async def test_the_story_is_told_from_the_start_and_ends_with_the_server(mounted: Api, sandbox: Sandbox) -> None:
    await sandbox.wechat.user_says("oSandboxCustomer00000000001", "在吗")
    async with mounted.session.get(f"{mounted.url}/events") as response:
        assert response.content_type == "text/event-stream"
        line = await response.content.readline()
        entry = json.loads(line.removeprefix(b"data: "))
        assert (entry["chat"], entry["content"]["text"]) == ("wechat:oSandboxCustomer00000000001", "在吗")
        await sandbox.close()
        assert (await response.content.read()).strip() == b""


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("dance", {}),
        ("say", {"phone": "nobody", "text": "x"}),
        ("say", {"phone": "contact", "text": "x"}),
        ("say", {"phone": "official", "text": "  "}),
        ("say", {"phone": "official", "text": "x" * 4001}),
        ("press", {"phone": "telegram", "message_id": "1", "data": "x"}),
        ("confirm", {"phone": "wecom-staff", "msgid": "none", "userid": "wangfang"}),
        ("say", []),
    ],
)
async def test_what_cannot_be_played(mounted: Api, server: TinyServer, deed: str, body: object) -> None:
    async with mounted.session.post(f"{mounted.url}/play/{deed}", json=body) as response:
        assert response.status == 400
    assert server.received == []


async def test_other_sites_cannot_play(mounted: Api, server: TinyServer) -> None:
    async with mounted.session.post(f"{mounted.url}/play/follow", data='{"phone":"official"}') as response:
        assert response.status == 415
    async with mounted.session.post(
        f"{mounted.url}/play/follow", data="{", headers={"Content-Type": "application/json"}
    ) as response:
        assert response.status == 400
    assert server.received == []


@pytest.mark.parametrize("deed", ["follow", "unfollow", "start", "block", "unblock", "add"])
async def test_what_can_be_played(mounted: Api, server: TinyServer, deed: str) -> None:
    async with mounted.session.post(f"{mounted.url}/play/{deed}", json={"phone": "official"}) as response:
        assert response.status == 200
    assert len(server.received) == 1
