"""Here live random houses full of customers, as rows and as plain people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.edits import GENDERS
from domain.leads import Stage
from domain.rule_facts import Deed, Person, Purchase
from domain.rule_fields import CONSENT, FIELDS
from domain.rules import Moment
from models.behaviours import Act, Behaviour
from models.customers import Customer, Identity
from models.database import insert_many
from models.leads import Lead
from models.messages import Message
from models.orders import Counted, Order, Sale
from models.sql import select
from models.staff import Staff
from models.tags import Tag, Tagging, TagGroup

# Around the change of clocks in both directions, in half hours too, and where there is none.
MOMENTS = (
    (datetime(2026, 11, 30, 4, 0, tzinfo=UTC), "Asia/Shanghai"),
    (datetime(2026, 3, 30, 9, 0, 0, 123_000, tzinfo=UTC), "Europe/Berlin"),
    (datetime(2026, 10, 25, 0, 59, 59, 999_000, tzinfo=UTC), "Europe/Berlin"),
    (datetime(2026, 3, 9, 3, 59, 59, 999_000, tzinfo=UTC), "America/New_York"),
    (datetime(2024, 2, 29, 13, 0, tzinfo=UTC), "Australia/Lord_Howe"),
)
CURRENCIES = ("CNY", "JPY", "KWD")
WORDS = (
    "",
    "a",
    "A",
    "aB",
    "Ab",
    "b",
    "É",
    "é",
    "ñ",
    "İ",
    "i",
    "ß",
    "张三",
    "%",
    "_",
    "a%b",
    "\\",
    "'",
    '"',
    " a",
    "1",
    "--",
)
KEYS = ("等级", "level", "a.b", 'q"x', "'", "$", "0")
ACCOUNTS = ("wecom", "official", "tg")
NAMES = ("pushed", "clicked", "paid", "Paid", "看")
DAYS = (1, 7)
TAGS = (1, 2, 3, 4, 5, 6, 7)
# By number: None lives, 0 is gone, else gone and merged into that one. 6 went into one that is gone by now.
HEIRS: Mapping[int, int | None] = {1: None, 2: None, 3: 0, 4: 1, 5: 2, 6: 3, 7: None}
STAFF = (1, 2, 3)
PROFILE = tuple(each.name for each in FIELDS if each.kind == "text")
TEXTS = (*PROFILE, "gender", "birthday", "consent")
BORN = ("", "1990-05-01", "2000-02-29", "--02-29", "--11-30", "1989-11-30", "--05-01", "1990-12-31", "2026-03-30")
STATES = ("paid", "open", "refunded", "cancelled")


@dataclass(frozen=True, slots=True)
class Told:
    """One customer in the making; `merged_into` is the number of another one, `gone` was deleted."""

    texts: Mapping[str, str]
    created: datetime
    last_seen: datetime
    stage: str | None
    owner: int | None
    attendant: int | None
    score: int
    custom: Mapping[str, str | int | float]
    tags: frozenset[int]
    accounts: frozenset[str]
    sales: Sequence[tuple[datetime, int, str, str]]
    deeds: Sequence[tuple[str, datetime]]
    said: Sequence[tuple[str, datetime]]
    fate: str = "there"


@dataclass(frozen=True, slots=True)
class House:
    moment: Moment
    told: tuple[Told, ...]

    def root(self, number: int) -> int:
        """Who a customer is: who was merged is the first of the house, who stays."""
        return 1 if self.told[number - 1].fate == "merged" else number

    @property
    def there(self) -> list[int]:
        return [number for number, one in enumerate(self.told, 1) if one.fate != "gone"]

    def people(self) -> list[Person]:
        """As plain values."""
        sales: dict[int, list[Purchase]] = {number: [] for number in self.there}
        deeds: dict[int, list[Deed]] = {number: [] for number in self.there}
        for number in self.there:
            one = self.told[number - 1]
            sales[self.root(number)] += [Purchase(at, n, money, state == "paid") for at, n, money, state in one.sales]
            deeds[self.root(number)] += [Deed(name, at) for name, at in one.deeds]
        return [self._person(number, tuple(sales[number]), tuple(deeds[number])) for number in self.there]

    def _person(self, number: int, sales: tuple[Purchase, ...], deeds: tuple[Deed, ...]) -> Person:
        one = self.told[number - 1]
        heirs = {tag if HEIRS[tag] is None else HEIRS[tag] for tag in one.tags}
        return Person(
            id=number,
            created=one.created,
            last_seen=one.last_seen,
            texts=one.texts,
            stage=one.stage,
            owner_id=one.owner,
            attendant_id=one.attendant,
            score=one.score,
            tags=frozenset(tag for tag in heirs if tag and HEIRS[tag] is None),
            channels=one.accounts,
            purchases=sales,
            deeds=deeds,
            messages=tuple(at for direction, at in one.said if direction == "in" and one.accounts),
            custom=one.custom,
            merged=one.fate == "merged",
        )

    async def settle(self) -> None:
        """As rows."""
        now = self.moment.now
        await Counted.be(self.moment.currency)
        await insert_many(Staff, ("id", "name", "role", "created_at"), [(n, f"s{n}", "sales", now) for n in STAFF])
        await insert_many(TagGroup, ("id", "name", "created_at"), [(1, "组", now)])
        columns = ("id", "group_id", "name", "created_at", "gone_at", "merged_into_id")
        rows = [(n, 1, f"t{n}", now, None if HEIRS[n] is None else now, HEIRS[n] or None) for n in TAGS]
        await insert_many(Tag, columns, rows)
        await self._customers()
        await self._belongings()
        await self._facts()
        gone = [str(number) for number, one in enumerate(self.told, 1) if one.fate == "gone"]
        if gone:
            await select(f"DELETE FROM customer WHERE id IN ({', '.join(gone)}) RETURNING id")  # noqa: S608 - numbers

    async def _customers(self) -> None:
        columns = ("id", *TEXTS, "owner_id", "attendant_id", "score", "custom", "created_at", "seen_at")
        rows = [
            (
                number,
                *(one.texts[name] for name in TEXTS),
                one.owner,
                one.attendant,
                one.score,
                dict(one.custom),
                one.created,
                one.last_seen,
            )
            for number, one in enumerate(self.told, 1)
        ]
        await insert_many(Customer, columns, rows)
        merged = [str(number) for number, one in enumerate(self.told, 1) if one.fate == "merged"]
        if merged:
            await select(f"UPDATE customer SET merged_into_id = 1 WHERE id IN ({', '.join(merged)}) RETURNING id")  # noqa: S608

    async def _belongings(self) -> None:
        each = list(enumerate(self.told, 1))
        leads = [(number, one.stage, one.created) for number, one in each if one.stage]
        await insert_many(Lead, ("customer_id", "stage", "created_at"), leads)
        tags = [(number, tag, self.moment.now) for number, one in each for tag in sorted(one.tags)]
        await insert_many(Tagging, ("customer_id", "tag_id", "at"), tags)
        accounts = [(number, account, str(number)) for number, one in each for account in sorted(one.accounts)]
        columns = ("id", "customer_id", "account", "external_id", "state_at", "added_at")
        now = self.moment.now
        await insert_many(Identity, columns, [(n, *row, now, now) for n, row in enumerate(accounts, 1)])
        first = {row[0]: n for n, row in reversed([*enumerate(accounts, 1)])}
        columns = ("customer_id", "identity_id", "direction", "text", "payload", "at")
        said = [(n, first[n], way, "", "", at) for n, one in each if n in first for way, at in one.said]
        await insert_many(Message, columns, said)

    async def _facts(self) -> None:
        each = list(enumerate(self.told, 1))
        sales = [(number, *sale) for number, one in each for sale in one.sales]
        await Order.tell(
            [
                Sale(who, "shop", str(n), state, amount, currency, at)  # type: ignore[arg-type]
                for n, (who, at, amount, currency, state) in enumerate(sales)
            ]
        )
        deeds = [(number, *deed) for number, one in each for deed in one.deeds]
        await Behaviour.tell([Act(who, "site", str(n), name, at) for n, (who, name, at) in enumerate(deeds)])


def instants(moment: Moment) -> st.SearchStrategy[datetime]:
    """Mostly at the very border of a day of the house, or of an age, or a thousandth of a second from it."""
    today = moment.now.astimezone(moment.timezone).date()
    midnights = [
        datetime.combine(today + timedelta(days=n), datetime.min.time(), moment.timezone).astimezone(UTC)
        for n in (-7, -1, 0, 1)
    ]
    ages = [moment.now - timedelta(hours=24 * n) for n in (0, *DAYS)]
    borders = st.builds(
        lambda at, step: at + timedelta(milliseconds=step), st.sampled_from([*midnights, *ages]), st.integers(-1, 1)
    )
    others = st.integers(0, 60 * 24).map(lambda hours: moment.now - timedelta(hours=hours))
    return st.one_of(borders, borders, borders, others)


def customers(moment: Moment) -> st.SearchStrategy[Told]:
    at = instants(moment)
    words = st.sampled_from(WORDS)
    texts: dict[str, st.SearchStrategy[str]] = {
        **dict.fromkeys(PROFILE, words),
        "gender": st.sampled_from(["", *GENDERS]),
        "birthday": st.sampled_from(BORN),
        "consent": st.sampled_from(["", *CONSENT]),
    }
    numbers = st.integers(-3, 3) | st.sampled_from([0.5, 1.5, 1.0, -0.1, 2**53 + 1, 1e15])
    amounts = st.integers(0, 3) | st.sampled_from([999, 1_000, 1_001, 123_456])
    return st.builds(
        Told,
        texts=st.fixed_dictionaries(texts),
        created=at,
        last_seen=at,
        stage=st.sampled_from([None, *(stage.value for stage in Stage)]),
        owner=st.sampled_from([None, *STAFF]),
        attendant=st.sampled_from([None, *STAFF]),
        score=st.integers(-2, 3),
        custom=st.dictionaries(st.sampled_from(KEYS), words | numbers, max_size=3),
        tags=st.frozensets(st.sampled_from(TAGS), max_size=4),
        accounts=st.frozensets(st.sampled_from(ACCOUNTS)),
        sales=st.lists(
            st.tuples(at, amounts, st.sampled_from(CURRENCIES), st.sampled_from([*STATES, "paid", "paid"])), max_size=4
        ),
        deeds=st.lists(st.tuples(st.sampled_from(NAMES), at), max_size=4),
        said=st.lists(st.tuples(st.sampled_from(["in", "in", "out"]), at), max_size=3),
        fate=st.sampled_from(["there", "there", "there", "merged", "gone"]),
    )


@st.composite
def houses(draw: st.DrawFn) -> House:
    """Up to a dozen customers, of whom the first stays."""
    now, zone = draw(st.sampled_from(MOMENTS))
    moment = Moment(now, ZoneInfo(zone), draw(st.sampled_from(CURRENCIES)))
    first, *more = draw(st.lists(customers(moment), min_size=3, max_size=12))
    return House(moment, (replace(first, fate="there"), *more))
