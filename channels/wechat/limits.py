"""Here lives how much an official account may send."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from domain.channel import Limits, Rate
from domain.media import Medium
from domain.tags import TagLimits

# https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html: custom/send, new account.
MESSAGES_PER_DAY = 500_000
# The same page, "move user group", which is what tagging was called: calls that give or take a tag.
TAGGINGS_PER_DAY = 100_000
DAY = 86_400
FIGURES: Final = ("messages_per_day", "messages_per_second", "taggings_per_day")
# https://developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html
TAGS: Final = TagLimits(tags=100, per_contact=20, batch=50, grouped=False)


def limits(overrides: Mapping[str, float]) -> Limits:
    """The platform's figures, or those of config.yaml (FIGURES).

    No figure per second or minute is documented; what 45011 tells is met by waiting. The 5 messages that follow a
    customer's own are no rate: the platform counts them and refuses with 45047.
    """
    daily = overrides.get("messages_per_day", MESSAGES_PER_DAY)
    rates = [Rate(daily, DAY, burst=int(daily))]
    if "messages_per_second" in overrides:
        rates.append(Rate(overrides["messages_per_second"], 1))
    taggings = overrides.get("taggings_per_day", TAGGINGS_PER_DAY)
    return Limits(account=tuple(rates), tags=(Rate(taggings, DAY, burst=max(1, int(taggings / 2))),))


def media(_config: Any, _figures: Mapping[str, float]) -> tuple[Medium, ...]:
    """Customer-service messages for 48 hours, mass messages, and template messages.

    Sources: https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html,
    https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
    """
    base = "https://developers.weixin.qq.com/doc/offiaccount"
    return (
        Medium(
            "message",
            2048,
            "bytes",
            f"{base}/Customer_Service/Customer_Service_Messages.html",
            window=timedelta(hours=48),
        ),
        Medium(
            "mass",
            2048,
            "bytes",
            f"{base}/Message_Management/Batch_Sends_and_Originality_Checks.html",
            personal=False,
            least=2,
            most=10_000,
            monthly=4,
        ),
        Medium("notice", 2048, "bytes", f"{base}/Message_Management/Template_Message_Interface.html"),
    )
