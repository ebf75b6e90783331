"""Here live rules and people made at random, for what must hold of all of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from domain.rule_facts import Deed, Person, Purchase
from domain.rule_fields import FIELDS
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
    Field,
    Kind,
    Member,
    Moment,
    Not,
    OneOf,
    Or,
    Rule,
    Tagged,
    Today,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
NOON = Moment(NOW, SHANGHAI)
WORDS = (
    "北京",
    "上海",
    "VIP",
    "vip",
    "Straße",
    "两 个",
    "and",
    "5,000",
    "今天",
    'a"b',
    "「高」",
    "30d",
    "A..B",
    "café",
    "是",
)
NAMES = st.sampled_from(("高", "意向高", "VIP", "two words", "A+B", "且", "not", "10%", "a-b", '"x"', "G7"))
TEXTS = st.sampled_from(WORDS) | st.text('ab 且="#@/().,、~「」', min_size=1).filter(str.strip).map(
    lambda text: " ".join(text.split())
)
DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31))
RECENT = st.dates(date(2026, 11, 25), date(2026, 12, 2))
YEARLY = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda day: DayOfYear(day.month, day.day))
TODAYS = st.integers(-1, 1).map(Today)
AGES = st.sampled_from((1, 2, 3, 30, 36_500)).map(Age)
SMALL = st.integers(-1, 3)
AMOUNTS = st.integers(-200, 1_000).map(lambda cents: Decimal(cents).scaleb(-2))
NUMBERS = st.decimals(-10, 10, places=1)
SIGNS = ("=", "!=", "<", "<=", ">", ">=")


def facts(field: Field) -> st.SearchStrategy[Fact]:
    days = st.sampled_from((None, 1, 2, 30)) if field.windowed else st.none()
    key = (
        st.sampled_from(("付款", "paid", "order.paid", "7d", "a b", "等级", "且", "1")) if field.keyed else st.just("")
    )
    return st.builds(Fact, st.just(field.name), days, key)


def conditions(field: Field) -> st.SearchStrategy[Rule]:
    """What can be asked of one field, as it is typed."""
    return facts(field).flatmap(lambda fact: st.one_of(*_asked(field, fact)))


def _asked(field: Field, fact: Fact) -> list[st.SearchStrategy[Rule]]:
    kind, it = field.kind, st.just(fact)
    empty = st.builds(Empty, it)
    same = st.sampled_from(("=", "!="))
    sign = st.sampled_from(SIGNS)
    match kind:
        case "text" | "custom" | "choice" | "staff" | "channel":
            value = _words(field)
            asked = [st.builds(Compared, it, same, value), st.builds(OneOf, it, _several(value))]
            if kind == "custom":
                asked += [st.builds(Compared, it, sign, NUMBERS), _between(fact, NUMBERS)]
            if kind in ("text", "custom"):
                asked.append(st.builds(Contains, it, TEXTS))
            return asked if kind == "channel" else [*asked, empty]
        case "day":
            yearly = st.builds(Compared, it, same, YEARLY | TODAYS)
            whole = st.builds(Compared, it, sign, DATES | RECENT)
            return [yearly, whole, _between(fact, DATES), _between(fact, YEARLY), empty]
        case "instant":
            day, age = RECENT | TODAYS, st.builds(Compared, it, st.sampled_from(SIGNS[2:]), AGES)
            return [st.builds(Compared, it, sign, day), age, _between(fact, RECENT), _between(fact, AGES), empty]
        case _:
            number: st.SearchStrategy[int | Decimal] = AMOUNTS if kind == "money" else SMALL
            between = _between(fact, number)
            return [st.builds(Compared, it, sign, number), st.builds(OneOf, it, _several(number)), between]


def _words(field: Field) -> st.SearchStrategy[str]:
    if field.choices:
        return st.sampled_from(sorted(field.choices))
    names: dict[Kind, tuple[str, ...]] = {"staff": ("李雷", "Mary Ann"), "channel": ("main", "企微")}
    return st.sampled_from(names[field.kind]) if field.kind in names else TEXTS


def _several(value: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(value, min_size=1, max_size=3, unique=True).map(tuple)


def _between(fact: Fact, value: st.SearchStrategy[object]) -> st.SearchStrategy[Rule]:
    def order(pair: tuple[object, object]) -> Between:
        low, high = sorted(pair, key=_place)
        return Between(fact, low, high)  # type: ignore[arg-type]

    return st.tuples(value, value).map(order)


def _place(value: object) -> object:
    match value:
        case Age(days):
            return days
        case DayOfYear(month, day):
            return (month, day)
        case _:
            return value


TYPED: st.SearchStrategy[Rule] = st.one_of(
    *(conditions(field) for field in FIELDS),
    st.builds(Tagged, st.sampled_from(("", "意向", "a b")), NAMES),
    st.builds(Tagged, st.sampled_from(("意向", "a b")), st.just("")),
    st.builds(Member, NAMES, st.sampled_from(((), (("days", "30"),), (("", "7"),), (("a", "x y"), ("b", "1"))))),
)
BOUND: st.SearchStrategy[Rule] = st.one_of(
    *(conditions(field) for field in FIELDS if field.kind not in ("staff", "channel")),
    st.builds(Carries, st.frozensets(st.integers(1, 4), min_size=1, max_size=3)),
    st.builds(Compared, st.just(Fact("owner")), st.sampled_from(("=", "!=")), st.integers(1, 3)),
    st.builds(OneOf, st.just(Fact("channel")), st.sampled_from((("main",), ("tg", "main")))),
    st.builds(Empty, st.just(Fact("owner"))),
)


def joined(conditions: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    """Rules of such conditions; an `and` has no `and` right in it, nor an `or` an `or`, because nobody types those."""

    def deeper(rules: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
        return (
            rules.map(Not)
            | st.lists(rules, min_size=2, max_size=3).map(lambda some: And(_flat(some, And)))
            | st.lists(rules, min_size=2, max_size=3).map(lambda some: Or(_flat(some, Or)))
        )

    return st.recursive(conditions, deeper, max_leaves=6)


def _flat(rules: list[Rule], kind: type[And | Or]) -> tuple[Rule, ...]:
    return tuple(part for rule in rules for part in (rule.rules if isinstance(rule, kind) else (rule,)))


def instants() -> st.SearchStrategy[datetime]:
    """Around today's borders, and those of windows and ages, to the millisecond."""
    borders = [NOW - timedelta(days=days) for days in (1, 2, 3, 30)]
    borders += [datetime(2026, 11, day, tzinfo=SHANGHAI) for day in (25, 29, 30)]
    near = st.builds(
        lambda at, shift: (at + timedelta(milliseconds=shift)).astimezone(UTC),
        st.sampled_from(borders),
        st.integers(-1, 1),
    )
    return near | st.just(NOW)


BIRTHDAYS = st.sampled_from(("", "1990-11-30", "--11-30", "--02-29", "2026-11-30", "1950-11-01", "--12-01"))
PEOPLE = st.builds(
    Person,
    id=st.just(1),
    created=instants(),
    last_seen=instants(),
    texts=st.fixed_dictionaries(
        {
            "name": st.sampled_from(("", *WORDS)),
            "city": st.sampled_from(("", "北京", "PARIS", "Ä", "ä")),
            "gender": st.sampled_from(("", "male", "female")),
            "birthday": BIRTHDAYS,
            "consent": st.sampled_from(("", "granted", "withdrawn")),
            "source": st.just("direct"),
        }
    ),
    stage=st.sampled_from((None, "new", "won")),
    owner_id=st.sampled_from((None, 1, 2)),
    score=SMALL,
    tags=st.frozensets(st.integers(1, 4), max_size=3),
    channels=st.sampled_from((frozenset(), frozenset({"main"}), frozenset({"main", "tg"}))),
    purchases=st.lists(
        st.builds(Purchase, instants(), st.integers(-100, 500), st.sampled_from(("CNY", "USD")), st.booleans()),
        max_size=3,
    ).map(tuple),
    deeds=st.lists(st.builds(Deed, st.sampled_from(("pushed", "clicked", "paid", "付款")), instants()), max_size=3).map(
        tuple
    ),
    messages=st.lists(instants(), max_size=2).map(tuple),
    custom=st.dictionaries(
        st.sampled_from(("等级", "1", "且")), st.sampled_from(("", "VIP", "5", 5, 5.5, -1)), max_size=3
    ),
)
