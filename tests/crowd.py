"""Here lives a crowd: people on two platforms who ask, ask again, and insist until they are heard."""

import asyncio
import math
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence

from sandbox import Answer, Sandbox
from sandbox.wechat.account import Grant

TICK = 0.05  # seconds until somebody who was not heard asks again
ASKED = "价格"  # what every question has, so that each has an answer


class Person(ABC):
    """Somebody with a lane of his own; the same number twice is a platform's repeat."""

    account: str
    id: str

    @property
    def lane(self) -> str:
        return f"{self.account}:{self.id}"

    @abstractmethod
    def key(self, number: int) -> str:
        """Of the event that `number` becomes."""

    @abstractmethod
    async def say(self, number: int) -> Answer: ...


class Follower(Person):
    """Of the official account, which answers in HTTP when it is in time, and by a call as often as it likes."""

    account = "official"

    def __init__(self, sandbox: Sandbox, number: int) -> None:
        self.id = f"oCrowd{number:022d}"
        self._sandbox = sandbox
        sandbox.wechat.add_user(self.id).grants["regular"] = Grant(1_000_000, math.inf)

    def key(self, number: int) -> str:
        return f"m:{number}"

    async def say(self, number: int) -> Answer:
        return await self._sandbox.wechat.user_says(self.id, f"{ASKED} {number}", msg_id=str(number))


class Chatter(Person):
    """On Telegram, where every answer is a call of ours."""

    account = "telegram"

    def __init__(self, sandbox: Sandbox, number: int) -> None:
        self.id = str(70_000 + number)
        self._sandbox = sandbox

    def key(self, number: int) -> str:
        return f"u:{self._sandbox.stage.settings.telegram_token.partition(':')[0]}:{number}"

    async def say(self, number: int) -> Answer:
        numbers = {"update_id": number, "message_id": 10_000_000 + number}
        return await self._sandbox.telegram.user_says(int(self.id), f"{ASKED} {number}", **numbers)  # type: ignore[typeddict-item]


class Crowd:
    """Each of `people` says `each` numbers, one after another; some are said twice."""

    def __init__(self, people: Sequence[Person], each: int, repeated: float = 0.25) -> None:
        self.numbers = {
            person: [1 + place + turn * len(people) for turn in range(each)] for place, person in enumerate(people)
        }
        self.asked = 0  # callbacks, repeats included
        self.heard = 0
        self.misses: Counter[int] = Counter()  # answers that were none, by status; 0 is silence
        self.answered: set[str] = set()  # keys of those whose answer came in HTTP
        self._repeated = repeated
        self._chance = random.Random(20261121)  # noqa: S311 - the same in every run

    @property
    def keys(self) -> set[str]:
        return {person.key(number) for person, numbers in self.numbers.items() for number in numbers}

    async def talk(self) -> None:
        await asyncio.gather(*(self._talk(person) for person in self.numbers))

    async def reaches(self, share: float) -> None:
        """Wait until so much of everything was heard."""
        goal = share * len(self.keys)
        while self.heard < goal:
            await asyncio.sleep(TICK / 5)

    async def _talk(self, person: Person) -> None:
        for number in self.numbers[person]:
            while not await self._say(person, number):
                await asyncio.sleep(TICK)
            self.heard += 1
            if self._chance.random() < self._repeated:
                await self._say(person, number)

    async def _say(self, person: Person, number: int) -> bool:
        self.asked += 1
        answer = await person.say(number)
        if answer.reply:
            self.answered.add(person.key(number))
        if answer.status != 200:
            self.misses[answer.status] += 1
        return answer.status == 200
