"""Here lives what the processes of one database promise each other about access tokens."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from tortoise import connections

from bot.tokens import LEASE
from bot.vault import Vault
from channels.tokens import Issued, Origin
from domain.errors import CallFailed
from models.tokens import AccessToken
from sandbox import Sandbox
from tests.bot.token_town import KEY, OPENID, Race, Town, begun
from tests.channels.wecom.sealing import SETTINGS
from tests.clock import Clock

PROCESS = """
import asyncio, sys
from datetime import UTC, datetime
import aiohttp
from bot.database import opened
from bot.tokens import SharedTokens
from bot.vault import Vault
from channels import Tools
from tests.bot.token_town import KEY, OPENID, wechat_at

def now():
    return datetime.now(UTC)

async def main(database, platform):
    async with opened(database), aiohttp.ClientSession() as session:
        api = wechat_at(platform, Tools(session, now, "http://127.0.0.1:1", {}, SharedTokens(Vault(KEY), now)))
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*(api.user(OPENID) for _ in range(40)))

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def town(database: str, clock: Clock, aiohttp_server: Any) -> AsyncIterator[Town]:
    sandbox = Sandbox(SETTINGS, clock=lambda: clock().timestamp())
    sandbox.wechat.add_user(OPENID)
    server = await aiohttp_server(sandbox.app)
    async with aiohttp.ClientSession() as session:
        yield Town(sandbox, str(server.make_url("")).rstrip("/"), session, clock)


@pytest.fixture
async def race(town: Town) -> Race:
    return await begun(town)


async def all_of(*asked: Any) -> list[Any]:
    return await asyncio.gather(*asked, return_exceptions=True)


async def test_two_processes_and_forty_tasks_fetch_one_token(town: Town) -> None:
    one, two = town.wecom(), town.wecom()
    answers = await all_of(*(api.agent() for api in (one, two) for _ in range(20)))
    assert [answer["errcode"] for answer in answers] == [0] * 40
    assert town.asked() == 1
    one, two = town.wechat(), town.wechat()
    answers = await all_of(*(api.user(OPENID) for api in (one, two) for _ in range(20)))
    assert [answer["openid"] for answer in answers] == [OPENID] * 40
    assert town.asked("stable_token") == 1


async def test_what_is_revoked_early_is_fetched_once_more_for_both(town: Town) -> None:
    one, two = town.wecom(), town.wecom()
    await all_of(one.agent(), two.agent())
    town.sandbox.wecom.revoke_token()
    answers = await all_of(*(api.agent() for api in (one, two) for _ in range(20)))
    assert [answer["errcode"] for answer in answers] == [0] * 40
    assert town.asked() == 2


async def test_who_is_refused_later_takes_the_token_that_is_there(town: Town) -> None:
    one, two = town.wechat(), town.wechat()
    await all_of(one.user(OPENID), two.user(OPENID))
    town.sandbox.wechat.revoke_token()
    await one.user(OPENID)
    await two.user(OPENID)
    assert town.asked("stable_token") == 2


async def test_a_process_that_starts_later_fetches_nothing_until_the_end(town: Town) -> None:
    await town.wecom().agent()
    await town.wecom().agent()
    assert town.asked() == 1
    town.clock.forward(seconds=7200)
    await all_of(*(town.wecom().agent() for _ in range(3)))
    assert town.asked() == 2


async def test_a_call_with_a_token_in_memory_needs_no_database(town: Town) -> None:
    api = town.wecom()
    await api.agent()
    await connections.get("default").execute_script("DROP TABLE access_token")
    await api.agent()
    assert town.asked() == 1


async def test_without_the_database_every_process_fetches_alone(town: Town) -> None:
    await connections.get("default").execute_script("DROP TABLE access_token")
    answers = await all_of(town.wecom().agent(), town.wecom().agent())
    assert [answer["errcode"] for answer in answers] == [0, 0]
    assert town.asked() == 2


async def test_who_waits_uses_what_the_other_process_has_fetched(race: Race, town: Town) -> None:
    race.slow.let()
    assert [answer["errcode"] for answer in await all_of(*race.behind)] == [0] * 20
    assert set(await all_of(*race.ahead)) == {town.sandbox.wecom.current_token}
    assert town.asked() == 1


async def test_a_dead_winner_is_replaced_by_one_when_its_lease_ends(race: Race, town: Town) -> None:
    town.clock.forward(seconds=LEASE.total_seconds() - 1)
    third = town.wecom()
    race.behind.append(asyncio.create_task(third.agent()))
    town.clock.forward(seconds=1)
    assert [answer["errcode"] for answer in await all_of(*race.behind)] == [0] * 21
    assert town.asked() == 1
    (row,) = await AccessToken.all()
    race.slow.let()  # not dead, only very late: its tasks go on, and nothing changes for anybody else
    assert set(await all_of(*race.ahead)) == {town.sandbox.wecom.current_token}
    assert (await AccessToken.get(id=row.id)).version == row.version


async def test_a_holder_whose_clock_is_ahead_does_not_keep_the_others_longer(town: Town) -> None:
    race = await begun(town, ahead_by=3 * 3600)
    town.clock.forward(seconds=LEASE.total_seconds())
    assert [answer["errcode"] for answer in await all_of(*race.behind)] == [0] * 20
    race.slow.let()
    await all_of(*race.ahead)


async def test_a_fetch_that_fails_fails_for_all_who_wait_and_for_nobody_later(race: Race, town: Town) -> None:
    town.sandbox.fail("wecom", "gettoken", status=502)
    race.slow.let()
    ahead, behind = await all_of(*race.ahead), await all_of(*race.behind)
    assert {(type(error), str(error), error.sent) for error in ahead} == {(CallFailed, "gettoken: HTTP 502", False)}
    assert {(type(error), str(error), error.sent) for error in behind} == {
        (CallFailed, "token: gettoken: HTTP 502", False)
    }
    assert town.asked() == 1
    answers = await all_of(*(town.wecom().agent() for _ in range(3)))
    assert [answer["errcode"] for answer in answers] == [0] * 3
    assert town.asked() == 2


async def test_a_secret_that_is_refused_is_refused_once_for_all_who_wait(race: Race, town: Town) -> None:
    town.sandbox.fail("wecom", "gettoken", body={"errcode": 40001, "errmsg": "with words that nobody vouches for"})
    race.slow.let()
    assert {str(error) for error in await all_of(*race.ahead)} == {"errcode 40001"}
    assert {str(error) for error in await all_of(*race.behind)} == {"token: CallRefused"}
    assert town.asked() == 1


async def test_a_winner_that_is_cancelled_hands_the_fetch_on_at_once(race: Race, town: Town) -> None:
    for task in race.ahead:
        task.cancel()
    assert [answer["errcode"] for answer in await all_of(*race.behind)] == [0] * 20
    assert town.asked() == 1


async def test_no_secret_is_readable_in_the_table(town: Town) -> None:
    await town.wecom().agent()
    (row,) = await AccessToken.all()
    assert row.id.startswith("wecom:")
    for secret in (town.sandbox.wecom.current_token, SETTINGS.wecom_secret, SETTINGS.corp_id):
        assert secret not in row.id
        assert secret.encode() not in row.sealed
    assert Vault(KEY).open(row.sealed, f"access_token.sealed:{row.id}") == town.sandbox.wecom.current_token


async def test_what_was_sealed_with_another_key_counts_as_absent(town: Town) -> None:
    await town.wecom().agent()
    other = Vault(bytes(32))
    (row,) = await AccessToken.all()
    await AccessToken.filter(id=row.id).update(sealed=other.seal("token", f"access_token.sealed:{row.id}"))
    await town.wecom().agent()
    await town.wecom(town.store(bytes(32))).agent()
    assert town.asked() == 3
    assert await AccessToken.all().count() == 2


async def test_another_secret_never_gets_the_token_of_the_old_one(town: Town) -> None:
    await town.wecom().agent()
    ends = town.clock() + timedelta(hours=2)

    async def fetch() -> Issued:
        return Issued("of the new secret", ends)

    origin = Origin("wecom", f"{SETTINGS.corp_id} another", fetch)
    assert await town.store().obtain(origin, "") == Issued("of the new secret", ends)


async def test_three_real_processes_fetch_one_token(town: Town, database_url: str) -> None:
    town.sandbox.fail("wechat", "stable_token", delay=0.2)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROCESS, database_url, town.url, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    async with asyncio.timeout(60):
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        ended = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    assert [process.returncode for process in processes] == [0] * 3, ended
    assert (town.asked("stable_token"), town.asked("user/info")) == (1, 120)
