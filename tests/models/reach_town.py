"""Here lives a small town for pushes, and who is to be reached there, said in plain words."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from domain.media import Medium, Way
from domain.permissions import Role
from domain.rules import Compared, Fact, Moment, Or, Rule
from models.customers import Customer, Identity, Relation
from models.pushes import Push
from models.reach import Reach, Road
from models.recipients import Recipient
from models.staff import Staff, StaffAccount

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
MONTH = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
WEEK = NOW - timedelta(days=7)
MOMENT = Moment(NOW, UTC, "CNY")
RULE: Rule = Or(tuple(Compared(Fact("city"), "=", city) for city in ("上海", "北京")))
TASK = Medium("task", 4000, "bytes", "", personal=False, most=10_000, monthly=0)
APP = Medium("message", 2048, "bytes", "")
CHAT = Medium("message", 4096, "utf16", "")
SERVICE = Medium("message", 2048, "bytes", "", window=timedelta(hours=48))
MASS = Medium("mass", 2048, "bytes", "", personal=False, least=2, monthly=2)
ROADS: Sequence[tuple[Road, ...]] = (
    (Road("wecom", TASK), Road("wecom", APP, app=True), Road("official", SERVICE), Road("telegram", CHAT)),
    (Road("official", MASS), Road("telegram", CHAT)),
    (Road("official", SERVICE), Road("official", MASS)),
    (Road("wecom", APP, app=True),),
    (Road("telegram", CHAT), Road("wecom", TASK)),
)
COUNTS = {"sent", "delivered", "read", "awaiting", "unsure", "sending"}
STAND = {"", "no_consent", "opted_out", "capped"}
WAYS: Sequence[Way] = ("message", "task", "mass")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one customer."""

    account: str = ""
    way: str = ""
    address: str = ""
    member: str = ""
    reason: str = ""


@dataclass(slots=True)
class Town:
    """Everything in it as rows, read back from the database."""

    dice: random.Random
    roads: tuple[Road, ...]
    cap: int
    customers: list[Customer] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    colleagues: list[StaffAccount] = field(default_factory=list)
    ledger: list[Recipient] = field(default_factory=list)

    @property
    def reach(self) -> Reach:
        return Reach(self.roads, NOW, MONTH, 30, self.cap, WEEK if self.cap else None)

    @classmethod
    async def settled(cls, seed: int, people: int = 12) -> "Town":
        """A town of this seed."""
        dice = random.Random(seed)  # noqa: S311 - the same town for the same seed
        town = cls(dice, dice.choice(ROADS), dice.choice((0, 1, 2)))
        staff = [await Staff.create(name=f"s{n}-{seed}", role=Role.SALES, created_at=NOW) for n in range(3)]
        for n, person in enumerate(staff):
            await StaffAccount.create(staff=person, account="wecom", external_id=f"m{n}", used_at=NOW)
        for n in range(people):
            await town._somebody(n, staff)
        await StaffAccount.create(staff=staff[0], account="telegram", external_id="telegram-1", used_at=NOW)
        await town._pushes(staff[0])
        await town.read()
        return town

    async def read(self) -> None:
        self.customers = await Customer.all().order_by("id")
        self.identities = await Identity.all().order_by("id")
        self.relations = await Relation.all().order_by("id")
        self.colleagues = await StaffAccount.all()
        self.ledger = await Recipient.all().select_related("push")

    async def _somebody(self, n: int, staff: Sequence[Staff]) -> None:
        dice = self.dice
        customer = await Customer.create(
            name=f"客户{n}",
            city=dice.choice(("上海", "上海", "北京", "广州")),
            phone=dice.choice(("", "", "1", "2")),
            consent=dice.choice(("", "", "", "granted", "withdrawn")),
            owner=dice.choice((None, *staff)),
            created_at=NOW,
            seen_at=NOW,
        )
        if n > 1 and dice.random() < 0.1:
            await Customer.filter(id=customer.id).update(merged_into_id=1)
        unionid = dice.choice(("", "", "u1", "u2"))
        for account in dice.sample(("wecom", "official", "telegram"), dice.randint(0, 3)):
            heard = dice.choice((None, timedelta(hours=48), timedelta(hours=47), timedelta(days=9)))
            identity = await Identity.create(
                customer=customer,
                account=account,
                external_id=f"{account}-{n}",
                unionid="" if account == "telegram" else unionid,
                state=dice.choice(("reachable", "reachable", "reachable", "blocked", "deleted")),
                state_at=NOW,
                added_at=NOW,
                heard_at=heard and NOW - heard,
                opted_out_at=dice.choice((None, None, None, NOW)),
            )
            for member in dice.sample(("m0", "m1", "m2"), dice.choice((0, 1, 2)) if account == "wecom" else 0):
                await Relation.create(
                    identity=identity,
                    userid=member,
                    added_at=dice.choice((None, NOW, NOW - timedelta(days=1))),
                    ended_at=dice.choice((None, None, NOW)),
                )

    async def _pushes(self, staff: Staff) -> None:
        """What was sent before, of which a part is on its way, and a part is long over."""
        asked = {"staff": staff, "account": "telegram", "chat": "1", "language": "zh-CN", "payload": "{}"}
        for started in (None, NOW - timedelta(days=1), NOW - timedelta(days=10), NOW - timedelta(days=40)):
            push = await Push.create(**asked, created_at=NOW, started_at=started)
            for identity in await Identity.all():
                if self.dice.random() < 0.5:
                    await Recipient.create(
                        push=push,
                        customer_id=identity.customer_id,
                        identity_id=identity.id,
                        account=identity.account,
                        way=self.dice.choice(WAYS),
                        state=self.dice.choice((*sorted(COUNTS), "waiting", "failed", "skipped")),
                        sent_at=self.dice.choice((None, WEEK, WEEK - timedelta(milliseconds=1), NOW, MONTH)),
                    ) if not await Recipient.exists(push=push, customer_id=identity.customer_id) else None

    def verdicts(self) -> dict[int, Verdict]:
        """Of everybody in the audience, by id; who comes later may be the same person as who came before."""
        found: dict[int, Verdict] = {}
        standing: dict[str, set[str]] = {"phone": set(), "unionid": set()}
        for one in self.customers:
            if one.merged_into_id is not None or one.city not in ("上海", "北京"):
                continue
            verdict = self._verdict(one)
            known = {"phone": one.phone, "unionid": self._unionid(one)}
            stands = verdict.reason in STAND
            if not verdict.reason and any(value and value in standing[name] for name, value in known.items()):
                verdict = Verdict(verdict.account, verdict.way, verdict.address, verdict.member, "duplicate")
            found[one.id] = verdict
            if stands:
                for name, value in known.items():
                    standing[name].add(value)
        return found

    def still(self, row: Recipient) -> str:
        """Why a row of the ledger that waited is not to be sent any more, by the road that was chosen for it."""
        identity = next(each for each in self.identities if each.id == row.identity_id)
        one = next(each for each in self.customers if each.id == identity.customer_id)
        road = next(each for each in self.roads if (each.account, each.medium.way) == (row.account, row.way))
        if one.consent == "withdrawn":
            return "no_consent"
        if reason := self._reason(identity, road, one):
            return reason
        return "capped" if self.cap and self._sent(one, WEEK) >= self.cap else ""

    def _unionid(self, one: Customer) -> str:
        return max((each.unionid for each in self.identities if each.customer_id == one.id), default="")

    def _verdict(self, one: Customer) -> Verdict:
        pairs = [
            (identity, road, place)
            for identity in self.identities
            for place, road in enumerate(self.roads)
            if identity.customer_id == one.id and identity.account == road.account and not self._is_colleague(identity)
        ]
        judged = [(self._reason(identity, road, one), identity, road, place) for identity, road, place in pairs]
        if not judged:
            return Verdict(reason="no_consent" if one.consent == "withdrawn" else "unreachable")
        reason, identity, road, _ = min(
            judged, key=lambda each: (each[0] != "", -_ms(each[1].heard_at), each[3], each[1].id)
        )
        member = self._member(identity, one) if road.medium.way == "task" else ""
        if one.consent == "withdrawn":
            reason = "no_consent"
        elif not reason and self.cap and self._sent(one, WEEK) >= self.cap:
            reason = "capped"
        return Verdict(identity.account, road.medium.way, identity.external_id, member, reason)

    def _is_colleague(self, identity: Identity) -> bool:
        return (identity.account, identity.external_id) in {(x.account, x.external_id) for x in self.colleagues}

    def _reason(self, identity: Identity, road: Road, one: Customer) -> str:  # noqa: PLR0911 - one for each reason
        member, medium = self._member(identity, one), road.medium
        if identity.state != "reachable":
            return identity.state
        if identity.opted_out_at:
            return "opted_out"
        if medium.way == "task" and not member:
            return "no_member"
        if road.app and (member or not identity.heard_at):
            return "unreachable" if member else "no_member"
        if medium.window and (not identity.heard_at or identity.heard_at <= NOW - medium.window):
            return "window_closed"
        if medium.monthly is not None and self._sent(one, MONTH, identity, medium.way) >= (medium.monthly or 30):
            return "month_quota"
        return ""

    def _member(self, identity: Identity, one: Customer) -> str:
        owners = {each.external_id for each in self.colleagues if each.staff_id == one.owner_id}
        lasting = [each for each in self.relations if each.identity_id == identity.id and not each.ended_at]
        lasting.sort(key=lambda each: (each.userid not in owners, -_ms(each.added_at), -each.id))
        return lasting[0].userid if lasting else ""

    def _sent(self, one: Customer, since: datetime, identity: Identity | None = None, way: str = "") -> int:
        rows = [
            row
            for row in self.ledger
            if row.customer_id == one.id
            and row.state in COUNTS
            and (identity is None or (row.identity_id == identity.id and row.way == way))
        ]
        return sum(_ms(row.sent_at or row.push.started_at) >= _ms(since) for row in rows)


def _ms(at: datetime | None) -> int:
    return int(at.timestamp() * 1000) if at else 0


def summed(verdicts: dict[int, Verdict]) -> tuple[Counter[tuple[str, str]], Counter[str], Counter[tuple[str, str]]]:
    """By road, by reason, and by member."""
    sent = [verdict for verdict in verdicts.values() if not verdict.reason]
    return (
        Counter((each.account, each.way) for each in sent),
        Counter(each.reason for each in verdicts.values() if each.reason),
        Counter((each.account, each.member) for each in sent if each.member),
    )
