"""What a visitor of the chat page can let the people do."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.page import cast
from sandbox.postman import Answer
from sandbox.telegram import Telegram
from sandbox.wechat import WeChat
from sandbox.wecom import WeCom

TEXT = 4000


class NotPlayable(Exception):  # noqa: N818 - named for what happened
    """The page asked for something that nobody in the cast can do."""


Body = Mapping[str, Any]
Deed = Callable[[Body], Awaitable[Answer | str]]


@dataclass(frozen=True, slots=True)
class Play:
    wecom: WeCom
    wechat: WeChat
    telegram: Telegram

    async def act(self, name: str, body: Body) -> None:
        """Carry out one deed; a note appears on the phone when the server did not take it. Raises `NotPlayable`."""
        deed = self._deeds().get(name)
        if deed is None:
            raise NotPlayable(name)
        self.wecom.stage.story.visited = True
        answer = await deed(body)
        if isinstance(answer, Answer) and not answer.is_taken:
            key = "not_taken" if answer.status else "not_answered"
            note = {"type": "note", "key": key, "values": {"status": str(answer.status)}}
            self.wecom.stage.show(cast.CHATS[_phone(body)], "note", note)

    def _deeds(self) -> Mapping[str, Deed]:
        return {
            "say": self._say,
            "press": self._press,
            "share": self._share,
            "follow": lambda body: self.wechat.follow(cast.FOLLOWER, _text(body, "scene", empty=True)),
            "unfollow": lambda _body: self.wechat.unfollow(cast.FOLLOWER),
            "start": lambda body: self.telegram.start(cast.TELEGRAM_CUSTOMER, _text(body, "payload", empty=True)),
            "block": lambda _body: self.telegram.block(cast.TELEGRAM_CUSTOMER),
            "unblock": lambda _body: self.telegram.unblock(cast.TELEGRAM_CUSTOMER),
            "add": self._add,
            "confirm": self._confirm,
            "leave": lambda _body: self.wecom.contact_deletes_member(cast.SALES, cast.FRIEND),
        }

    async def _say(self, body: Body) -> Answer:
        text = _text(body, "text")
        match _phone(body):
            case "official":
                return await self.wechat.user_says(cast.FOLLOWER, text)
            case "telegram":
                return await self.telegram.user_says(cast.TELEGRAM_CUSTOMER, text)
            case "wecom-staff":
                return await self.wecom.member_says(cast.ADMIN, text)
            case "telegram-staff":
                return await self.telegram.user_says(cast.TELEGRAM_ADMIN, text)
            case phone:
                raise NotPlayable(phone)

    async def _press(self, body: Body) -> Answer:
        """An inline button by its message and data, a card's button by its task and key."""
        match _phone(body):
            case "wecom-staff":
                return await self.wecom.member_presses(cast.ADMIN, _text(body, "key"), _text(body, "task_id"))
            case "telegram" | "telegram-staff" as phone:
                user = cast.TELEGRAM_CUSTOMER if phone == "telegram" else cast.TELEGRAM_ADMIN
                return await self.telegram.press(user, _number(body, "message_id"), _text(body, "data"))
            case phone:
                raise NotPlayable(phone)

    async def _share(self, body: Body) -> Answer:
        """Share the own phone number when a reply keyboard asks for it."""
        user = cast.TELEGRAM_ADMIN if _phone(body) == "telegram-staff" else cast.TELEGRAM_CUSTOMER
        return await self.telegram.user_sends(user, "own_contact")

    async def _add(self, body: Body) -> str:
        return await self.wecom.add_contact(
            cast.SALES, cast.FRIEND, cast.FRIEND_NAME, _text(body, "state", empty=True), gender=1
        )

    async def _confirm(self, body: Body) -> str:
        """A member sends what a task of 企业群发 asks them to send; whose it is stands in it."""
        task, member = self.wecom.broadcasts.get(_text(body, "msgid")), _text(body, "userid")
        if task is None or member not in task.recipients:
            raise NotPlayable("no such task")
        self.wecom.confirm_broadcast(task.msgid, member)
        return task.msgid


def _phone(body: Body) -> str:
    phone = body.get("phone")
    if phone not in cast.CHATS:
        raise NotPlayable("no such phone")
    return str(phone)


def _text(body: Body, name: str, *, empty: bool = False) -> str:
    text = body.get(name, "")
    if not isinstance(text, str) or len(text) > TEXT or not (text.strip() or empty):
        raise NotPlayable(f"{name} is missing or too long")
    return text


def _number(body: Body, name: str) -> int:
    number = body.get(name)
    if not isinstance(number, int):
        raise NotPlayable(f"{name} is missing")
    return number
