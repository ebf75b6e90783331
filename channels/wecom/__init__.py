"""Here lives WeCom (企业微信): members speak to our app, and customers are added by members."""

from channels import Tools
from channels.wecom.api import Api
from channels.wecom.checkup import check
from channels.wecom.config import Config
from channels.wecom.group_pushes import GroupPushes
from channels.wecom.groups import APP, Groups
from channels.wecom.library import CorpTags
from channels.wecom.limits import limits
from channels.wecom.lost_tasks import LostTasks
from channels.wecom.parts import divided
from channels.wecom.reader import Reader
from channels.wecom.results import Results
from channels.wecom.sender import Sender
from channels.wecom.tagged import TagReader
from channels.wecom.tags import Tags
from channels.wecom.uploads import Uploads
from channels.wecom.webhook import Webhook
from domain.channel import CallbackRequest, Channel, DeliveryResult, Finding, Intake, RawEvent
from domain.events import InboundEvent
from domain.groups import GroupRead, GroupsAsked, GroupsRead, GroupsUnread
from domain.outgoing import Outgoing
from domain.push_events import PushAsked, PushResultRead, PushUnread
from domain.sync import TagContactsRead, TagLibraryRead, TagsAsked, TagsUnread


class WeCom:
    """One self-built app of one company. A message to a member is addressed by userid; customers have no chat here.

    A group chat that the app has made is addressed by `chat:` and its id.
    """

    kind = "wecom"

    def __init__(self, config: Config, tools: Tools) -> None:
        self.account = config.name
        self.limits = limits(tools.limits)
        self._api = Api(config, tools)
        self._webhook = Webhook(config)
        self._reader = Reader(config.name, self._api, tools.clock)
        corp_tags = CorpTags(self._api)
        self._tag_reader = TagReader(self._api, corp_tags, tools.clock)
        self._results = Results(self._api, tools.clock)
        self._groups = Groups(self._api, tools.clock)
        group_pushes = GroupPushes(self._api, Uploads(self._api, tools), LostTasks(self._api, tools.clock), tools.clock)
        self._sender = Sender(self._api, Tags(corp_tags), group_pushes, tools.clock)

    async def start(self) -> None:
        """The callback address is entered by hand in the console, so there is nothing to tell."""

    async def warm_up(self) -> None:
        """Nothing to load."""

    async def close(self) -> None:
        """The session is not ours."""

    async def check(self) -> tuple[Finding, ...]:
        return await check(self._api)

    async def receive(self, request: CallbackRequest) -> Intake:
        return self._webhook.receive(request)

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        return await self._reader.read(raw)

    async def look(self, asked: TagsAsked) -> TagLibraryRead | TagContactsRead | TagsUnread:
        return await self._tag_reader.look(asked)

    async def results(self, asked: PushAsked) -> PushResultRead | PushUnread:
        return await self._results.look(asked)

    async def groups(self, asked: GroupsAsked) -> GroupsRead | GroupRead | GroupsUnread:
        return await self._groups.look(asked)

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        return divided(outgoing)

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        return await self._sender.deliver(key, outgoing)

    def repeatable(self, outgoing: Outgoing) -> bool:
        return self._sender.repeatable(outgoing)

    def is_group(self, chat_id: str) -> bool:
        """One of the app's own: customer groups cannot be written to by an app."""
        return chat_id.startswith(APP)


def open_channel(config: Config, tools: Tools) -> Channel:
    """Talks to nobody yet."""
    return WeCom(config, tools)
