"""Here lives every call to Telegram's Bot API, and by name those that need no aiogram (its import takes seconds)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import aiohttp

from channels.http import TIMEOUT, Reply, call
from channels.telegram.config import Config
from domain.errors import CallFailed

SERVER_FAULT: Final = 500


class Rejected(CallFailed):
    """Telegram said no, so nothing was done. `code` is the HTTP status, `words` Telegram's own description.

    `wait` is in seconds, 0 when none is asked for; `moved_to` the new id of a chat that has one, else 0.
    """

    def __init__(self, code: int, words: str, *, wait: int = 0, moved_to: int = 0) -> None:
        super().__init__(f"{code} {words}".strip())
        self.code = code
        self.words = words
        self.wait = wait
        self.moved_to = moved_to


class Me(NamedTuple):
    """Who we are; `username` without the @, empty as long as nobody has asked."""

    id: int
    username: str = ""


class Webhook(NamedTuple):
    """Where Telegram sends updates (`url`, empty when nowhere) and how that goes.

    `pending` updates wait; `error` is what went wrong last, at `failed_at` (Unix seconds, 0 when nothing did).
    """

    url: str
    allowed: frozenset[str]
    pending: int
    error: str
    failed_at: int


class Api:
    """One bot's calls. All raise Rejected (Telegram said no) or CallFailed (no usable answer)."""

    def __init__(self, config: Config, session: aiohttp.ClientSession) -> None:
        self._token = config.token.get_secret_value()
        self._base = config.api_base
        self._session = session
        self._me: Me | None = None
        self.nameless = Me(config.bot_id)

    async def call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        timeout: aiohttp.ClientTimeout = TIMEOUT,  # noqa: ASYNC109 - handed to aiohttp, which counts it itself
    ) -> Any:
        """The `result` of one method, whatever its shape.

        https://core.telegram.org/bots/api#making-requests
        """
        url = f"{self._base}/bot{self._token}/{method}"
        return self._result(await call(self._session, "POST", url, json=parameters, timeout=timeout))

    def _result(self, reply: Reply) -> Any:
        answer = reply.json()
        if answer.get("ok") is True:
            return answer.get("result")
        code = answer.get("error_code")
        if not isinstance(code, int):
            code = reply.status
        if code >= SERVER_FAULT:
            raise CallFailed(f"HTTP {code}")
        extra = answer.get("parameters")
        facts = extra if isinstance(extra, dict) else {}
        words = str(answer.get("description") or "").replace(self._token, "…")
        raise Rejected(code, words, wait=_whole(facts, "retry_after"), moved_to=_whole(facts, "migrate_to_chat_id"))

    async def me(self) -> Me:
        """Who we are, asked once.

        https://core.telegram.org/bots/api#getme
        """
        if self._me is None:
            found = await self.call("getMe", {})
            try:
                self._me = Me(int(found["id"]), str(found["username"]))
            except (KeyError, TypeError, ValueError) as error:
                raise CallFailed("getMe: not a bot") from error
        return self._me

    async def webhook(self) -> Webhook:
        """Where Telegram sends updates now.

        https://core.telegram.org/bots/api#getwebhookinfo
        """
        found = await self.call("getWebhookInfo", {})
        try:
            return Webhook(
                url=str(found.get("url") or ""),
                allowed=frozenset(map(str, found.get("allowed_updates") or ())),
                pending=int(found.get("pending_update_count") or 0),
                error=str(found.get("last_error_message") or ""),
                failed_at=int(found.get("last_error_date") or 0),
            )
        except (AttributeError, TypeError, ValueError) as error:
            raise CallFailed("getWebhookInfo: not a webhook") from error

    async def set_webhook(self, url: str, secret: str, allowed: Sequence[str]) -> None:
        """https://core.telegram.org/bots/api#setwebhook (a list that is left out keeps what was set before)."""
        await self.call("setWebhook", {"url": url, "secret_token": secret, "allowed_updates": allowed})

    async def delete_webhook(self) -> None:
        """https://core.telegram.org/bots/api#deletewebhook (what waits stays waiting)."""
        await self.call("deleteWebhook", {})

    async def updates(self, offset: int | None, seconds: int, allowed: Sequence[str]) -> list[Any]:
        """At most 100 updates from `offset` on; waits up to `seconds` for the first. Forgets all before `offset`.

        https://core.telegram.org/bots/api#getupdates
        """
        asked = {"timeout": seconds, "allowed_updates": allowed} | ({} if offset is None else {"offset": offset})
        patience = aiohttp.ClientTimeout(total=seconds + 15, connect=5)
        found = await self.call("getUpdates", asked, patience)
        if not isinstance(found, list):
            raise CallFailed("getUpdates: not a list")
        return found


def _whole(facts: Mapping[str, Any], name: str) -> int:
    value = facts.get(name)
    return value if isinstance(value, int) else 0
