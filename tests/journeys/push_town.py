"""Here lives a town in which staff push: what they type, and what every person's phone has received of it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.messages import words
from domain.permissions import Role
from models.batches import Batch
from models.customers import Identity
from models.groups import Group
from models.limits import RateLimit
from models.pushes import Push
from models.recipients import Recipient
from models.staff import StaffAccount
from sandbox import Call
from tests.journeys.conftest import FAST, Build
from tests.journeys.town import ADMIN, BOSS, Sundial, Town
from tests.journeys.walk import set_to_noon

ZONE = ZoneInfo("Asia/Shanghai")
ZH, EN = "zh-CN", "en"
LANGUAGES = (ZH, EN)
WANG, LI, HAN = "wangfang", "lilei", "hanmeimei"
EMMA = "20006"
STAFF = {ADMIN, EMMA, BOSS, HAN}
MIA = 50001
CODE = re.compile(r"(?:确认|confirm) [0-9][0-9A-Z]{3}\b")
ALL = "created<30d"
FREELY: dict[str, Any] = {"quiet_hours": "", "per_customer": ""}
HURRY = FAST | {"wecom.group_pushes_per_minute": 60_000, "wechat.mass_per_minute": 60_000}
SAID = {
    ZH: {"push": "群发 人群={whom} {more}", "again": "重复=是", "pause": "暂停", "resume": "继续", "cancel": "取消"},
    EN: {
        "push": "push to={whom} {more}",
        "again": "again=yes",
        "pause": "pause",
        "resume": "resume",
        "cancel": "cancel",
    },
}
SAID[ZH] |= {"retry": "重发失败", "status": "进度", "remind": "提醒"}
SAID[EN] |= {"retry": "retry", "status": "status", "remind": "remind"}
SURE, DOUBTFUL = ("sent", "delivered", "read"), ("unsure",)


@dataclass(slots=True)
class PushTown:
    """The boss types in one language, in Telegram or WeCom; 韩梅梅 (WeCom) and Emma (Telegram) are managers, too."""

    town: Town
    language: str
    on: str
    strangers: list[int] = field(default_factory=list)

    @classmethod
    async def begun(
        cls, build: Build, sundial: Sundial, language: str = ZH, on: str = "telegram", **changes: Any
    ) -> "PushTown":
        """It is noon; where nothing else is said there are no quiet hours and no cap."""
        set_to_noon(sundial)
        town = await build(language=language, push=FREELY | changes.pop("push", {}), limits=HURRY, **changes)
        await town.hire("韩梅梅", Role.MANAGER, wecom=HAN)
        emma = await town.hire("Emma", Role.MANAGER, telegram=EMMA)
        await emma.speak(language)
        return cls(town, language, on)

    async def strangers_come(self, number: int) -> list[int]:
        """People who write to the bot in Telegram."""
        first = MIA + len(self.town.telegram.people)
        for who in range(first, first + number):
            await self.town.telegram.user_says(who, "你好", first_name=f"客人{who}")
            await self.town.settled()
        self.strangers += range(first, first + number)
        return self.strangers[-number:]

    async def followers_come(self, number: int) -> list[str]:
        """People who write to the official account."""
        first = len(self.town.wechat.users)
        openids = [f"oSandboxFollower{n:011}" for n in range(first, first + number)]
        for openid in openids:
            await self.town.wechat.follow(openid)
            await self.town.wechat.user_says(openid, "你好")
            await self.town.settled()
        return openids

    async def contacts_come(self, number: int, member: str, name: str) -> list[str]:
        """People who add one of our members."""
        if not await StaffAccount.exists(external_id=member):
            await self.town.hire(name, Role.SALES, wecom=member)
        first = len(self.town.wecom.contacts)
        ids = [f"wmPushContact{n:015}" for n in range(first, first + number)]
        for each in ids:
            await self.town.wecom.add_contact(member, each, f"客人{each[-4:]}")
            await self.town.settled()
        return ids

    async def says(self, text: str) -> str:
        """What the boss reads then."""
        return await (self.town.staff_says(text) if self.on == "telegram" else self.town.member_says(text))

    async def does(self, verb: str, push_id: int = 1) -> str:
        return await self.says(f"{SAID[self.language][verb]} P{push_id}")

    def line(self, body: str, more: str = "", whom: str = ALL) -> str:
        return f"{SAID[self.language]['push'].format(whom=whom, more=more)}\n{body}"

    async def previewed(self, body: str, more: str = "", whom: str = ALL) -> str:
        return await self.says(self.line(body, more, whom))

    async def pushes(self, body: str, more: str = "", whom: str = ALL) -> Push:
        """Typed and confirmed; nothing has happened since."""
        return await self.only(await self.confirms(await self.previewed(body, more, whom)))

    async def only(self, _answer: str = "") -> Push:
        """The last one."""
        push = await Push.all().order_by("-id").first()
        assert push
        return push

    async def confirms(self, preview: str) -> str:
        found = CODE.search(preview)
        assert found, preview
        return await self.says(found.group())

    def read(self) -> list[str]:
        """Everything the boss was ever told."""
        return self.town.telegram_texts() if self.on == "telegram" else self.town.wecom_texts()

    async def passes(self, **duration: float) -> None:
        """Time goes by, and what is due by then is done."""
        self.town.clock.forward(**(duration or {"seconds": 1}))
        await RateLimit.all().update(paused_until=0)  # several processes go by the database's clock
        await self.town.looked_around()
        await self.town.settled()

    async def done(self, push: Push, rounds: int = 40, **each: float) -> str:
        """Round after round until it is over; the report."""
        for _ in range(rounds):
            await push.refresh_from_db()
            if push.state in {"done", "cancelled"}:
                return self.last()
            await self.passes(**each)
        raise AssertionError(push.state, await self.states(push))

    def last(self) -> str:
        """What the boss was told last: in WeCom what does not fit a card stands above it."""
        *_, above, last = "", *self.read()
        return last if "\n" in last else f"{above}\n{last}"

    async def states(self, push: Push) -> Counter[str]:
        rows = await Recipient.filter(push_id=push.id)
        return Counter(f"{row.state}({row.reason})" if row.reason else row.state for row in rows)

    async def identity_states(self, account: str) -> Counter[str]:
        return Counter(await Identity.filter(account=account).values_list("state", flat=True))  # type: ignore[arg-type]

    def asked(self, platform: str, path: str, body: str = "") -> list[Call]:
        """The calls of one method that hold these words."""
        return [call for call in self.town.calls(platform, path) if body in str(call.body)]

    def tomorrow(self, hour: int) -> datetime:
        day = self.town.clock().astimezone(ZONE) + timedelta(days=1)
        return day.replace(hour=hour, minute=0, second=0, microsecond=0)


async def ledger_equals_record(town: Town, push_id: int) -> None:
    """What the ledger says of each person and what came to each phone is the same, and came to nobody else.

    Pushes of the same words are looked at together. Of a mass message the platform says only how many it failed for.
    """
    push = await Push.get(id=push_id)
    content = push.content
    said = getattr(content, "caption", "") or getattr(content, "title", "") or words(content)
    mark = said.partition("{{")[0].strip()
    assert mark
    alike = await Push.filter(payload=push.payload).values_list("id", flat=True)
    rows = await Recipient.filter(push_id__in=alike)  # type: ignore[misc]
    for row in rows:
        if row.group_id:  # it may be called otherwise by now
            row.address = (await Group.get(id=row.group_id)).external_id
    least, doubtful = _counted(rows, SURE), _counted(rows, DOUBTFUL)
    counted = {batch.id: batch for batch in await Batch.filter(push_id__in=alike, way="mass") if batch.failed}  # type: ignore[misc]
    for batch in counted.values():
        those = _counted([row for row in rows if row.batch_id == batch.id], SURE)
        least, doubtful = least - those, doubtful + those
    record = received(town, mark)
    assert least <= record <= least + doubtful, f"ledger {least} and perhaps {doubtful}, record {record}"
    for batch in counted.values():
        reached = [row.address for row in rows if row.batch_id == batch.id and record[row.account, row.address]]
        assert len(reached) == batch.sent


def _counted(rows: Sequence[Recipient], states: Sequence[str]) -> Counter[tuple[str, str]]:
    return Counter((row.account, row.address.removeprefix("chat:")) for row in rows if row.state in states)


def received(town: Town, mark: str) -> Counter[tuple[str, str]]:
    """By account and address: how many messages with these words came to phones that are not our staff's."""
    found: Counter[tuple[str, str]] = Counter()
    for chat, messages in town.telegram.arrived.items():
        told = [each.get("text", each.get("caption", "")) for each in messages]
        found["telegram", str(chat)] += sum(mark in text for text in told)
    for openid in town.wechat.inboxes:
        found["official", openid] += sum(mark in each.text for each in town.wechat.received(openid))
    for contact in town.wecom.letters:
        found["wecom", contact] += sum(mark in each.text for each in town.wecom.received(contact))
    for entry in town.sandbox.stage.story.told():  # the app's messages to members
        platform, _, userid = entry.chat.partition(":")
        found["wecom", userid] += platform == "wecom" and entry.by == "company" and mark in str(entry.content)
    return Counter({who: number for who, number in found.items() if number and who[1] not in STAFF})
