"""Here lives what `guanxi check` finds out about an official account."""

from typing import Any

import pytest

from domain.channel import Finding
from tests.channels.wechat.conftest import Stage


async def test_healthy_account(stage: Stage) -> None:
    assert await stage.channel.check() == (Finding("token", ok=True),)


@pytest.mark.parametrize(
    ("how", "detail", "remedy"),
    [
        (
            {"body": {"errcode": 40164, "errmsg": "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"}},
            "40164 203.0.113.7",
            "ip_not_trusted",
        ),
        ({"body": {"errcode": 40125, "errmsg": "invalid appsecret"}}, "40125", "bad_secret"),
        ({"body": {"errcode": 40013, "errmsg": "invalid appid"}}, "40013", "bad_app_id"),
        ({"body": {"errcode": 89503, "errmsg": "needs approval"}}, "89503", "ip_not_approved"),
        ({"body": {"errcode": 50002, "errmsg": "user limited"}}, "50002", "account_restricted"),
        ({"body": {"errcode": 47001, "errmsg": "data format error"}}, "47001", "rejected"),
        ({"status": 502}, "HTTP 502", "unreachable"),
    ],
)
async def test_what_is_wrong_and_how_to_mend_it(stage: Stage, how: dict[str, Any], detail: str, remedy: str) -> None:
    stage.sandbox.fail("wechat", "stable_token", **how)
    assert await stage.channel.check() == (Finding("token", ok=False, detail=detail, remedy=remedy),)
