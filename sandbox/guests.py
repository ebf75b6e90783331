"""The guests of the example: who has been here before the visitor, and what they and the staff said."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sandbox.page.cast import ADMIN, SALES, TELEGRAM_ADMIN
from sandbox.postman import Answer
from sandbox.story import News
from sandbox.telegram import Telegram
from sandbox.wechat import WeChat
from sandbox.wecom import WeCom
from sandbox.wecom.library import CorpTag, TagGroup

PATIENCE: Final = 10.0  # seconds that somebody waits for an answer before the next one speaks
STAFF: Final = frozenset({f"wecom:{ADMIN}", f"telegram:{TELEGRAM_ADMIN}"})
"""The two chats of one person, who is told in either of them."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody on Telegram, and the first thing they say."""

    id: int
    first_name: str
    last_name: str
    username: str
    language_code: str
    words: str


GUESTS: Final = (
    Guest(60001, "张伟", "", "zhangwei_sh", "zh-hans", "你好，想了解一下企业版，我们有 30 个人用"),
    Guest(60002, "Sofia", "Rossi", "sofia_rossi", "it", "Hi, do you deliver to Milan?"),
    Guest(60003, "李娜", "", "", "zh-hans", "请问可以先试用吗？"),
    Guest(60004, "Ivan", "Petrov", "ivan_petrov", "ru", "Good evening, could you send me the catalogue?"),
    Guest(60005, "张敏", "", "zhangmin", "zh-hans", "标准版多少钱一年？"),
    Guest(60006, "Carlos", "Rivera", "carlos_r", "es", "What is the price for 200 pieces?"),
    Guest(60007, "陈静", "", "", "zh-hans", "上次说的合同什么时候能寄出？"),
    Guest(60008, "Emma", "Brown", "emma_brown", "en", "Could somebody call me on Monday?"),
)
FOLLOWERS: Final = (("oSandboxFollower0000000001", "expo2026"), ("oSandboxFollower0000000002", "store_nanjing"))
SHELF: Final = ("客户等级", ("A", "B", "C"))
SHELF_ID: Final = "etSandboxTag000000000000000"
FOLLOWERS_TAG: Final = "老粉丝"
FRIEND: Final = ("wmSandboxContact0000000000002", "赵磊", "ch_expo_2026")


@dataclass(frozen=True, slots=True)
class Scene:
    """One thing that somebody does, and the chats that are told something because of it: one of each set.

    `newcomer`: the id of a customer who is nobody before this scene. A scene that is not `seen` leaves the staff's
    phones as they were.
    """

    deed: Callable[[], Awaitable[Answer | str]]
    told: tuple[frozenset[str], ...]
    newcomer: str = ""
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Guests:
    """Numbers of updates and messages are fixed, so that a scene played again is the same callback again."""

    wecom: WeCom
    wechat: WeChat
    telegram: Telegram
    patience: float = PATIENCE

    def stock(self) -> None:
        """The tags that the company has; their ids are the same in every run."""
        group, names = SHELF
        held = TagGroup(f"{SHELF_ID}0", group, self.wecom.stage.now())
        tags = [CorpTag(f"{SHELF_ID}{n}", name, held.create_time, -n % 10) for n, name in enumerate(names, 1)]
        self.wecom.tags.groups[held.id] = held
        held.tags.update((tag.id, tag) for tag in tags)
        self.wechat.make_tag(FOLLOWERS_TAG)

    def scenes(self) -> Sequence[Scene]:
        """In their order; the first guest is the first customer of a new house."""
        return (*self._arrivals(), *self._followers(), *self._friend(), *self._staff())

    async def play(self, scene: Scene) -> None:
        """Until everybody has been told; those who are not are waited for a moment only."""
        story = self.telegram.stage.story
        with story.hush(frozenset() if scene.seen else STAFF), story.listen() as news:
            while not news.empty():
                news.get_nowait()
            answer = await scene.deed()
            if isinstance(answer, str) or answer.is_taken:
                with contextlib.suppress(TimeoutError):  # not wait_for: it swallows a stop that comes with the answer
                    async with asyncio.timeout(self.patience):
                        await _heard(news, scene.told)

    def _arrivals(self) -> list[Scene]:
        return [self._arrival(guest, number) for number, guest in enumerate(GUESTS, 1)]

    def _arrival(self, guest: Guest, number: int) -> Scene:
        async def speak() -> Answer:
            return await self.telegram.user_says(
                guest.id,
                guest.words,
                update_id=number,
                first_name=guest.first_name,
                last_name=guest.last_name,
                username=guest.username,
                language_code=guest.language_code,
            )

        return Scene(speak, (frozenset({f"telegram:{guest.id}"}), STAFF), str(guest.id))

    def _followers(self) -> list[Scene]:
        return [
            Scene(
                lambda openid=openid, scene=scene: self.wechat.follow(openid, scene),  # type: ignore[misc]
                (frozenset({f"wechat:{openid}"}), STAFF),
                openid,
            )
            for openid, scene in FOLLOWERS
        ]

    def _friend(self) -> list[Scene]:
        friend, name, state = FRIEND
        return [
            Scene(
                lambda: self.wecom.add_contact(SALES, friend, name, state, gender=1),
                (frozenset({f"wecom-contact:{friend}"}), frozenset({f"wecom:{SALES}"})),
                friend,
            ),
            self._typed(SALES, f"记 {name} 展会上聊过，要三家门店的报价", "1"),
        ]

    def _staff(self) -> list[Scene]:
        first, second = (f"telegram:{guest.id}" for guest in GUESTS[:2])
        return [
            self._typed(ADMIN, "回复 Sofia Yes, we do! It takes three days to Milan.", "2", second),
            Scene(
                lambda: self.telegram.user_says(GUESTS[0].id, "对了，可以开专票吗？", update_id=101),
                (STAFF,),
                seen=True,
            ),
            self._typed(ADMIN, "回复 张伟 可以的，签约后三个工作日内开出。", "3", first, seen=True),
            Scene(
                lambda: self.telegram.user_says(TELEGRAM_ADMIN, "查 张", update_id=102),
                (STAFF,),
                seen=True,
            ),
        ]

    def _typed(self, member: str, text: str, msg_id: str, *told: str, seen: bool = False) -> Scene:
        chats = tuple(frozenset({chat}) for chat in (f"wecom:{member}", *told))
        return Scene(lambda: self.wecom.member_says(member, text, msg_id), chats, seen=seen)


async def _heard(news: News, chats: Sequence[frozenset[str]]) -> None:
    missing = list(chats)
    while missing:
        entry = await news.get()
        if entry is None:
            return
        if entry.by == "company":
            missing = [any_of for any_of in missing if entry.chat not in any_of]
