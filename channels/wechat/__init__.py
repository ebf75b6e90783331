"""Here lives a WeChat official account (公众号): its rooms joined to one channel."""

import os
from collections.abc import Callable

from channels import Tools
from channels.parts import divided
from channels.wechat import checkup, limits, passive
from channels.wechat.api import Api
from channels.wechat.config import Config
from channels.wechat.mass_messages import Mass
from channels.wechat.notices import Notices
from channels.wechat.parts import pieces
from channels.wechat.pictures import Pictures
from channels.wechat.reader import Reader
from channels.wechat.sender import Sender
from channels.wechat.tag_calls import TagCalls
from channels.wechat.tag_reader import TagReader, TagsRead
from channels.wechat.tags import Tags
from channels.wechat.webhook import Webhook
from domain.channel import Answer, CallbackRequest, Channel, DeliveryResult, Finding, Intake, RawEvent
from domain.events import InboundEvent
from domain.messages import Notice, OutboundMessage
from domain.outgoing import GroupPush, Outgoing, TagChange, TagEdit
from domain.push_events import PushAsked, PushResultRead, PushUnread
from domain.sync import TagsAsked


class WeChat:
    """One official account; it holds no connection of its own. `random` gives so many random bytes."""

    kind = "wechat"
    passive_seconds = 3.5  # of the five that the platform waits

    def __init__(self, config: Config, tools: Tools, random: Callable[[int], bytes]) -> None:
        self.account = config.name
        self.limits = limits.limits(tools.limits)
        self._clock = tools.clock
        self._random = random
        self._api = Api(config, tools)
        self._webhook = Webhook(config)
        self._reader = Reader(config.name, self._api, tools.clock)
        pictures = Pictures(self._api, tools)
        self._sender = Sender(self._api, pictures, tools.clock)
        calls = TagCalls(self._api)
        self._tags = Tags(calls, tools.clock)
        self._tag_reader = TagReader(calls, tools.clock)
        self._mass = Mass(self._api, pictures, self._tag_reader.told_of, tools.clock)
        self._notices = Notices(self._api, tools.clock)

    async def start(self) -> None:
        """Nothing to tell: the callback's address is set in the platform's console."""

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """Nothing to give up: the session is the program's."""

    async def check(self) -> tuple[Finding, ...]:
        return await checkup.check(self._api)

    async def receive(self, request: CallbackRequest) -> Intake:
        return self._webhook.receive(request)

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        return await self._reader.read(raw)

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        return divided(outgoing, pieces)

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        match outgoing:
            case TagEdit() | TagChange():
                return await self._tags.deliver(outgoing)
            case GroupPush():
                return await self._mass.deliver(key, outgoing)
            case OutboundMessage(to=to, content=Notice() as notice):
                return await self._notices.deliver(key, to.id, notice)
            case _:
                return await self._sender.deliver(outgoing)

    async def look(self, asked: TagsAsked) -> TagsRead:
        return await self._tag_reader.look(asked)

    async def results(self, asked: PushAsked) -> PushResultRead | PushUnread:
        return await self._mass.results(asked)

    def passive(self, raw: RawEvent, outgoing: OutboundMessage) -> Answer | None:
        now = self._clock()
        message = passive.reply(raw.payload, outgoing, now)
        return None if message is None else self._webhook.answer(message, str(int(now.timestamp())), self._random(32))

    def repeatable(self, outgoing: Outgoing) -> bool:
        """Tags, and mass messages, of which the platform knows our key for a day.

        Of template messages it does for ten minutes, which is less than we may be away; custom/send takes no key at
        all, so a person would read the same words twice.
        """
        return isinstance(outgoing, TagEdit | TagChange | GroupPush)

    def is_group(self, chat_id: str) -> bool:  # noqa: ARG002 - whoever it is
        """Never: an official account speaks to single people."""
        return False


def open_channel(config: Config, tools: Tools) -> Channel:
    """Talks to nobody yet."""
    return WeChat(config, tools, os.urandom)
