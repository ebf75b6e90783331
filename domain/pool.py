"""Here lives how people ask for some of the leads: 状态=新 渠道=企微 7天, 我的, 公海, @李雷, in any order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from domain.arguments import Arguments
from domain.errors import Refusal
from domain.leads import OPEN, Stage, stage_named
from domain.moments import period
from domain.permissions import Scope
from domain.search import plain

KINDS: Mapping[str, tuple[str, ...]] = {
    "wecom": ("wecom", "企微", "企业微信"),
    "wechat": ("wechat", "公众号", "微信"),
    "telegram": ("telegram", "tg", "电报"),
}
NOBODY = 0  # who owns what nobody owns
HOUR, DAY = 60, 24 * 60  # minutes
ALL = ("全部", "所有", "all")
MINE, NOBODYS = ("我的", "mine", "my"), ("无主", "公海", "没人跟", "free", "unowned", "pool")
STAGE = ("状态", "阶段", "stage", "status")
CHANNEL = ("渠道", "via", "channel")
CREATED = ("时间", "创建", "created", "within")
OWNER = ("负责人", "跟进人", "owner")
BEFORE = "before"
PLACE = re.compile(r"([0-9]{1,15})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list, newest first, was left: at a lead made at this moment (epoch milliseconds)."""

    created_at: int
    lead_id: int

    def __str__(self) -> str:
        return f"{self.created_at}-{self.lead_id}"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which leads are wanted; what is empty does not matter. `person` is a colleague, as typed."""

    stages: tuple[Stage, ...] = ()
    accounts: frozenset[str] = frozenset()
    created: tuple[datetime, datetime] | None = None
    mine: bool = False
    nobodys: bool = False
    person: str = ""
    before: Place | None = None

    def owners(self, scope: Scope, person_id: int | None) -> tuple[int, ...] | None:
        """Whose leads, out of those that one may see: NOBODY's among them, None for everybody's."""
        if person_id is not None:
            return (person_id,)
        if self.mine or self.nobodys:
            return (scope.staff_id,) * self.mine + (NOBODY,) * self.nobodys
        return None if scope.owners is None else (*sorted(scope.owners), NOBODY)


@dataclass(frozen=True, slots=True)
class Reader:
    """`accounts` maps each channel's name to its kind; periods end where the day does in `zone`."""

    accounts: Mapping[str, str]
    now: datetime
    zone: tzinfo

    def choice(self, args: Arguments) -> Choice:
        """Keys may be left out; without a stage the open ones are meant. Refusal names what is not understood."""
        choice = Choice(person=next(iter(args.people), ""))
        for key, value in args.pairs.items():
            choice = self._keyed(choice, key, value)
        loose: list[str] = []
        for word in args.words:
            if (told := self._worded(choice, word)) is None:
                loose.append(word)
            choice = told or choice
        if loose:
            choice = replace(choice, created=self._period(" ".join(loose)))
        return choice if choice.stages else replace(choice, stages=OPEN)

    def _keyed(self, choice: Choice, key: str, value: str) -> Choice:
        if key in STAGE:
            return replace(choice, stages=self._stages(choice, re.split("[,，、|/]", value)))
        if key in CHANNEL:
            return replace(choice, accounts=self._accounts(value))
        if key in CREATED:
            return replace(choice, created=self._period(value))
        if key in OWNER:
            return replace(choice, person=value)
        if key == BEFORE and (place := PLACE.fullmatch(value)):
            return replace(choice, before=Place(int(place[1]), int(place[2])))
        raise _not_understood(f"{key}={value}")

    def _worded(self, choice: Choice, word: str) -> Choice | None:
        wanted = word.lower()
        if wanted in MINE:
            return replace(choice, mine=True)
        if wanted in NOBODYS:
            return replace(choice, nobodys=True)
        if wanted in ALL or stage_named(word):
            return replace(choice, stages=self._stages(choice, [word]))
        if found := accounts_named(word, self.accounts):
            return replace(choice, accounts=found)
        return None

    def _stages(self, choice: Choice, words: Iterable[str]) -> tuple[Stage, ...]:
        found = list(choice.stages)
        for word in words:
            if word.lower() in ALL:
                return tuple(Stage)
            if (stage := stage_named(word)) is None:
                raise _not_understood(word)
            found.append(stage)
        return tuple(dict.fromkeys(found))

    def _accounts(self, word: str) -> frozenset[str]:
        if not (found := accounts_named(word, self.accounts)):
            raise Refusal("refusals/no_such_channel", what=word, kinds=sorted(set(self.accounts.values())))
        return found

    def _period(self, text: str) -> tuple[datetime, datetime]:
        if (found := period(text, self.now, self.zone)) is None:
            raise _not_understood(text)
        return found


def accounts_named(word: str, accounts: Mapping[str, str]) -> frozenset[str]:
    """The channels meant by the name of one or by a kind; `accounts` maps each name to its kind."""
    named = {name for name in accounts if plain(name) == plain(word)}
    kind = next((kind for kind, words in KINDS.items() if word.strip().lower() in words), "")
    return frozenset(named or (name for name, its_kind in accounts.items() if its_kind == kind))


def _not_understood(what: str) -> Refusal:
    return Refusal("refusals/bad_argument", command="leads", what=what)


def age(at: datetime, now: datetime) -> tuple[int, str]:
    """How long ago that was, in whole minutes, hours or days; 0 minutes is just now."""
    minutes = max(0, int((now - at).total_seconds()) // 60)
    if minutes < HOUR:
        return minutes, "minute"
    return (minutes // HOUR, "hour") if minutes < DAY else (minutes // DAY, "day")
