"""Here live random rules: every field with every operator that it has, joined and denied."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from domain.money import digits
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
    Moment,
    Not,
    OneOf,
    Or,
    Rule,
    Today,
    Value,
)
from tests.models.rule_worlds import ACCOUNTS, DAYS, KEYS, NAMES, STAFF, TAGS, WORDS

SAID = tuple(word for word in WORDS if word)
ATTENDED = Field("attendant", "staff", ())  # nobody types it
NUMBERS = ("0", "1", "-2", "1.5", "0.5", "-0.1", "9007199254740992", "1000000000000000")


def rules(moment: Moment) -> st.SearchStrategy[Rule]:
    return st.recursive(
        st.one_of(conditions(moment)),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=4).map(lambda some: And(tuple(some))),
            st.lists(inner, min_size=2, max_size=4).map(lambda some: Or(tuple(some))),
        ),
        max_leaves=6,
    )


def conditions(moment: Moment) -> list[st.SearchStrategy[Rule]]:
    """About each thing that can be asked, those of instants and counts several times: they have borders."""
    fields = [*FIELDS, ATTENDED]
    bordered = [field for field in fields if field.windowed or field.kind == "instant"]
    return [carries(), *(asked(field, moment) for field in (*fields, *bordered, *bordered))]


def carries() -> st.SearchStrategy[Rule]:
    return st.frozensets(st.sampled_from(TAGS), min_size=1, max_size=3).map(Carries)


def facts(field: Field) -> st.SearchStrategy[Fact]:
    keys = {"event": NAMES, "custom": KEYS}.get(field.name, ("",))
    days = (None, *DAYS) if field.windowed else (None,)
    return st.builds(Fact, st.just(field.name), st.sampled_from(days), st.sampled_from(keys))


def asked(field: Field, moment: Moment) -> st.SearchStrategy[Rule]:
    """One condition, with any operator of the field."""
    fact = facts(field)
    forms: list[st.SearchStrategy[Rule]] = []
    for op in field.operators:
        match op:
            case "empty":
                forms.append(st.builds(Empty, fact))
            case "~":
                forms.append(st.builds(Contains, fact, st.sampled_from(SAID)))
            case "in":
                some = st.lists(values(field, moment), min_size=1, max_size=4)
                forms.append(st.builds(OneOf, fact, some.map(tuple)))
            case "between":
                forms.append(st.builds(lambda fact, ends: Between(fact, *ends), fact, ends(field, moment)))
            case "=" | "!=":
                forms.append(st.builds(Compared, fact, st.just(op), values(field, moment)))
            case _:
                forms.append(st.builds(Compared, fact, st.just(op), bounds(field, moment)))
    return st.one_of(forms)


def values(field: Field, moment: Moment) -> st.SearchStrategy[Value]:
    """What may follow `=`."""
    kinds: dict[str, st.SearchStrategy[Value]] = {
        "text": st.sampled_from(SAID),
        "choice": st.sampled_from([*(field.choices or " ")]),
        "staff": st.sampled_from([*STAFF, 99]),
        "channel": st.sampled_from([*ACCOUNTS, "none"]),
        "day": dates(moment) | st.sampled_from([Today(), Today(-1), DayOfYear(2, 29), DayOfYear(5, 1)]),
        "instant": dates(moment) | st.integers(-2, 1).map(Today),
        "custom": st.sampled_from(SAID) | st.sampled_from(NUMBERS).map(Decimal),
    }
    return kinds[field.kind] if field.kind in kinds else bounds(field, moment)


def bounds(field: Field, moment: Moment) -> st.SearchStrategy[Value]:
    """What may follow `<`."""
    match field.kind:
        case "day":
            return dates(moment)
        case "instant":
            return dates(moment) | st.integers(-2, 1).map(Today) | st.sampled_from(DAYS).map(Age)
        case "money":
            whole = st.integers(0, 3) | st.sampled_from([999, 1_000, 1_001, 1_002, 123_456])
            return whole.map(lambda number: Decimal(number).scaleb(-digits(moment.currency)))
        case "custom":
            return st.sampled_from(NUMBERS).map(Decimal)
        case _:
            return st.integers(-2, 4)


def ends(field: Field, moment: Moment) -> st.SearchStrategy[tuple[Value, Value]]:
    """What may follow `between`: two of a kind, also in the wrong order."""
    kinds: dict[str, list[st.SearchStrategy[Value]]] = {
        "day": [dates(moment), st.builds(DayOfYear, st.integers(1, 12), st.integers(1, 28))],
        "instant": [dates(moment), st.sampled_from(DAYS).map(Age)],
    }
    return st.one_of([st.tuples(each, each) for each in kinds.get(field.kind, [bounds(field, moment)])])


def dates(moment: Moment) -> st.SearchStrategy[date]:
    """Around today, and around the birthdays there are."""
    today = moment.now.astimezone(moment.timezone).date()
    near = st.sampled_from([-7, -1, 0, 1]).map(lambda days: today + timedelta(days=days))
    return near | st.sampled_from([date(1990, 5, 1), date(2000, 2, 29), date(1990, 5, 2), date(1990, 12, 31)])
