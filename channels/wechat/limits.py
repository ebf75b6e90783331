"""Here lives how much an official account may send."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from channels.wechat.contents import LONGEST_TEXT
from domain.channel import Limits, Rate
from domain.media import Medium
from domain.tags import TagLimits

# https://developers.weixin.qq.com/doc/service/Message_Management/API_Call_Limits.html: custom/send, new account.
MESSAGES_PER_DAY = 500_000
# The same page, "move user group", which is what tagging was called: calls that give or take a tag.
TAGGINGS_PER_DAY = 100_000
# The same page: mass/send of a service account.
MASS_PER_DAY = 100
# https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
MASS_PER_MINUTE = 60
# https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Operation_Specifications.html:
# 100 000 for an account, more above 100 000 followers.
NOTICES_PER_DAY = 100_000
DAY = 86_400
MINUTE = 60
FIGURES: Final = (
    "messages_per_day",
    "messages_per_second",
    "taggings_per_day",
    "mass_per_minute",
    "mass_per_day",
    "notices_per_day",
)
CUSTOM: Final = "https://developers.weixin.qq.com/doc/offiaccount/Customer_Service/Customer_Service_Messages.html"
MASS: Final = "https://developers.weixin.qq.com/doc/service/api/notify/message/api_masssend"
NOTICE: Final = "https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html"
# https://developers.weixin.qq.com/doc/offiaccount/User_Management/User_Tag_Management.html
TAGS: Final = TagLimits(tags=100, per_contact=20, batch=50, grouped=False)


def limits(overrides: Mapping[str, float]) -> Limits:
    """The platform's figures, or those of config.yaml (FIGURES).

    No figure per second or minute is documented; what 45011 tells is met by waiting. The 5 messages that follow a
    customer's own are no rate: the platform counts them and refuses with 45047. One mass message is at once, and what
    refills meanwhile stays below the minute's figure together with it.
    """
    daily = overrides.get("messages_per_day", MESSAGES_PER_DAY)
    rates = [Rate(daily, DAY, burst=int(daily))]
    if "messages_per_second" in overrides:
        rates.append(Rate(overrides["messages_per_second"], 1))
    taggings = overrides.get("taggings_per_day", TAGGINGS_PER_DAY)
    mass = overrides.get("mass_per_minute", MASS_PER_MINUTE)
    return Limits(
        account=tuple(rates),
        tags=(Rate(taggings, DAY, burst=max(1, int(taggings / 2))),),
        group_pushes=(Rate(max(mass - 1, mass / 2), MINUTE),),
    )


def media(config: Any, figures: Mapping[str, float]) -> tuple[Medium, ...]:
    """Customer-service messages for 48 hours after a person's last; of a service account mass and template messages.

    A subscription account has neither: it sends to all of its followers or to a tag of them (once a day), never to a
    list (of mass/send: 订阅号不可用, 服务号认证后可用), and no templates. What a person may be sent otherwise, as after
    the press of a menu button (3 messages within a minute), is too short a time for a push.
    """
    pace = figures.get("messages_per_second")
    message = Medium("message", LONGEST_TEXT, "bytes", CUSTOM, window=timedelta(hours=48), per_second=pace)
    if config.account_type == "subscription":
        return (message,)
    mass = Medium(
        "mass",
        LONGEST_TEXT,
        "bytes",
        MASS,
        kinds=frozenset({"text", "image", "link"}),
        personal=False,
        least=2,
        most=10_000,
        monthly=4,
        daily=int(figures.get("mass_per_day", MASS_PER_DAY)),
    )
    notices = int(figures.get("notices_per_day", NOTICES_PER_DAY))
    notice = Medium("notice", LONGEST_TEXT, "bytes", NOTICE, daily=notices, per_second=pace)
    return (message, mass, notice)
