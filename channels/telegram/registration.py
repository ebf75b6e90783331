"""Here lives how Telegram is told where to send updates, and how we find out whether it works."""

from typing import Final

from channels import Tools
from channels.telegram.api import Api, Rejected, Webhook
from channels.telegram.config import OFFICIAL, Config
from domain.channel import Finding
from domain.errors import CallFailed

# Named in full: chat_member and message_reaction come only when asked for, and what is left out stays as it was.
ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "message_reaction",
    "poll_answer",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
)
RECENT: Final = 600  # seconds; Telegram tells of the last failure for ever
REMEDIES: Final = {401: "bad_token", 404: "bad_token", 429: "wait", 421: "token_not_allowed"}


class Registration:
    """Where one bot's updates go: to `url`, or nowhere as long as it is polled."""

    def __init__(self, api: Api, config: Config, tools: Tools) -> None:
        self._api = api
        self._clock = tools.clock
        self._config = config
        self._url = f"{tools.public_url.rstrip('/')}/callbacks/{config.name}"

    @property
    def reachable(self) -> bool:
        """Whether a webhook can be set at all: Telegram's own servers call https only, others also http."""
        return self._url.startswith("https://") or self._config.api_base != OFFICIAL

    async def register(self) -> None:
        """Set or delete the webhook where it is not as configured. Raises CallFailed."""
        if self._config.mode == "polling":
            if (await self._api.webhook()).url:
                await self._api.delete_webhook()
        elif self.reachable and self._differs(await self._api.webhook()):
            await self._api.set_webhook(self._url, self._config.webhook_secret.get_secret_value(), ALLOWED_UPDATES)

    def _differs(self, now: Webhook) -> bool:
        # Telegram never tells the secret; that ours was changed shows only by our own refusals.
        return now.url != self._url or now.allowed != frozenset(ALLOWED_UPDATES) or "403" in now.error

    async def check(self) -> tuple[Finding, ...]:
        """The token, then the webhook; never raises for what Telegram answers."""
        try:
            me = await self._api.me()
            return (Finding("token", ok=True, detail=f"@{me.username}"), self._judged(await self._api.webhook()))
        except Rejected as no:
            return (Finding("token", ok=False, detail=str(no), remedy=REMEDIES.get(no.code, "rejected")),)
        except CallFailed as lost:
            return (Finding("token", ok=False, detail=str(lost), remedy="unreachable"),)

    def _judged(self, now: Webhook) -> Finding:
        if self._config.mode == "polling":
            return Finding("webhook", ok=not now.url, remedy="webhook_while_polling" if now.url else "")
        if not self.reachable:
            return Finding("webhook", ok=False, remedy="public_url_not_https")
        if self._clock().timestamp() - now.failed_at < RECENT:
            return Finding("webhook", ok=False, detail=now.error, remedy="webhook_error")
        return Finding("webhook", ok=True, detail=str(now.pending))
