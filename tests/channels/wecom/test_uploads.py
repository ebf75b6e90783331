from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from channels import Tools, open_channel
from channels.wecom.config import Config
from domain.channel import Channel, Deferred, Delivered, Refused
from domain.messages import Content, File, Image
from sandbox import Sandbox
from tests.channels.wecom.tasks import MAKE, bodies, push, refuse

UPLOAD = "media/upload"
PNG = b"\x89PNG picture"


class Shop:
    """A web server of ours, with pictures and files."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.base = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        kinds = {"png": "image/png", "jpg": "image/jpeg; charset=binary", "gif": "image/gif", "pdf": "application/pdf"}
        name = request.path.rpartition("/")[2]
        content = b"x" * (10 * 1024 * 1024 + 1) if name.startswith("big") else b"" if "empty" in name else PNG
        kind = kinds.get(name.rpartition(".")[2], "text/html")
        return web.Response(status=self.status, body=content, headers={"Content-Type": kind})


@pytest.fixture
async def shop(aiohttp_server: Any) -> Shop:
    shop = Shop()
    app = web.Application()
    app.router.add_get("/{path:.*}", shop.answer)
    shop.base = str((await aiohttp_server(app)).make_url("")).rstrip("/")
    return shop


@pytest.fixture
def channel(settings: dict[str, Any], tools: Tools, sandbox: Sandbox, shop: Shop) -> Channel:
    sandbox.wecom.befriend("zhangwei", "wm0", "客户")
    return open_channel(Config(**settings), tools._replace(public_url=f"{shop.base}/"))


def picture(shop: Shop, name: str = "a.png") -> Content:
    return Image(url=f"{shop.base}/{name}", caption="新品")


async def said(channel: Channel, content: Content) -> Any:
    return await channel.deliver("k", push("wm0", content=content))


async def test_a_picture_is_uploaded_and_sent_by_its_id(channel: Channel, sandbox: Sandbox, shop: Shop) -> None:
    assert isinstance(await said(channel, picture(shop)), Delivered)
    [body] = bodies(sandbox, MAKE)
    media = body["attachments"][0]["image"]["media_id"]
    kept = sandbox.wecom.media.find(media)
    assert kept is not None
    assert (kept.kind, kept.filename, kept.content) == ("image", "image.png", PNG)
    assert body["text"] == {"content": "新品"}


@pytest.mark.parametrize(
    ("path", "name", "shown"),
    [
        ("files/a.pdf?x=1", "", "a.pdf"),
        ("files/a.pdf", "报价 2026", "报价 2026.pdf"),
        ("files/a.pdf", "报价.pdf", "报价.pdf"),
        ("files/%E6%8A%A5%E4%BB%B7.pdf", "", "报价.pdf"),
        ("", "", "file"),
        ("files/a.pdf", 'a"b\\c/d\n.pdf', "abcd.pdf"),
    ],
)
async def test_a_file_is_shown_by_its_name(
    channel: Channel, sandbox: Sandbox, shop: Shop, path: str, name: str, shown: str
) -> None:
    assert isinstance(await said(channel, File(url=f"{shop.base}/{path}", name=name)), Delivered)
    [body] = bodies(sandbox, MAKE)
    kept = sandbox.wecom.media.find(body["attachments"][0]["file"]["media_id"])
    assert kept is not None
    assert (kept.kind, kept.filename) == ("file", shown)


async def test_many_tasks_show_what_was_uploaded_once(
    channel: Channel, sandbox: Sandbox, shop: Shop, clock: Any
) -> None:
    for _ in range(3):
        assert isinstance(await said(channel, picture(shop)), Delivered)
    assert shop.asked == ["/a.png"]
    clock.pass_by(timedelta(days=2).total_seconds() + 1)
    assert isinstance(await said(channel, picture(shop)), Delivered)
    assert shop.asked == ["/a.png"] * 2
    assert isinstance(await said(channel, File(url=f"{shop.base}/a.png")), Delivered)
    assert len(bodies(sandbox, UPLOAD)) == 3


@pytest.mark.parametrize("name", ["a.gif", "page.html", "empty.png", "big.png"])
async def test_what_is_no_picture_is_refused(channel: Channel, sandbox: Sandbox, shop: Shop, name: str) -> None:
    assert await said(channel, picture(shop, name)) == Refused("media_unusable")
    assert bodies(sandbox, MAKE) == []


async def test_what_is_big_for_a_picture_is_a_file(channel: Channel, shop: Shop) -> None:
    assert isinstance(await said(channel, File(url=f"{shop.base}/big.pdf")), Delivered)


@pytest.mark.parametrize(
    "content",
    [
        Image(),
        File(name="报价"),
        Image(url="http://10.0.0.1/a.png"),
        File(url="https://127.0.0.1:1/a.pdf"),
        File(url="file:///etc/passwd"),
    ],
    ids=str,
)
async def test_nothing_else_is_fetched(channel: Channel, sandbox: Sandbox, content: Content) -> None:
    assert await said(channel, content) == Refused("media_unusable")
    assert sandbox.calls == []


@pytest.mark.parametrize(("status", "result"), [(404, Refused("media_unusable")), (503, None)])
async def test_what_is_not_there_may_be_there_later(
    channel: Channel, shop: Shop, status: int, result: Refused | None
) -> None:
    shop.status = status
    told = await said(channel, picture(shop))
    assert told == result if result else isinstance(told, Deferred)


async def test_an_upload_that_got_lost_is_tried_again(channel: Channel, sandbox: Sandbox, shop: Shop) -> None:
    sandbox.fail("wecom", UPLOAD, hang_up=True, after_effect=True)
    assert isinstance(await said(channel, picture(shop)), Deferred)
    sandbox.fail("wecom", UPLOAD, body={"errcode": 0})
    assert isinstance(await said(channel, picture(shop)), Deferred)
    refuse(sandbox, UPLOAD, 45009)
    assert isinstance(await said(channel, picture(shop)), Deferred)
    refuse(sandbox, UPLOAD, 40123)
    assert await said(channel, picture(shop)) == Refused("media_unusable")
    sandbox.wecom.revoke_token()
    assert isinstance(await said(channel, picture(shop)), Delivered)
