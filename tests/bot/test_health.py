"""Here lives the proof that the health pages tell the truth, and the numbers only to whom they concern."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.health import Health, Vitals
from tests.clock import Clock

Ask = Callable[[], Awaitable[metrics.Backlog]]
Client = TestClient[web.Request, web.Application]
Open = Callable[..., Awaitable[Client]]


def telling(backlog: metrics.Backlog) -> Ask:
    async def ask() -> metrics.Backlog:
        return backlog

    return ask


async def silent() -> metrics.Backlog:
    raise ConnectionError("hunter2")


@pytest.fixture
def client(aiohttp_client: Callable[..., Awaitable[Client]], clock: Clock) -> Open:
    async def open_client(inbox: Ask, *, runs: bool = True, token: str = "") -> Client:
        vitals = Vitals({"inbox": inbox, "outbox": telling({})}, {"lanes": lambda: runs}, clock)
        app = web.Application()
        app.add_routes(Health(vitals, token).routes())
        return await aiohttp_client(app)

    return open_client


def due(clock: Clock, seconds: float) -> metrics.Backlog:
    return {"waiting": (2, int((clock.now.timestamp() - seconds) * 1000)), "dead": (3, 0)}


async def test_alive_whatever_fails(client: Open) -> None:
    answer = await (await client(silent, runs=False)).get("/healthz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("seconds", [-3600, 0, 59])
async def test_ready(client: Open, clock: Clock, seconds: float) -> None:
    answer = await (await client(telling(due(clock, seconds)))).get("/readyz")
    assert (answer.status, await answer.json()) == (200, {"status": "ok"})


async def test_not_ready_when_an_event_waits_too_long(client: Open, clock: Clock) -> None:
    answer = await (await client(telling(due(clock, 61)))).get("/readyz")
    assert answer.status == 503
    assert (await answer.json())["failing"] == {"inbox": "the oldest waiting event has been due for 61 s"}


async def test_not_ready_without_workers(client: Open) -> None:
    answer = await (await client(telling({}), runs=False)).get("/readyz")
    assert answer.status == 503
    assert (await answer.json())["failing"] == {"workers": "not running: lanes"}


async def test_not_ready_without_database_and_all_that_fails_is_named(client: Open) -> None:
    answer = await (await client(silent, runs=False)).get("/readyz")
    assert answer.status == 503
    assert set((await answer.json())["failing"]) == {"workers", "database"}
    assert "hunter2" not in await answer.text()


async def numbers(client: Client, **headers: str) -> dict[tuple[str, str], float]:
    answer = await client.get("/metrics", headers=headers)
    assert answer.status == 200
    return {
        (sample.name, "/".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(await answer.text())
        for sample in family.samples
    }


async def test_the_numbers_count_what_happened(client: Open, clock: Clock) -> None:
    page = await client(telling(due(clock, 5)))
    before = (await numbers(page)).get(("guanxi_events_stored_total", "test/new"), 0)
    metrics.STORED.labels("test", "new").inc()
    found = await numbers(page)
    assert found["guanxi_events_stored_total", "test/new"] == before + 1
    assert found["guanxi_queue_rows", "inbox/waiting"] == 2
    assert found["guanxi_queue_rows", "inbox/dead"] == 3
    assert found["guanxi_queue_rows", "outbox/waiting"] == 0
    assert found["guanxi_queue_overdue_seconds", "inbox"] == 5


async def test_the_numbers_tell_how_far_tags_are_in_step(
    aiohttp_client: Callable[..., Awaitable[Client]], clock: Clock
) -> None:
    async def drift() -> metrics.Drift:
        failed = {("failed", "quota"): 2, ("failed", "no_right"): 1}
        return {"tags": {("synced", ""): 7, **failed}, "taggings": {("pending", ""): 5}}

    vitals = Vitals({"inbox": telling({})}, {}, clock, {"wecom": drift})
    app = web.Application()
    app.add_routes(Health(vitals).routes())
    found = await numbers(await aiohttp_client(app))
    assert found["guanxi_tags", "wecom/synced"] == 7
    assert found["guanxi_tags", "wecom/failed"] == 3
    assert found["guanxi_taggings", "wecom/pending"] == 5
    assert found["guanxi_taggings", "wecom/synced"] == 0


async def test_the_numbers_are_there_though_tags_cannot_be_counted(
    aiohttp_client: Callable[..., Awaitable[Client]], clock: Clock
) -> None:
    app = web.Application()
    app.add_routes(Health(Vitals({"inbox": telling(due(clock, 5))}, {}, clock, {"wecom": no_drift})).routes())
    assert (await numbers(await aiohttp_client(app)))["guanxi_queue_rows", "inbox/waiting"] == 2


async def no_drift() -> metrics.Drift:
    raise ConnectionError("hunter2")


async def test_the_numbers_are_there_without_the_database(client: Open) -> None:
    assert ("guanxi_handler_seconds_count", "") in await numbers(await client(silent))


async def test_a_proxy_is_a_stranger(client: Open) -> None:
    page = await client(telling({}), token="key")
    assert (await page.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1"})).status == 403
    wrong = {"X-Forwarded-For": "10.0.0.1", "Authorization": "Bearer kez"}
    assert (await page.get("/metrics", headers=wrong)).status == 403


async def test_the_token_opens_the_numbers(client: Open) -> None:
    page = await client(telling({}), token="key")
    assert await numbers(page, **{"X-Forwarded-For": "10.0.0.1", "Authorization": "Bearer key"})


async def test_no_token_is_not_an_empty_token(client: Open) -> None:
    page = await client(telling({}))
    answer = await page.get("/metrics", headers={"X-Forwarded-For": "10.0.0.1", "Authorization": "Bearer "})
    assert answer.status == 403


async def test_two_who_ask_at_once_are_both_answered(client: Open) -> None:
    page = await client(telling({}))
    answers = await asyncio.gather(page.get("/readyz"), page.get("/readyz"))
    assert [answer.status for answer in answers] == [200, 200]
