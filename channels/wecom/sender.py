"""Here lives the carrying out: one outgoing thing, at most one message, and what became of it."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Final

from channels import Clock
from channels.parts import is_shown
from channels.wecom.api import Api, CallRefused, Json
from channels.wecom.contents import TEXT, app_message, caption_of, card_text, has_buttons, task_id, welcome_message
from channels.wecom.group_pushes import GroupPushes
from channels.wecom.groups import APP
from channels.wecom.outcomes import chat_outcome, outcome, tag_outcome, task_outcome
from channels.wecom.parts import pieces
from channels.wecom.tags import Tags
from domain.channel import Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.errors import CallFailed
from domain.messages import (
    Acknowledge,
    Address,
    Card,
    CommandMenu,
    Content,
    MessageEdit,
    OutboundMessage,
    Text,
    Welcome,
)
from domain.outgoing import GroupPush, GroupPushEdit, Outgoing, TagChange, TagEdit

AGAIN: Final = timedelta(seconds=3)
TASK_ID_TAKEN: Final = 42014  # an id that is well formed, as ours are, is refused only because it was used


class Sender:
    """For one account."""

    def __init__(self, api: Api, tags: Tags, group_pushes: GroupPushes, clock: Clock) -> None:
        self._api = api
        self._tags = tags
        self._group_pushes = group_pushes
        self._clock = clock

    def repeatable(self, outgoing: Outgoing) -> bool:
        """Whether the same key twice does no harm.

        A card with buttons carries a task id made of the key, and an app's task id serves once; a pressed
        button can only be replaced once; nothing is done for a command menu. Anything else would be said
        twice: `enable_duplicate_check` compares contents, so it would also swallow the second of two equal
        answers. A welcome code serves once too, but its refusal does not tell "used by us" from "too late".
        Changes of tags say how it should be, and find out what is so already. A task of 企业群发 would be made twice
        and a member reminded twice; what was taken back stays so.
        """
        match outgoing:
            case OutboundMessage(to=to, content=content) | MessageEdit(to=to, content=content):
                return isinstance(content, Card) and has_buttons(content) and not to.id.startswith(APP)
            case Acknowledge() | CommandMenu() | TagEdit() | TagChange() | GroupPushEdit(edit="cancel"):
                return True
            case Welcome() | GroupPush() | GroupPushEdit():
                return False

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        try:
            return await self._deliver(key, outgoing)
        except CallRefused as error:
            return _meaning(error.code, self._clock(), outgoing)
        except CallFailed as error:
            if error.sent and not self.repeatable(outgoing):
                return Unsure("no_answer")
            return Deferred(self._clock() + AGAIN, "unreachable")

    async def _deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        """A message cannot be edited here, so its new state is said anew; there is no menu of commands while typing."""
        match outgoing:
            case OutboundMessage(to=to, content=content) | MessageEdit(to=to, content=content):
                return await self._say(key, to, content)
            case Welcome(code=code, content=content):
                await self._api.welcome(code, welcome_message(content))
            case Acknowledge(to=to, press=press, label=label) if press and label:
                await self._api.replace_button(to.id, press, label)
            case TagEdit() | TagChange():
                return await self._tags.carry_out(outgoing)
            case GroupPush() | GroupPushEdit():
                return await self._group_pushes.carry_out(outgoing)
            case Acknowledge() | CommandMenu():
                pass
        return Delivered()

    async def _say(self, key: str, to: Address, content: Content) -> DeliveryResult:
        if to.id in ("", "@all") or "|" in to.id:  # a name that would reach others as well
            return Refused("bad_address")
        if not is_shown(content, pieces(content)):
            return Refused("too_long")
        if to.id.startswith(APP):
            content = _in_words(content)
        if isinstance(content, Card) and has_buttons(content):
            return await self._show(key, to, content)
        result = await self._tell(to, content, key)
        caption = caption_of(content)
        if not caption or not isinstance(result, Delivered):
            return result
        return await _both(result, self._tell(to, Text(caption), key))

    async def _tell(self, to: Address, content: Content, key: str) -> DeliveryResult:
        if to.id.startswith(APP):
            await self._api.say(to.id.removeprefix(APP), app_message(content, key))
            return Delivered()
        return _sent(await self._api.send(to.id, app_message(content, key)))

    async def _show(self, key: str, to: Address, card: Card) -> DeliveryResult:
        """A card is called by its task id, which a press of its buttons names."""
        try:
            result = _sent(await self._api.send(to.id, app_message(card, key)))
        except CallRefused as error:
            if error.code != TASK_ID_TAKEN:
                raise
            return Delivered(task_id(key))
        return Delivered(task_id(key)) if isinstance(result, Delivered) else result


async def _both(first: Delivered, second: Awaitable[DeliveryResult]) -> DeliveryResult:
    """The caption follows its medium, which must not be sent once more when the caption fails."""
    try:
        said = await second
    except (CallRefused, CallFailed):
        return Unsure("caption_not_sent")
    return first if isinstance(said, Delivered) else Unsure("caption_not_sent")


def _in_words(content: Content) -> Content:
    """Nobody can press a button in a group chat. https://developer.work.weixin.qq.com/document/path/90248."""
    return Text(card_text(content, TEXT)) if isinstance(content, Card) else content


def _meaning(code: int, now: datetime, outgoing: Outgoing) -> DeliveryResult:
    match outgoing:
        case TagEdit() | TagChange():
            return tag_outcome(code, now, outgoing)
        case GroupPush() | GroupPushEdit():
            return task_outcome(code, now)
        case OutboundMessage(to=to) | MessageEdit(to=to) if to.id.startswith(APP):
            return chat_outcome(code, now)
        case Acknowledge():
            return _missed_by_nobody(outcome(code, now))
        case _:
            return outcome(code, now)


def _missed_by_nobody(result: DeliveryResult) -> DeliveryResult:
    """A response code serves once, for 24 hours; a card that stays as it was is no news (errcodes: document 90313)."""
    return Delivered() if isinstance(result, Refused) else result


def _sent(answer: Json) -> DeliveryResult:
    if answer.get("invaliduser"):
        return Refused("no_such_member", "deactivated")
    if answer.get("unlicenseduser"):
        return Refused("unlicensed")
    return Delivered(str(answer.get("msgid", "")))
