"""Here lives how a task of 企业群发 is found again that was made though the answer got lost.

Source: https://developer.work.weixin.qq.com/document/path/93338
"""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from channels import Clock
from channels.wecom.api import Api, CallRefused, Json
from domain.errors import CallFailed
from domain.outgoing import GroupPush

LISTING: Final = "externalcontact/get_groupmsg_list_v2"
RESULT: Final = "externalcontact/get_groupmsg_send_result"
DISPATCHING: Final = 41063  # what was made just now cannot be asked for yet
SKEW: Final = timedelta(seconds=30)  # between the platform's clock and ours
PATIENCE: Final = 10  # seconds in which a lost task is looked for
PAUSE: Final = 1  # second
TRIES: Final = 2
PAGE: Final = 100
PAGES: Final = 5
CANDIDATES: Final = 50  # tasks with the same words, of all members, that are looked into


class LostTasks:
    """For one account."""

    def __init__(self, api: Api, clock: Clock, pause: float = PAUSE) -> None:
        self._api = api
        self._clock = clock
        self._pause = pause

    async def find(self, push: GroupPush, message: Json, began: datetime) -> str:
        """The id of the task that shows `message` and was made since; empty when none is found. Never raises."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._searched(push, _text(message), began)
        except (CallRefused, CallFailed, TimeoutError):
            return ""

    async def _searched(self, push: GroupPush, text: str, began: datetime) -> str:
        """Not found at once it may still appear, and what is being dispatched is waited for."""
        tries = TRIES
        while True:
            task = await self._search(push, text, began)
            tries -= task is not None
            if task or not tries:
                return task or ""
            await asyncio.sleep(self._pause)

    async def _search(self, push: GroupPush, text: str, began: datetime) -> str | None:
        """Among those with the same words, the nearest first: a task tells no creator, but whom it is to reach.

        None while one of them cannot be asked for yet.
        """
        try:
            candidates = sorted(await self._listed(push, text, began))
            for _, task in candidates[:CANDIDATES]:
                if await self._reaches(task, push):
                    return task
        except CallRefused as error:
            if error.code != DISPATCHING:
                raise
            return None
        return ""

    async def _listed(self, push: GroupPush, text: str, began: datetime) -> list[tuple[float, str]]:
        """Each with its distance from `began` in seconds."""
        asked: Json = {
            "chat_type": kind_of(push),
            "start_time": int((began - SKEW).timestamp()),
            "end_time": int((self._clock() + SKEW).timestamp()),
            "filter_type": 0,
            "limit": PAGE,
        }
        rows: list[Json] = []
        for _ in range(PAGES):
            answer = await self._api.ask("POST", LISTING, {}, asked)
            told = answer.get("group_msg_list")
            rows += [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
            asked = asked | {"cursor": answer.get("next_cursor")}
            if not asked["cursor"]:
                break
        return [
            (abs(_seconds(row.get("create_time")) - began.timestamp()), str(row["msgid"]))
            for row in rows
            if row.get("msgid") and _text(row).strip() == text.strip()
        ]

    async def _reaches(self, task: str, push: GroupPush) -> bool:
        """Whether it asks our member to send to our contacts: no two tasks of a push share one."""
        asked = {"msgid": task, "userid": push.member, "limit": 1}
        try:
            told = (await self._api.ask("POST", RESULT, {}, asked)).get("send_list")
        except CallRefused as error:
            if error.code == DISPATCHING:
                raise
            return False  # another member's
        row = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
        return (row.get("chat_id") if push.chats else row.get("external_userid")) in push.contacts


def kind_of(push: GroupPush) -> str:
    return "group" if push.chats else "single"


def _text(message: Json) -> str:
    text = message.get("text")
    content = text.get("content") if isinstance(text, dict) else None
    return content if isinstance(content, str) else ""


def _seconds(value: object) -> float:
    """A moment is told as a number, or as one in quotes."""
    try:
        return float(str(value))
    except ValueError:
        return 0.0
