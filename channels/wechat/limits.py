"""Here lives how much an official account may send."""

from collections.abc import Mapping
from typing import Final

from domain.channel import Limits, Rate

# https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html: custom/send, new account.
MESSAGES_PER_DAY = 500_000
DAY = 86_400
FIGURES: Final = ("messages_per_day", "messages_per_second")


def limits(overrides: Mapping[str, float]) -> Limits:
    """The platform's figures, or those of config.yaml: `messages_per_day`, `messages_per_second`.

    No figure per second or minute is documented; what 45011 tells is met by waiting. The 5 messages that follow a
    customer's own are no rate: the platform counts them and refuses with 45047.
    """
    daily = overrides.get("messages_per_day", MESSAGES_PER_DAY)
    rates = [Rate(daily, DAY, burst=int(daily))]
    if "messages_per_second" in overrides:
        rates.append(Rate(overrides["messages_per_second"], 1))
    return Limits(account=tuple(rates))
