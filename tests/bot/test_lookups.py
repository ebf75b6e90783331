"""What a question of our own comes to: the channel is asked outside the transaction, if it can be asked that."""

from typing import Any
from zoneinfo import ZoneInfo

from bot.inbox import InboxWorker
from domain.groups import GroupRead, GroupsAsked, GroupsRead, GroupsUnread
from domain.push_events import PushAsked, PushDue, PushResultRead, PushUnread
from domain.sync import TagsAsked
from handlers.context import House
from tests.clock import Clock


class Silent:
    """A platform that is asked nothing."""

    def __init__(self, clock: Clock, account: str) -> None:
        self.clock = clock
        self.account = account


class Telling(Silent):
    """One that is asked for results and for group chats."""

    async def results(self, asked: PushAsked) -> PushResultRead | PushUnread:
        return PushResultRead(self.clock(), asked, ())

    async def groups(self, asked: GroupsAsked) -> GroupsRead | GroupRead | GroupsUnread:
        return GroupsRead(self.clock(), asked, ("g1",))


def worker(clock: Clock) -> InboxWorker:
    house = House("en", ZoneInfo("Asia/Shanghai"), {}, {"default": "welcome"}, ())
    channels: Any = {"post": Silent(clock, "post"), "told": Telling(clock, "told")}
    return InboxWorker(channels, house, clock)


async def test_a_channel_is_asked_what_it_can_be_asked(clock: Clock) -> None:
    asked, chats = PushAsked(clock(), "told", 7, "m1"), GroupsAsked(clock(), "told")
    assert await worker(clock)._looked_up(asked) == PushResultRead(clock(), asked, ())
    assert await worker(clock)._looked_up(chats) == GroupsRead(clock(), chats, ("g1",))


async def test_what_a_channel_cannot_be_asked_comes_to_nothing(clock: Clock) -> None:
    for account in ("post", "nowhere"):
        assert await worker(clock)._looked_up(PushAsked(clock(), account, 7, "m1")) is None
        assert await worker(clock)._looked_up(GroupsAsked(clock(), account)) is None
        assert await worker(clock)._looked_up(TagsAsked(clock(), account, 1)) is None


async def test_what_is_no_question_is_itself(clock: Clock) -> None:
    due = PushDue(clock(), 1)
    assert await worker(clock)._looked_up(due) == due
