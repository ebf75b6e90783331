"""Here lives a small town for the index: its people, everything that may change, and rules that ask about it all."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from domain.leads import Stage
from domain.rule_facts import Deed, Person, Purchase
from domain.rules import (
    Age,
    And,
    Between,
    Carries,
    Compared,
    Contains,
    DayOfYear,
    Empty,
    Fact,
    Moment,
    Not,
    OneOf,
    Or,
    Rule,
    Today,
)
from models.behaviours import Behaviour
from models.customers import Customer, Identity
from models.fields import instant
from models.leads import Lead
from models.messages import Message
from models.orders import Order
from models.sql import select
from models.staff import Staff
from models.tags import Tag, Tagging, TagGroup

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
MOMENT = Moment(NOW, ZoneInfo("Asia/Shanghai"), "CNY")
ACCOUNTS = ("wecom", "official", "telegram")
TEXTS = {
    "gender": ("", "male", "female"),
    "city": ("", "北京", "Paris", "PARIS", "İzmir"),
    "source": ("direct", "qr-1", "qr-2"),
    "language": ("", "zh", "en"),
    "consent": ("", "granted", "withdrawn"),
    "birthday": ("", "1990-03-02", "--03-02", "2000-12-31"),
}
SUMMED = """UPDATE customer SET
    orders = (SELECT COUNT(*) FROM purchase WHERE customer_id = $1 AND state = 'paid'),
    amount = (SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM purchase
        WHERE customer_id = $1 AND state = 'paid' AND currency = 'CNY'),
    last_order_at = (SELECT MAX(at) FROM purchase WHERE customer_id = $1 AND state = 'paid'),
    pushed_at = (SELECT MAX(at) FROM behaviour WHERE customer_id = $1 AND name = 'pushed'),
    clicked_at = (SELECT MAX(at) FROM behaviour WHERE customer_id = $1 AND name = 'clicked')
    WHERE id = $1 RETURNING id"""
Ask = Callable[[str], Awaitable[list[Any]]]


class Town:
    """`dice` decide everything; `change` is one thing that happens, inside the caller's transaction."""

    def __init__(self, seed: int, name: str = "t") -> None:
        self.dice = Random(seed)  # noqa: S311 - the same every time
        self.name = name
        self.count = 0

    async def found(self, people: int = 12) -> None:
        await Staff.create(id=1, name="李雷", role="sales", created_at=NOW)
        await Staff.create(id=2, name="韩梅梅", role="sales", created_at=NOW)
        group = await TagGroup.create(name="意向", created_at=NOW)
        for name in ("高", "中", "低", "VIP"):
            await Tag.create(group=group, name=name, created_at=NOW)
        for _ in range(people):
            await self.born()

    async def change(self) -> None:
        deeds = (self.born, self.tagged, self.tagged, self.tagged, self.edited, self.moved, self.bought, self.did)
        rare = (self.merged, self.renamed_tag, self.left, self.wrote, self.staged)
        await self.dice.choice(self.dice.choice((deeds, deeds, rare)))()

    async def someone(self) -> int:
        found = await select("SELECT id FROM customer ORDER BY id")
        return int(self.dice.choice(found)["id"])

    async def held(self) -> int:
        """Somebody whose sums nobody else makes meanwhile."""
        customer = await self.someone()
        await Customer.hold(customer)
        return customer

    def past(self) -> datetime:
        return NOW - timedelta(days=self.dice.choice((0, 1, 6, 7, 8, 30, 400)), milliseconds=self.dice.choice((0, 1)))

    async def born(self) -> None:
        values = {name: self.dice.choice(texts) for name, texts in TEXTS.items()}
        when = self.past()
        owner = self.dice.choice((None, 1, 2))
        score = self.dice.randrange(3)
        made = await Customer.create(name="王五", created_at=when, seen_at=when, owner_id=owner, score=score, **values)
        if self.dice.random() < 0.7:
            await Lead.create(customer=made, stage=Stage.NEW, created_at=when)

    async def tagged(self) -> None:
        customer, tag = await self.someone(), self.dice.randint(1, 4)
        if not await Tagging.filter(customer_id=customer, tag_id=tag).delete():
            await Tagging.create(customer_id=customer, tag_id=tag, at=NOW)

    async def edited(self) -> None:
        name, texts = self.dice.choice(list(TEXTS.items()))
        news = {
            name: self.dice.choice(texts),
            "custom": {"等级": self.dice.choice(("金", 3, ""))},
            "seen_at": self.past(),
        }
        await Customer.filter(id=await self.someone()).update(**news, attendant_id=self.dice.choice((None, 1)))

    async def moved(self) -> None:
        self.count += 1
        customer, account = await self.someone(), self.dice.choice(ACCOUNTS)
        at = {"state_at": NOW, "added_at": NOW}
        made = await Identity.create(
            customer_id=customer, account=account, external_id=f"{self.name}{self.count}", **at
        )
        if self.dice.random() < 0.3:
            await Identity.filter(id__lt=made.id, account=account).update(customer_id=customer)

    async def bought(self) -> None:
        self.count += 1
        customer = await self.held()
        state, currency = self.dice.choice(("paid", "paid", "open")), self.dice.choice(("CNY", "CNY", "USD"))
        amount = self.dice.choice((1, 9_999, 10_000))
        told: dict[str, Any] = {"number": str(self.count), "state": state, "currency": currency, "amount": amount}
        await Order.create(customer_id=customer, origin_id=customer, source=self.name, at=self.past(), **told)
        await select(SUMMED, customer)

    async def did(self) -> None:
        self.count += 1
        customer, name = await self.held(), self.dice.choice(("pushed", "clicked", "visit"))
        whose = {"customer_id": customer, "origin_id": customer}
        await Behaviour.create(**whose, source=self.name, key=str(self.count), name=name, at=self.past())
        await select(SUMMED, customer)

    async def wrote(self) -> None:
        self.count += 1
        customer = await self.someone()
        account = {"account": "official", "external_id": f"{self.name}m{self.count}"}
        identity = await Identity.create(customer_id=customer, **account, state_at=NOW, added_at=NOW)
        line = {"direction": self.dice.choice(("in", "out")), "text": "", "payload": "{}", "at": self.past()}
        await Message.create(customer_id=customer, identity=identity, **line)

    async def staged(self) -> None:
        await Lead.filter(customer_id=await self.someone()).update(stage=self.dice.choice(list(Stage)))

    async def merged(self) -> None:
        one, other = await self.someone(), await self.someone()
        await Customer.filter(id=one).update(merged_into_id=other if one != other else None)

    async def renamed_tag(self) -> None:
        gone = self.dice.choice(({"gone_at": NOW, "merged_into_id": 4}, {"gone_at": NOW}, {"gone_at": None}))
        await Tag.filter(id=self.dice.randint(1, 3)).update(**{"merged_into_id": None, **gone})

    async def left(self) -> None:
        await Customer.filter(id=await self.someone()).delete()

    def rule(self, depth: int = 3) -> Rule:
        if depth and self.dice.random() < 0.6:
            parts = tuple(self.rule(depth - 1) for _ in range(self.dice.randint(2, 3)))
            return self.dice.choice((And(parts), Or(parts), Not(parts[0])))
        return self.dice.choice(self.conditions())

    def conditions(self) -> list[Rule]:
        days = self.dice.choice((None, 1, 7, 30))
        op, same = self.dice.choice(("<", "<=", ">", ">=", "=", "!=")), self.dice.choice(("=", "!="))
        order = self.dice.choice(("<", "<=", ">", ">="))
        number, name = self.dice.randrange(3), self.dice.choice(list(TEXTS))
        text, when = self.dice.choice(TEXTS[name]) or "Paris", self.dice.choice(("created", "last_seen", "last_order"))
        many = self.dice.choice(("orders", "messages", "pushed", "clicked"))
        plain = name if name != "birthday" else "city"
        return [
            Carries(frozenset(self.dice.sample(range(1, 5), self.dice.randint(1, 2)))),
            Carries(frozenset({self.dice.randint(1, 4)})),
            Compared(Fact("channel"), same, self.dice.choice((*ACCOUNTS, "nowhere"))),
            OneOf(Fact("channel"), ACCOUNTS[:2]),
            Compared(Fact(plain), same, text),
            OneOf(Fact(plain), (text, "female", "北京")),
            Contains(Fact("city"), self.dice.choice(("aRi", "京", "i"))),
            Contains(Fact("name"), self.dice.choice(("五", "六"))),
            Empty(Fact(self.dice.choice(("owner", "attendant", "last_order", "stage", name)))),
            Compared(Fact("stage"), same, self.dice.choice(list(Stage)).value),
            Compared(Fact(self.dice.choice(("owner", "attendant"))), same, self.dice.choice((1, 2))),
            OneOf(Fact("owner"), (1, 2)),
            Compared(Fact(when), order, Age(self.dice.choice((0, 7, 30)))),
            Compared(Fact(when), op, self.dice.choice((Today(), Today(-1), date(2026, 2, 23)))),
            Between(Fact(when), Age(7), Age(30)),
            Between(Fact(when), date(2026, 2, 1), Today(-1)),
            Compared(Fact("birthday"), same, self.dice.choice((Today(), DayOfYear(12, 31), date(1990, 3, 2)))),
            Compared(Fact("birthday"), order, date(1995, 1, 1)),
            Compared(Fact("score"), op, number),
            OneOf(Fact("score"), (0, 2)),
            Between(Fact("score"), 1, 2),
            Compared(Fact(many, days), op, number),
            OneOf(Fact(many, days), (0, 2)),
            Compared(Fact("event", days, "visit"), op, number),
            Compared(Fact("amount", days), op, self.dice.choice((Decimal("99.99"), Decimal(0), Decimal(200)))),
            Between(Fact("amount", days), Decimal("0.01"), Decimal(100)),
            Compared(Fact("custom", key="等级"), same, self.dice.choice(("金", 3))),
            Empty(Fact("custom", key="等级")),
        ]


async def people(ask: Ask) -> list[Person]:
    """Everybody as rules see them."""
    tags = "SELECT t.customer_id, h.id FROM tagging AS t JOIN tag AS g ON g.id = t.tag_id JOIN tag AS h ON"
    heirs = f"{tags} h.gone_at IS NULL AND h.id = CASE WHEN g.gone_at IS NULL THEN g.id ELSE g.merged_into_id END"
    carried, on = await ask(heirs), await ask("SELECT customer_id, account FROM identity")
    bought = await ask("SELECT customer_id, at, amount, currency, state FROM purchase")
    done = await ask("SELECT customer_id, name, at FROM behaviour")
    said = await ask("SELECT customer_id, at FROM message WHERE direction = 'in'")
    stages = dict(map(tuple, await ask("SELECT customer_id, stage FROM lead")))
    columns = "id, name, created_at, seen_at, owner_id, attendant_id, score, custom, merged_into_id"
    return [
        Person(
            id=row[0],
            created=instant(row[2]),
            last_seen=instant(row[3]),
            texts={"name": row[1], **dict(zip(TEXTS, row[9:], strict=True))},
            stage=stages.get(row[0]),
            owner_id=row[4],
            attendant_id=row[5],
            score=row[6],
            tags=frozenset(tag for whose, tag in carried if whose == row[0]),
            channels=frozenset(account for whose, account in on if whose == row[0]),
            purchases=tuple(
                Purchase(instant(at), amount, currency, paid=state == "paid")
                for whose, at, amount, currency, state in bought
                if whose == row[0]
            ),
            deeds=tuple(Deed(name, instant(at)) for whose, name, at in done if whose == row[0]),
            messages=tuple(instant(at) for whose, at in said if whose == row[0]),
            custom=_custom(row[7]),
            merged=row[8] is not None,
        )
        for row in await ask(f"SELECT {columns}, {', '.join(TEXTS)} FROM customer")  # noqa: S608 - our own names
    ]


def _custom(stored: Any) -> dict[str, Any]:
    return dict(orjson.loads(stored)) if isinstance(stored, str) else dict(stored)
