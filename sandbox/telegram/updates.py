"""How updates reach the bot: setWebhook, deleteWebhook, getWebhookInfo, getUpdates.

Source: https://core.telegram.org/bots/api#getting-updates
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Final

from sandbox.telegram.args import Args
from sandbox.telegram.bot import Bot, Json, Webhook
from sandbox.telegram.errors import BadRequest, Conflict

SECRET: Final = re.compile(r"[A-Za-z0-9_-]*")
SECRET_LENGTH: Final = 256
LIMIT: Final = 100
TIMEOUT: Final = 50
OFF_BY_DEFAULT: Final = ("chat_member", "message_reaction", "message_reaction_count")
WEBHOOK_IS_ACTIVE: Final = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
OTHER_POLL: Final = "terminated by other getUpdates request; make sure that only one bot instance is running"
NEW_WEBHOOK: Final = "terminated by setWebhook request"


@dataclass(slots=True)
class Mailbox:
    """The updates that wait for getUpdates, and the one caller who may wait for them.

    `turn` names the latest caller; whoever holds an earlier one is sent away with `reason`.
    """

    waiting: list[Json] = field(default_factory=list)
    turn: int = 0
    reason: str = OTHER_POLL
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, update: Json) -> None:
        self.waiting.append(update)
        self.news.set()

    def interrupt(self, reason: str) -> int:
        """Send the present caller away; returns the new turn."""
        self.turn += 1
        self.reason = reason
        self.news.set()
        return self.turn

    def confirm(self, offset: int) -> None:
        """Forget what lies below the offset; a negative one keeps the last few."""
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]


def allowed(update: Json, allowed_updates: list[str]) -> bool:
    kind = next(name for name in update if name != "update_id")
    return kind in allowed_updates if allowed_updates else kind not in OFF_BY_DEFAULT


class Updates:
    """The four methods; they share the mailbox."""

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        self.allowed_updates: list[str] = []

    def set_webhook(self, bot: Bot, args: Args) -> bool:
        url, secret = args.text("url"), args.text("secret_token")
        if not url:
            return self.delete_webhook(bot, args)
        if len(secret) > SECRET_LENGTH:
            raise BadRequest("secret token is too long")
        if not SECRET.fullmatch(secret):
            raise BadRequest("secret token contains unallowed characters")
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost", bot.stage.settings.server_url)):
            raise BadRequest("bad webhook: An HTTPS URL must be provided for webhook")
        self._remember_allowed(args)
        self.mailbox.interrupt(NEW_WEBHOOK)
        if args.flag("drop_pending_updates"):
            self.mailbox.waiting.clear()
        bot.webhook = Webhook(url, secret, self.allowed_updates, args.integer("max_connections", 40))
        bot.polling = False
        return True

    def delete_webhook(self, bot: Bot, args: Args) -> bool:
        bot.webhook = None
        bot.polling = True
        if args.flag("drop_pending_updates"):
            self.mailbox.waiting.clear()
        return True

    def get_webhook_info(self, bot: Bot, _args: Args) -> Json:
        hook = bot.webhook or Webhook("", "", self.allowed_updates)
        info: Json = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.mailbox.waiting),
            "max_connections": hook.max_connections,
        }
        if hook.last_error_date:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
        return info | ({"allowed_updates": hook.allowed_updates} if hook.allowed_updates else {})

    async def get_updates(self, bot: Bot, args: Args) -> list[Json]:
        if bot.webhook is not None:
            raise Conflict(WEBHOOK_IS_ACTIVE)
        bot.polling = True
        self._remember_allowed(args)
        turn = self.mailbox.interrupt(OTHER_POLL)
        self.mailbox.confirm(args.integer("offset"))
        limit = min(max(args.integer("limit", LIMIT), 1), LIMIT)
        await self._wait_for_news(turn, min(args.integer("timeout"), TIMEOUT))
        return self.mailbox.waiting[:limit]

    async def _wait_for_news(self, turn: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not self.mailbox.waiting and self.mailbox.turn == turn:
                    self.mailbox.news.clear()
                    await self.mailbox.news.wait()
        except TimeoutError:
            return
        if self.mailbox.turn != turn:
            raise Conflict(self.mailbox.reason)

    def _remember_allowed(self, args: Args) -> None:
        """Left out means the earlier setting stays."""
        given = args.values.get("allowed_updates")
        if given is not None and not isinstance(given, list):
            raise BadRequest("can't parse allowed updates JSON object")
        self.allowed_updates = list(given) if given is not None else self.allowed_updates
