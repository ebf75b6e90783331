"""Here lives a walk through the commands: who types what, in one chat and one language, and what must come of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any
from zoneinfo import ZoneInfo

from tortoise.queryset import QuerySet

from domain.permissions import Role
from handlers.router import table
from models.audit import AuditEntry
from models.staff import Staff
from tests.journeys.conftest import Build
from tests.journeys.town import Sundial, Town

ZONE = ZoneInfo("Asia/Shanghai")
ZH, EN = "zh-CN", "en"
CHINESE = re.compile(r"[一-鿿]")
CODE = re.compile(r"(?:确认|confirm) ([0-9][0-9A-Z]{3})\b")
MIA, MIRA, CHEN = 50001, 50002, "oSandboxCustomer00000000001"  # C1, C2 and C3
GROUP = -100200300
ROLES = {"boss": Role.ADMIN, "other": Role.MANAGER, "mate": Role.SALES, "seller": Role.SALES}
NAMES = {
    ZH: {"boss": "陈静", "other": "韩梅梅", "mate": "李雷", "seller": "王芳"},
    EN: {"boss": "Grace", "other": "Emma", "mate": "Jim", "seller": "Lucy"},
}
ACCOUNTS = {
    "wecom": {"boss": "chenjing", "other": "hanmeimei", "mate": "lilei", "seller": "wangfang"},
    "telegram": {"boss": "20001", "other": "20002", "mate": "20003", "seller": "20004"},
}


@dataclass(frozen=True, slots=True)
class Step:
    """`zh` and `en` are what `who` types, and words of the answer; `rows` must not be there before, and are then.

    `reaches` is what the customer Mia reads then, `told` the colleague who hears of it, by the answer's first word.
    `result` and `understood` are the trail's; `only` is the one platform that has this step.
    """

    command: str
    who: str
    zh: tuple[str, str]
    en: tuple[str, str]
    rows: Callable[["Walk"], tuple[QuerySet[Any], ...]] = lambda _: ()
    reaches: tuple[str, str] = ("", "")
    told: str = ""
    only: str = ""
    grouped: bool = False
    result: str = "done"
    understood: str = ""

    def said(self, language: str) -> tuple[str, str]:
        return self.zh if language == ZH else self.en


@dataclass(slots=True)
class Walk:
    """One town, all of whose colleagues chat on one platform and in one language; `code` is the last one shown."""

    town: Town
    platform: str
    language: str
    staff: dict[str, Staff]
    code: str

    @classmethod
    async def begun(cls, build: Build, platform: str, language: str) -> "Walk":
        """The seller has no account yet, only a code; the administrator speaks the other language so far."""
        names, accounts = NAMES[language], ACCOUNTS[platform]
        boss = {"name": names["boss"], "role": "admin", "accounts": {platform: accounts["boss"]}}
        town = await build(staff=[boss], language=language)
        staff = {
            who: await town.hire(names[who], role, **({platform: accounts[who]} if who != "seller" else {}))
            for who, role in ROLES.items()
        }
        town.wecom.add_member(ACCOUNTS["wecom"]["seller"], names["seller"])
        town.telegram.person(int(ACCOUNTS["telegram"]["seller"]), first_name=names["seller"]).has_started = True
        for who, person in staff.items():
            await person.speak({ZH: EN, EN: ZH}[language] if who == "boss" else language)
        await _customers_come(town)
        return cls(town, platform, language, staff, await staff["seller"].issue_code(town.clock(), SystemRandom()))

    def id(self, who: str) -> int:
        return int(self.staff[who].id)

    def account(self, who: str) -> str:
        return ACCOUNTS[self.platform][who]

    def tomorrow(self, hour: int) -> datetime:
        day = self.town.clock().astimezone(ZONE) + timedelta(days=1)
        return day.replace(hour=hour, minute=0, second=0, microsecond=0)

    def steps(self, story: tuple[Step, ...]) -> list[Step]:
        return [step for step in story if step.only in ("", self.platform)]

    async def take(self, step: Step) -> None:
        """Type it, and look at what came of it: the answer, the trail, the rows, and who else heard of it."""
        typed, words = (self._filled(text) for text in step.said(self.language))
        assert not (early := await self._rows(step, there=True)), f"before {typed}: {early}"
        heard = len(self._texts(step.told)) if step.told else 0
        answer = await self._says(step, typed)
        missed = [word for word in words.split() if word not in answer]
        assert not missed, f"{typed}: no {missed} in\n{answer}"
        self._check_language(answer)
        await self._check_trail(step, typed)
        assert not (missing := await self._rows(step, there=False)), f"after {typed}: {missing}"
        if step.told:
            self._check_news("\n".join(self._texts(step.told)[heard:]), words.split()[0])
        if reached := self._filled(step.reaches[self.language == EN]):
            last = self.town.telegram_texts(MIA)[-1]
            assert last == reached, last
        if found := CODE.search(answer):
            self.code = found[1]

    async def _rows(self, step: Step, *, there: bool) -> list[str]:
        """What is asked of the tables and is so."""
        asked = [(rows.sql(params_inline=True).partition(" FROM ")[2], await rows.exists()) for rows in step.rows(self)]
        return [question for question, found in asked if found is there]

    def _filled(self, text: str) -> str:
        accounts = {f"{who}_account": account for who, account in ACCOUNTS[self.platform].items()}
        return text.format(code=self.code, **NAMES[self.language], **accounts)

    async def _says(self, step: Step, typed: str) -> str:
        account = self.account(step.who)
        if step.grouped:
            before = len(self.town.telegram_texts(GROUP))
            await self.town.telegram.user_says(int(account), typed, chat_id=GROUP)
            await self.town.settled()
            return "\n".join(self.town.telegram_texts(GROUP)[before:])
        if self.platform == "wecom":
            return await self.town.member_says(typed, account)
        return await self.town.staff_says(typed, account)

    def _texts(self, who: str) -> list[str]:
        if self.platform == "wecom":
            return self.town.wecom_texts(self.account(who))
        return self.town.telegram_texts(self.account(who))

    def _check_news(self, news: str, subject: str) -> None:
        assert subject in news, f"nothing of {subject} in {news!r}"
        self._check_language(news)

    def _check_language(self, text: str) -> None:
        assert bool(CHINESE.search(text)) is (self.language == ZH), text

    async def _check_trail(self, step: Step, typed: str) -> None:
        """It was taken for this command, of this person in this place, and this came of it."""
        entry = await AuditEntry.all().order_by("-number").first()
        assert entry, typed
        place = str(GROUP) if step.grouped else self.account(step.who)
        by = entry.staff_id, entry.account, entry.chat
        assert by == (self.id(step.who), self.platform, place), f"{typed}: {by}"
        told = entry.typed, entry.understood.split()[0], entry.result
        assert told == (table().veiled(typed), step.understood or step.command, step.result), told
        command = next(row for row in table().commands if row.name == step.command)
        if command.targets:
            target = re.search(rf"[{command.targets}][0-9]+", typed)
            assert target, typed
            assert target[0] in entry.subjects.split(), f"{typed}: {entry.subjects}"


async def _customers_come(town: Town) -> None:
    """Two who are called Mia in Telegram, one of the official account: C1, C2 and C3."""
    for number, name in ((MIA, "Novak"), (MIRA, "Stone")):
        await town.telegram.user_says(number, "Is the X200 in stock?", first_name="Mia", last_name=name)
        await town.settled()
    await town.wechat.user_says(CHEN, "hello")
    await town.settled()


def set_to_noon(sundial: Sundial) -> None:
    """Tomorrow shall be the same day from the first step to the last."""
    here = sundial().astimezone(ZONE)
    sundial.forward(minutes=(12 * 60 - here.hour * 60 - here.minute) % (24 * 60))
