"""Here lives what one process's token promises to the tasks that wait for it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from channels import Tools
from channels.tokens import Alone, Issued, Origin, Token
from channels.wecom.api import Api, CallRefused
from channels.wecom.config import Config
from domain.errors import CallFailed
from sandbox import Sandbox
from tests.channels.wecom.sealing import SETTINGS
from tests.clock import Clock


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(SETTINGS, clock=lambda: clock().timestamp())


@pytest.fixture
async def api(sandbox: Sandbox, clock: Clock, aiohttp_server: Any) -> AsyncIterator[Api]:
    server = await aiohttp_server(sandbox.app)
    config = Config(
        name="wecom",
        kind="wecom",
        corp_id=SETTINGS.corp_id,
        agent_id=SETTINGS.agent_id,
        secret=SETTINGS.wecom_secret,
        token=SETTINGS.wecom_token,
        aes_key=SETTINGS.wecom_aes_key,
        api_base=str(server.make_url("/wecom")),
    )
    async with aiohttp.ClientSession() as session:
        yield Api(config, Tools(session, clock, "http://127.0.0.1:1", {}))


def asked(sandbox: Sandbox) -> int:
    return sum(call.method_or_path == "gettoken" for call in sandbox.calls)


async def forty(api: Api) -> list[Any]:
    return await asyncio.gather(*(api.agent() for _ in range(40)), return_exceptions=True)


async def test_one_failure_is_the_failure_of_all_who_wait(api: Api, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "gettoken", status=502)
    assert {(type(result), result.sent) for result in await forty(api)} == {(CallFailed, False)}
    assert asked(sandbox) == 1
    assert (await api.agent())["errcode"] == 0


async def test_a_refusal_is_kept_for_nobody_who_comes_later(api: Api, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "gettoken", body={"errcode": 40001, "errmsg": "no"})
    assert {(type(result), result.code) for result in await forty(api)} == {(CallRefused, 40001)}
    assert [answer["errcode"] for answer in await forty(api)] == [0] * 40
    assert asked(sandbox) == 2


async def test_a_token_that_is_refused_and_given_again_is_not_asked_for_by_everyone(api: Api, sandbox: Sandbox) -> None:
    value = await api._app.get()
    assert set(await asyncio.gather(*(api._app.get(refused=value) for _ in range(40)))) == {value}
    assert asked(sandbox) == 3


async def test_whoever_gives_up_waiting_leaves_the_fetch_to_the_next(clock: Clock) -> None:
    begun: list[asyncio.Event] = [asyncio.Event(), asyncio.Event()]
    fetches = iter(begun)

    async def fetch() -> Issued:
        next(fetches).set()
        if not begun[1].is_set():
            await asyncio.Event().wait()
        return Issued("second", clock.now + timedelta(hours=2))

    token = Token(Origin("wecom", "secret", fetch), Alone(), clock)
    first, second = (asyncio.create_task(token.get()) for _ in range(2))
    async with asyncio.timeout(5):
        await begun[0].wait()
        first.cancel()
        assert await second == "second"
    assert first.cancelled()


def test_nothing_shows_a_secret(clock: Clock) -> None:
    async def fetch() -> Issued:
        raise NotImplementedError

    shown = repr((Origin("wecom", "hidden", fetch), Issued("hidden", clock.now)))
    assert "hidden" not in shown
