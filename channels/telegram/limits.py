"""Here live the figures of what Telegram lets one bot send."""

from collections.abc import Mapping
from typing import Any, Final

from domain.channel import Limits, Rate
from domain.media import Medium

MINUTE: Final = 60
EVENLY: Final = 0.985  # messages arrive less evenly than they are sent: so a second never holds one too many
AT_ONCE: Final = 0.006  # of a second's messages: who is held up for as many milliseconds makes up for it
FIGURES: Final = ("messages_per_second", "messages_per_chat_second", "chat_burst", "messages_per_group_minute")


def limits(figures: Mapping[str, float]) -> Limits:
    """30 messages a second in all, one a second to a chat (short bursts pass), 20 a minute to a group.

    In a group a full burst and what refills meanwhile stay below the figure together. Overridden by
    `messages_per_second`, `messages_per_chat_second`, `chat_burst` and `messages_per_group_minute` in `figures`.
    Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """
    burst = max(1, int(figures.get("chat_burst", 3)))
    group = figures.get("messages_per_group_minute", 20)
    pace = figures.get("messages_per_second", 30)
    return Limits(
        account=(Rate(pace * EVENLY, 1, max(1, int(pace * AT_ONCE))),),
        recipient=(Rate(figures.get("messages_per_chat_second", 1), 1, burst),),
        group=(Rate(max(group - burst, group / 2), MINUTE, burst),),
    )


def media(_config: Any, figures: Mapping[str, float]) -> tuple[Medium, ...]:
    """A message each. Source: https://core.telegram.org/bots/api#sendmessage"""
    pace = figures.get("messages_per_second", 30)
    source = "https://core.telegram.org/bots/api#sendmessage"
    return (Medium("message", 4096, "utf16", source, caption=1024, per_second=pace),)
