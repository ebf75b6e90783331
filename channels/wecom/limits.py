"""Here live the figures of what WeCom lets one app send."""

from collections.abc import Mapping
from typing import Any, Final

from domain.channel import Limits, Rate
from domain.media import Medium
from domain.tags import TagLimits

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
# https://developer.work.weixin.qq.com/document/path/92117 (library), 92118 (on a customer, for each member; one a call)
TAGS: Final = TagLimits(tags=3000, per_contact=3000, batch=1)
FIGURES: Final = (
    "messages_per_second",
    "messages_per_member_minute",
    "messages_per_member_hour",
    "messages_per_chat_minute",
    "group_pushes_per_minute",
    "tags_per_minute",
    "tags_per_hour",
)


def limits(figures: Mapping[str, float]) -> Limits:
    """Calls of one company to one API: 10 000 a minute. Messages of one app to one member: 30 a minute, 1000 an hour.

    The surplus to a member is dropped without an error, so a full burst and what refills meanwhile stay
    below the figure together; so it is with the 200 a minute and 10 000 a day that a member of the app's group chats
    gets from them. Changes of tags: 10 000 calls a minute and 150 000 an hour; as many tasks of 企业群发, which have no
    figure of their own. All are overridden by FIGURES in `figures`.
    Source: https://developer.work.weixin.qq.com/document/path/90454
    """
    minute = figures.get("messages_per_member_minute", 30)
    hour = figures.get("messages_per_member_hour", 1000)
    pace = figures.get("messages_per_second")
    return Limits(
        account=(Rate(pace, 1) if pace else _whole(10_000, MINUTE, 50),),
        recipient=(_whole(minute, MINUTE, 10), _whole(hour, HOUR, 50)),
        group=(_whole(figures.get("messages_per_chat_minute", 200), MINUTE, 10), _whole(10_000, DAY, 100)),
        group_pushes=(_whole(figures.get("group_pushes_per_minute", 10_000), MINUTE, 50), _whole(150_000, HOUR, 1000)),
        tags=(
            _whole(figures.get("tags_per_minute", 10_000), MINUTE, 50),
            _whole(figures.get("tags_per_hour", 150_000), HOUR, 1000),
        ),
    )


def media(_config: Any, _figures: Mapping[str, float]) -> tuple[Medium, ...]:
    """企业群发 for customers and their groups, the app's own messages for who writes to it and for its group chats.

    A task goes to 10 000 customers or 2000 groups of one member, and is the same for all of them; a customer gets as
    many in a month as it has days. An app message has 2048 bytes; words beside a picture are a message of their own.
    Sources: https://developer.work.weixin.qq.com/document/path/92135, and 90236 and 90248 for the app
    """
    task, app = (f"https://developer.work.weixin.qq.com/document/path/{page}" for page in (92135, 90236))
    return (
        Medium("task", 4000, "bytes", task, personal=False, most=10_000, chats=2000, monthly=0),
        Medium("message", 2048, "bytes", app),
    )


def _whole(count: float, seconds: int, burst: int) -> Rate:
    """At most `count` in any window of `seconds`, the burst counted in."""
    most = max(1, min(burst, int(count / 3)))
    return Rate(max(count - most, count / 2), seconds, most)
