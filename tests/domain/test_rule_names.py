"""Here lives what must hold of the names in rules: what they stand for, and what is said of those that are none."""

from collections.abc import Mapping

import pytest

from domain.errors import Refusal
from domain.rule_names import MOST, Names, bound, kept, named
from domain.rule_text import parse, written
from domain.rules import And, Carries, Compared, Empty, Fact, Not, OneOf, Or, Rule
from domain.taggings import Known
from templates import LANGUAGES, render
from templates.presets import presets

LIBRARY = [
    Known(1, "意向", "高"),
    Known(2, "意向", "低"),
    Known(3, "等级", "VIP"),
    Known(4, "客户", "VIP"),
    Known(5, "客户", "G9"),
    Known(6, "两 个", "A+"),
]
STAFF = {1: "李雷", 2: "韩梅梅", 3: "李四"}
ACCOUNTS = {"main": "wecom", "tg": "telegram", "tg2": "telegram"}


def names(audiences: Mapping[str, str] | None = None, currency: str = "CNY") -> Names:
    heirs = {21: 22, 22: 1, 23: 24, 24: 23}
    return Names(LIBRARY, STAFF, ACCOUNTS, audiences or {}, currency, heirs, presets())


def meaning(text: str, audiences: Mapping[str, str] | None = None) -> Rule:
    return bound(parse(text), names(audiences))


def refusal(text: str, audiences: Mapping[str, str] | None = None, currency: str = "CNY") -> Refusal:
    with pytest.raises(Refusal) as caught:
        bound(parse(text), names(audiences, currency))
    for language in LANGUAGES:
        assert len(render(f"chat/{language}/{caught.value.key}.txt", **caught.value.values).splitlines()) <= 8
    return caught.value


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("#意向/高", {1}),
        ("#高", {1}),
        ("#意向/", {1, 2}),
        ("#vip", {3, 4}),
        ("#客户/ＶＩＰ", {4}),
        ("#G3", {3}),
        ("#g4", {4}),
        ("#客户/G9", {5}),
        ('#"两  个 / a+"', {6}),
        ("#G21", {1}),  # merged into one that was merged into this one
    ],
)
def test_a_tag_is_found_by_its_name_path_group_or_id(text: str, ids: set[int]) -> None:
    assert meaning(text) == Carries(frozenset(ids))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("负责人=@李雷", Compared(Fact("owner"), "=", 1)),
        ("owner != hanmeimei", Compared(Fact("owner"), "!=", 2)),
        ("owner in (@李雷, 李四, lilei)", OneOf(Fact("owner"), (1, 3))),
        ("渠道=企微", Compared(Fact("channel"), "=", "main")),
        ("渠道=tg", Compared(Fact("channel"), "=", "tg")),
        ("渠道=电报", OneOf(Fact("channel"), ("tg", "tg2"))),
        ("渠道!=telegram", Not(OneOf(Fact("channel"), ("tg", "tg2")))),
        ("渠道 属于 (telegram, main)", OneOf(Fact("channel"), ("tg", "tg2", "main"))),
    ],
)
def test_colleagues_and_channels_become_what_is_stored(text: str, rule: Rule) -> None:
    assert meaning(text) == rule


def test_what_is_bound_already_stays() -> None:
    owners = Or((Empty(Fact("owner")), OneOf(Fact("owner"), (1, 2)), Compared(Fact("attendant"), "=", 7)))
    assert bound(owners, names()) == owners
    assert bound(Carries(frozenset({9})), names()) == Carries(frozenset({9}))


def test_an_audience_becomes_its_rule() -> None:
    saved = {"老客": "orders >= 3", "贵客": "@老客 and #G3 and not @沉默"}
    assert meaning("@贵客 或 #高", saved) == Or(
        (
            And((parse("orders >= 3"), Carries(frozenset({3})), Not(parse("last_seen > 30d")))),
            Carries(frozenset({1})),
        )
    )
    assert meaning("@老客", {**saved, "沉默": "#高"}) == parse("orders >= 3")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("@沉默", "last_seen > 30d"),
        ("@silent(days=60)", "last_seen > 60d"),
        ("@沉默(天数=7)", "last_seen > 7d"),
        ("@沉默(7)", "last_seen > 7d"),
        ("@高消费(100, 7)", "amount.7d >= 100"),
        ("@spenders(days=7)", "amount.7d >= 5000"),
        ("@spenders(days=7, 100)", "amount.7d >= 100"),
    ],
)
def test_a_template_is_filled_with_its_arguments(text: str, rule: str) -> None:
    assert meaning(text) == parse(rule)


def test_a_saved_audience_is_asked_before_a_template() -> None:
    assert meaning("@沉默", {"沉默": "#高"}) == Carries(frozenset({1}))


@pytest.mark.parametrize(
    ("text", "key", "values"),
    [
        ("#高意象", "rule_tag", {"what": "高意象", "joint": ""}),
        ("#VIQ", "rule_tag", {"near": ["等级/VIP"]}),
        ("#意向/中", "rule_tag", {"what": "意向/中"}),
        ("#意象/", "rule_tag", {"what": "意象/", "near": ["意向/"]}),
        ("#高且#低", "rule_tag", {"joint": "且"}),
        ("#G99", "rule_tag", {"what": "G99"}),
        ("#G23", "rule_tag", {"what": "G23"}),
        ("负责人=@王五", "rule_person", {"what": "王五"}),
        ("负责人=@李磊", "rule_person", {"near": ["李雷", "李四"]}),
        ("负责人=@李", "several_people", {"names": ["李雷", "李四"]}),
        ("渠道=短信", "no_such_channel", {"what": "短信", "kinds": ["telegram", "wecom"]}),
        ("@老可", "rule_audience", {"near": ["老客"], "person": ""}),
        ("@李雷", "rule_audience", {"person": "李雷"}),
        ("@老客(days=3)", "rule_argument", {"why": "none"}),
        ("@沉默(x=3)", "rule_argument", {"why": "unknown", "known": ["days"]}),
        ("@沉默(3, 4)", "rule_argument", {"why": "unknown", "what": "4"}),
        ("@沉默(days=abc)", "rule_argument", {"why": "value", "number": True}),
        ("@沉默(3, days=3)", "rule_argument", {"why": "twice"}),
        ("@沉默(days=99999)", "rule_value", {"why": "days"}),
        ("金额>=1.234", "bad_amount", {"digits": 2}),
        ("金额 介于 1..2.345", "bad_amount", {"digits": 2}),
        ("金额 属于 (1, 2.345)", "bad_amount", {"digits": 2}),
        ("@圈", "rule_circle", {"names": ["圈", "圆", "圈"]}),
        ("@自己", "rule_circle", {"names": ["自己", "自己"]}),
        ("#高 and not @坏", "rule_audience_broken", {"name": "坏"}),
        ("@深", "rule_audience_broken", {"name": "深"}),
    ],
)
def test_a_name_of_nothing_is_refused_with_what_may_have_been_meant(
    text: str, key: str, values: dict[str, object]
) -> None:
    saved = {"老客": "orders >= 3", "圈": "#高 or @圆", "圆": "not @圈", "自己": "@自己", "坏": "#G99", "深": "@坏"}
    found = refusal(text, saved)
    assert found.key == f"refusals/{key}"
    assert values.items() <= found.values.items(), found.values


def test_yen_have_no_decimals() -> None:
    assert refusal("金额>=1.5", currency="JPY").values["digits"] == 0
    assert bound(parse("金额>=1"), names(currency="JPY")) == parse("金额>=1")


def test_audiences_within_each_other_have_an_end() -> None:
    deep = {f"a{n}": f"@a{n + 1}" for n in range(60)} | {"a60": "#高"}
    assert refusal("@a0", deep).key == "refusals/rule_deep"
    assert meaning("@a20", deep) == Carries(frozenset({1}))


def test_audiences_do_not_grow_beyond_measure() -> None:
    """Each is two of the next: 2⁴⁰ conditions if one counted only at the end."""
    double = {f"a{n}": f"@a{n + 1} and @a{n + 1}" for n in range(40)} | {"a40": "#高"}
    assert refusal("@a0", double).values == {"most": MOST}
    assert refusal(" or ".join(["#高"] * (MOST + 1))).key == "refusals/rule_large"
    assert isinstance(meaning(" or ".join(["#高"] * MOST)), Or)


def test_as_deep_as_can_be_typed_can_be_bound() -> None:
    assert isinstance(meaning("(#高 and " * 25 + "(#低 or " * 25 + "#高" + ")" * 50), And)
    assert isinstance(meaning("非 " * 50 + "#高"), Not)


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("#高 且 #意向/低", "#G1 and #G2", "#高 and #低"),
        ("#客户/VIP", "#G4", "#客户/VIP"),
        ("#VIP", "#G3 or #G4", None),
        ("#VIP 且 非 #VIP", "(#G3 or #G4) and not (#G3 or #G4)", None),
        ("#高 或 #VIP", "#G1 or #G3 or #G4", None),
        ("#客户/G9", "#G5", "#客户/G9"),
        ("#G1", "#G1", "#高"),
        ("#意向/", "#意向/", "#意向/"),
        ("@沉默(7) 且 负责人=lilei", "@沉默(7) and owner = @lilei", "@沉默(7) and owner = @lilei"),
    ],
)
def test_tags_are_kept_by_their_ids_and_shown_by_their_names(typed: str, stored: str, shown: str | None) -> None:
    rule = kept(parse(typed), names())
    assert written(rule) == stored
    again = named(parse(stored), names())
    assert kept(again, names()) == rule
    if shown:
        assert written(again) == shown


def test_a_tag_that_is_gone_stays_an_id() -> None:
    assert written(named(parse("#G99 and #G21"), names())) == "#G99 and #高"


def test_what_is_kept_must_have_its_tags() -> None:
    with pytest.raises(Refusal):
        kept(parse("not #nothing"), names())
