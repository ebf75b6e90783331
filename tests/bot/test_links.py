"""Here lives the proof that a tracked address leads on, that who opened it is noted once, and that nothing else is."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from bot.commit import GroupCommit
from bot.links import Links
from domain.links import PATH, Opening, code_of
from domain.push_events import LinkOpened
from models.inbox import Arrival, InboxEvent
from models.links import Link
from tests.clock import Clock

Client = TestClient[web.Request, web.Application]
Open = Callable[..., Awaitable[Client]]
Store = Callable[[Sequence[Arrival]], Awaitable[Sequence[bool]]]

KEY = b"k" * 32
PERSON = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.49"}
TOKYO = "https://a.cn/东京?q=a b&r=%E5".replace(" ", "+")


async def away(_: Sequence[Arrival]) -> Sequence[bool]:
    raise ConnectionError("hunter2")


@pytest.fixture
async def open_links(aiohttp_client: Callable[..., Awaitable[Client]], clock: Clock) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def opened(store: Store = InboxEvent.store, language: str = "zh-CN") -> Client:
            links = Links(KEY, language, clock)
            storing = await stack.enter_async_context(GroupCommit[Arrival, bool](store))

            async def answer(request: web.Request) -> web.Response:
                return await links.open(request, storing)

            app = web.Application()
            app.router.add_get(f"{PATH}{{code}}", answer)
            return await aiohttp_client(app)

        yield opened


async def visit(client: Client, code: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    answer = await client.request(method, f"{PATH}{code}", headers=headers or PERSON, allow_redirects=False)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    return answer.status, answer.headers.get("Location", "")


async def kept(url: str = "https://a.cn/x?y=1#z") -> int:
    return (await Link.kept(None, [url]))[url]


async def test_a_visitor_is_led_on_and_noted_once_in_a_minute(database: str, open_links: Open, clock: Clock) -> None:
    client, code = await open_links(), code_of(Opening(await kept(), 12), KEY)
    for _ in range(2):
        assert await visit(client, code) == (302, "https://a.cn/x?y=1#z")
    event = await InboxEvent.get()
    assert event.own() == LinkOpened(clock(), 1, 12)
    clock.forward(minutes=1)
    await visit(client, code)
    assert await InboxEvent.all().count() == 2


async def test_an_address_in_chinese_is_quoted_once(database: str, open_links: Open) -> None:
    code = code_of(Opening(await kept(TOKYO), 1), KEY)
    assert await visit(await open_links(), code) == (302, "https://a.cn/%E4%B8%9C%E4%BA%AC?q=a+b&r=%E5")


async def test_what_follows_the_code_in_a_sentence_is_no_part_of_it(database: str, open_links: Open) -> None:
    code = code_of(Opening(await kept(), 1), KEY)
    assert (await visit(await open_links(), f"{code}查看"))[0] == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "TelegramBot (like TwitterBot)"},
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": ""},
        {**PERSON, "Sec-Purpose": "prefetch;prerender"},
        {**PERSON, "Purpose": "prefetch"},
    ],
)
async def test_who_only_looks_is_led_on_without_being_noted(
    database: str, open_links: Open, headers: dict[str, str]
) -> None:
    client, code = await open_links(), code_of(Opening(await kept(), 12), KEY)
    assert (await visit(client, code, **headers))[0] == 302
    assert (await visit(client, code, "HEAD", **PERSON))[0] == 302
    assert await InboxEvent.all().count() == 0


async def test_nobodys_link_is_noted_of_nobody(database: str, open_links: Open) -> None:
    client, code = await open_links(), code_of(Opening(await kept(), 0), KEY)
    assert (await visit(client, code))[0] == 302
    assert await InboxEvent.all().count() == 0


@pytest.mark.parametrize(("language", "words"), [("zh-CN", "没有这个链接"), ("en", "no such link")])
async def test_what_we_did_not_make_leads_nowhere(database: str, open_links: Open, language: str, words: str) -> None:
    client, link = await open_links(language=language), await kept()
    good = code_of(Opening(link, 1), KEY)
    for code in ("x", "..%2f..", "https:%2F%2Fevil.cn", code_of(Opening(link, 1), b"other"), good[:-1], f"{good}A"):
        assert (await visit(client, code))[0] == 404
    answer = await client.get(f"{PATH}{code_of(Opening(link + 1, 1), KEY)}", headers=PERSON)
    assert (answer.status, answer.content_type) == (404, "text/plain")
    assert words in await answer.text()


async def test_only_an_http_address_is_led_to(database: str, open_links: Open) -> None:
    link = await Link.create(digest="x", url="javascript:alert(1)")
    assert (await visit(await open_links(), code_of(Opening(link.id, 1), KEY)))[0] == 404


async def test_where_nothing_can_be_noted_the_visitor_is_led_on(database: str, open_links: Open) -> None:
    assert (await visit(await open_links(away), code_of(Opening(await kept(), 12), KEY)))[0] == 302


async def test_where_nothing_can_be_looked_up_the_visitor_may_come_again(open_links: Open) -> None:
    client = await open_links(away)
    assert (await visit(client, code_of(Opening(1, 12), KEY)))[0] == 503
    assert (await visit(client, "x"))[0] == 404
