"""Here lives how the platform's figures and those of config.yaml meet."""

from channels.wechat.limits import limits
from domain.channel import Rate


def test_the_day_is_limited_as_documented() -> None:
    assert limits({}).account == (Rate(500_000, 86_400, burst=500_000),)


def test_config_overrides() -> None:
    found = limits({"messages_per_day": 50_000, "messages_per_second": 20})
    assert found.account == (Rate(50_000, 86_400, burst=50_000), Rate(20, 1))
