"""Here lives how the platform's figures and those of config.yaml meet."""

from datetime import timedelta

import pytest

from channels import figures, media
from channels.wechat.config import Config
from channels.wechat.limits import limits
from domain.channel import Rate
from domain.messages import Text
from sandbox import SandboxSettings
from tests.channels.wechat.conftest import config

SERVICE = config(SandboxSettings(""), "http://127.0.0.1:1")
SUBSCRIPTION = SERVICE.model_copy(update={"account_type": "subscription"})


def test_the_day_is_limited_as_documented() -> None:
    assert limits({}).account == (Rate(500_000, 86_400, burst=500_000),)


def test_config_overrides() -> None:
    found = limits({"messages_per_day": 50_000, "messages_per_second": 20})
    assert found.account == (Rate(50_000, 86_400, burst=50_000), Rate(20, 1))


def test_no_minute_holds_more_mass_messages_than_sixty() -> None:
    (rate,) = limits({}).group_pushes
    assert (rate.seconds, rate.burst + rate.count) == (60, 60)
    (slow,) = limits({"mass_per_minute": 2}).group_pushes
    assert slow == Rate(1, 60)


def test_a_service_account_speaks_mass_sends_and_notifies() -> None:
    message, mass, notice = media(SERVICE, {})
    assert (message.way, message.window, message.personal, message.monthly) == (
        "message",
        timedelta(hours=48),
        True,
        None,
    )
    assert (mass.way, mass.personal, mass.window) == ("mass", False, None)
    assert (mass.least, mass.most, mass.monthly, mass.daily) == (2, 10_000, 4, 100)
    assert "file" not in mass.kinds
    assert (notice.way, notice.personal, notice.monthly, notice.daily) == ("notice", True, None, 100_000)
    for medium in (message, mass, notice):
        assert medium.source.startswith("https://developers.weixin.qq.com/doc/")
        assert medium.excess(Text("汉" * 683)) == 1


def test_a_subscription_account_only_speaks() -> None:
    assert [medium.way for medium in media(SUBSCRIPTION, {})] == ["message"]


@pytest.mark.parametrize("account", [SERVICE, SUBSCRIPTION])
def test_the_pace_is_nobodys_but_the_houses(account: Config) -> None:
    assert {medium.per_second for medium in media(account, {})} == {None}
    assert media(account, {"messages_per_second": 20})[0].per_second == 20


def test_figures_of_a_house_of_its_own() -> None:
    own = {"mass_per_day": 10, "notices_per_day": 1_000_000}
    _, mass, notice = media(SERVICE, own)
    assert (mass.daily, notice.daily) == (10, 1_000_000)
    assert set(own) <= set(figures("wechat"))
