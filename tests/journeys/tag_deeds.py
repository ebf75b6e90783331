"""Here lives what may happen to tags in a random history: here, and on the way to and from the platforms."""

import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from models.sync import Binding
from models.tags import Tag, TagGroup
from tests.journeys.histories import KEPT, Land

READS = ("get_corp_tag_list", "get_by_user", "externalcontact/get", "tags/get", "user/tag/get")
CHANGES = {
    "wecom": ("add_corp_tag", "edit_corp_tag", "del_corp_tag", "mark_tag"),
    "wechat": ("tags/create", "tags/update", "tags/delete", "batchtagging", "batchuntagging"),
}
LOOKS = {"wecom": ("get_corp_tag_list", "batch/get_by_user", "get"), "wechat": ("tags/get", "user/tag/get")}


@dataclass
class History:
    """`chance` decides everything; most names are given once, so that both sides can have all of them."""

    land: Land
    chance: random.Random
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    told: list[str] = field(default_factory=list)

    async def live(self, deeds: "Sequence[Deed]", length: int) -> None:
        weights = [WEIGHTS.get(deed.__name__, 1) for deed in deeds]
        for deed in self.chance.choices(deeds, weights, k=length):
            self.land.clock.forward(milliseconds=self.chance.choice((0, 1, 20, 1_000, 4_000, 70_000)))
            self.told.append(f"{deed.__name__}")
            await deed(self)

    async def rest(self) -> None:
        """Everything that is on its way arrives, and both sides are compared, until nothing is left to do."""
        self.land.mend()
        await self.land.run()
        await self.reopen()
        for hours in (1, 13, 13, 1):  # a day's quota ends at midnight
            await self.land.run()
            self.land.clock.forward(hours=hours)
            await self.land.run()
            await self.land.compare()
        await self.land.run()
        for row in await Binding.filter(theirs__not_isnull=True).order_by("id"):
            await self.land.typed(f"同步 取 {row.id} {self.chance.choice(('我们的', '平台'))}")
            await self.land.run()

    async def reopen(self) -> None:
        await self.land.die()
        await self.land.start()

    def name(self) -> str:
        return f"同名{self.chance.randrange(3)}" if self.chance.random() < SAME else f"名{next(self.numbers)}"

    def one(self, of: Any) -> Any:
        found = list(of)
        return self.chance.choice(found) if found else None

    async def a_tag(self) -> Tag | None:
        return self.one(tag for tag in await Tag.living() if tag.name != KEPT)  # type: ignore[no-any-return]

    async def type(self, text: str) -> None:
        self.told[-1] += f" {text!r}"
        answer = await self.land.confirmed(text)
        self.told[-1] += f" -> {answer.count('Outbound')}"

    def say(self, *words: object) -> None:
        self.told[-1] += " " + " ".join(map(str, words))


SAME = 0.15
Deed = Callable[[History], Awaitable[None]]


async def make_here(story: History) -> None:
    group = f"组{story.chance.randrange(3)}"
    await story.type(f"建标签 {group}/{story.name()}")


async def rename_here(story: History) -> None:
    if tag := await story.a_tag():
        await story.type(f"改标签 G{tag.id} 名={story.name()}")


async def move_here(story: History) -> None:
    if tag := await story.a_tag():
        await story.type(f"改标签 G{tag.id} 组=组{story.chance.randrange(4)}")


async def rename_group_here(story: History) -> None:
    if group := story.one(await TagGroup.living()):
        await story.type(f"改标签 {group.name}/ 名={group.name[:4]}{next(story.numbers)}")


async def delete_here(story: History) -> None:
    if tag := await story.a_tag():
        await story.type(f"删标签 G{tag.id}")


async def merge_here(story: History) -> None:
    one, other = await story.a_tag(), await story.a_tag()
    if one and other and one.id != other.id:
        await story.type(f"并标签 G{one.id} G{other.id}")


async def give_here(story: History) -> None:
    if tag := await story.a_tag():
        whom = story.chance.sample(story.land.people, story.chance.randint(1, 3))
        await story.type(f"打标 {' '.join(each.short_id for each in whom)} +G{tag.id}")


async def take_here(story: History) -> None:
    if tag := await story.a_tag():
        whom = story.chance.sample(story.land.people, story.chance.randint(1, 3))
        await story.type(f"打标 {' '.join(each.short_id for each in whom)} -G{tag.id}")


async def go_on(story: History) -> None:
    """Some of what is due is done."""
    for _ in range(story.chance.randint(1, 4)):
        if lanes := await story.land.due():
            lane = story.chance.choice(lanes)
            story.say(lane)
            await story.land.drain(lane)
            story.land.clock.forward(milliseconds=story.chance.choice((0, 1, 5)))


async def hold_back(story: History) -> None:
    """The next answer to such a call is on its way for a while."""
    path = story.chance.choice([*READS, *CHANGES["wecom"], *CHANGES["wechat"]])
    story.say(path)
    story.land.shut.add(path)


async def let_through(story: History) -> None:
    await story.land.arrive()


async def run(story: History) -> None:
    await story.land.run()


async def wait(story: History) -> None:
    story.land.clock.forward(seconds=story.chance.choice((3, 20, 600, 4_000)))


async def compare(story: History) -> None:
    await story.land.compare()


async def die(story: History) -> None:
    await story.reopen()


async def lose_answer(story: History) -> None:
    platform = story.chance.choice(("wecom", "wechat"))
    path = story.chance.choice(CHANGES[platform])
    story.say(path)
    story.land.sandbox.fail(platform, _path(path), **story.chance.choice(LOST))


async def fail_call(story: History) -> None:
    platform = story.chance.choice(("wecom", "wechat"))
    path = story.chance.choice([*CHANGES[platform], *LOOKS[platform]])
    over = {"body": {"errcode": 45009 if platform == "wecom" else 45011}}
    how = story.chance.choice([*FAILING, over, *([STRANGE] if path in LOOKS[platform] else [])])
    story.say(path, how)
    story.land.sandbox.fail(platform, _path(path), **how)


LOST: tuple[dict[str, Any], ...] = ({"hang_up": True, "after_effect": True}, {"status": 502, "after_effect": True})
FAILING: tuple[dict[str, Any], ...] = (
    {"status": 500},
    {"hang_up": True},
    {"body": {"errcode": -1}},
)
STRANGE: dict[str, Any] = {"body": {"errcode": 0, "errmsg": "ok"}}  # and nothing of what was asked for


def _path(path: str) -> str:
    if path.startswith("batch") and "/" not in path:
        return f"tags/members/{path}"
    return path if path.startswith(("tags/", "user/")) else f"externalcontact/{path}"


async def go_deaf(story: History) -> None:
    story.land.deaf = not story.land.deaf


WEIGHTS: dict[str, float] = {"go_on": 14, "run": 2, "hold_back": 3, "let_through": 3, "give_here": 3, "make_here": 2}
WEIGHTS |= {"give_in_wecom": 3, "give_official": 2, "make_in_wecom": 2}
WEIGHTS |= {"leave_in_wecom": 0.4, "leave_official": 0.4, "come_in_wecom": 0.7, "come_official": 0.7}
HERE: tuple[Deed, ...] = (make_here, rename_here, move_here, rename_group_here, give_here)
HERE_GOING: tuple[Deed, ...] = (delete_here, merge_here, take_here)
BETWEEN: tuple[Deed, ...] = (go_on, hold_back, let_through, run, wait, compare, die, lose_answer, fail_call, go_deaf)
