from typing import Any

import pytest
from pydantic import ValidationError

from channels import Tools, config_model, open_channel
from channels.wecom.config import Config
from channels.wecom.limits import limits
from domain.channel import Channel, Finding, Limits, Rate
from sandbox import Sandbox

ENTRY = {
    "name": "wecom",
    "kind": "wecom",
    "corp_id": "ww1",
    "agent_id": 1000002,
    "secret": "top-secret",
    "token": "token",
    "aes_key": "a" * 43,
}


def test_an_entry_has_the_platforms_address_by_default() -> None:
    config = config_model("wecom")(**ENTRY)
    assert config.api_base == "https://qyapi.weixin.qq.com"
    assert "top-secret" not in repr(config)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"aes_key": "a" * 42}, "expected 43 letters and digits"),
        ({"aes_key": "a" * 42 + "="}, "expected 43 letters and digits"),
        ({"secret": ""}, "expected a value"),
        ({"token": ""}, "expected a value"),
        ({"corp_id": ""}, "at least 1 character"),
        ({"agent_id": "app"}, "valid integer"),
        ({"api_base": "qyapi.weixin.qq.com"}, "begins with http"),
        ({"colour": "red"}, "not permitted"),
    ],
)
def test_a_wrong_entry_says_what_was_expected(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence) as caught:
        Config(**ENTRY | change)
    assert "top-secret" not in str(caught.value)


async def test_a_working_account_is_found_well(channel: Channel) -> None:
    assert await channel.check() == (Finding("app", ok=True), Finding("customers", ok=True))


@pytest.mark.parametrize(
    ("path", "answer", "findings"),
    [
        (
            "gettoken",
            {"errcode": 40001, "errmsg": "invalid credential, hint: [1], from ip: 203.0.113.24, more info"},
            (Finding("app", ok=False, detail="40001 203.0.113.24", remedy="bad_secret"),),
        ),
        (
            "agent/get",
            {"errcode": 60020, "errmsg": "not allow, hint: [1], from ip: 2001:db8::7, more info"},
            (Finding("app", ok=False, detail="60020 2001:db8::7", remedy="ip_not_trusted"),),
        ),
        (
            "agent/get",
            {"errcode": 301002},
            (Finding("app", ok=False, detail="301002", remedy="bad_agent_id"),),
        ),
        (
            "externalcontact/get_follow_user_list",
            {"errcode": 48002},
            (Finding("app", ok=True), Finding("customers", ok=False, detail="48002", remedy="no_customer_right")),
        ),
        ("gettoken", {"errcode": 77}, (Finding("app", ok=False, detail="77"),)),
        (
            "gettoken",
            "<html>",
            (Finding("app", ok=False, detail="gettoken: HTTP 200, not JSON", remedy="unreachable"),),
        ),
    ],
)
async def test_what_is_wrong_is_named_with_its_remedy(
    channel: Channel, sandbox: Sandbox, path: str, answer: Any, findings: tuple[Finding, ...]
) -> None:
    sandbox.fail("wecom", path, body=answer)
    assert await channel.check() == findings


async def test_starting_and_closing_ask_nothing(channel: Channel, sandbox: Sandbox) -> None:
    await channel.start()
    await channel.close()
    assert not sandbox.calls
    assert not channel.is_group("wr1")


def most_in(rate: Rate) -> float:
    """The most that a full burst and what refills meanwhile let through in one window."""
    return rate.count + rate.burst


def test_a_member_never_gets_more_than_wecom_delivers() -> None:
    (calls,), (minute, hour) = limits({}).account, limits({}).recipient
    assert (most_in(calls), calls.seconds) == (10_000, 60)
    assert (most_in(minute), minute.seconds) == (30, 60)
    assert (most_in(hour), hour.seconds) == (1000, 3600)
    assert [(most_in(rate), rate.seconds) for rate in limits({}).group] == [(200, 60), (10_000, 86_400)]
    assert [(most_in(rate), rate.seconds) for rate in limits({}).group_pushes] == [(10_000, 60), (150_000, 3600)]


def test_the_figures_can_be_changed(settings: dict[str, Any], tools: Tools) -> None:
    figures = {"messages_per_second": 0.5, "messages_per_member_minute": 3, "messages_per_member_hour": 60}
    figures |= {"tags_per_minute": 3, "messages_per_chat_minute": 9, "group_pushes_per_minute": 30}
    channel = open_channel(Config(**settings), tools._replace(limits=figures))
    assert channel.limits == Limits(
        account=(Rate(0.5, 1, 1),),
        recipient=(Rate(2, 60, 1), Rate(40, 3600, 20)),
        group=(Rate(6, 60, 3), Rate(9900, 86_400, 100)),
        group_pushes=(Rate(20, 60, 10), Rate(149_000, 3600, 1000)),
        tags=(Rate(2, 60, 1), Rate(149_000, 3600, 1000)),
    )
