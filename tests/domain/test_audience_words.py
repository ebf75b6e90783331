"""Here lives how people speak of audiences: sub-words, names, keys, and the signed tags behind a rule."""

import pytest

from domain.audience_words import AUDIENCE, WHERE, Wish, check_name, is_name, keyed, mentioned, parted, unquoted, wish
from domain.errors import Refusal
from domain.rule_text import parse


@pytest.mark.parametrize(
    ("text", "body", "meant"),
    [
        ("", "", Wish("list")),
        ("page=2", "", Wish("list", page=2)),
        ("城市=上海", "", Wish("count", rule="城市=上海")),
        ("存 老客 = 订单>=3", "", Wish("save", "老客", "订单>=3")),
        ("存 老客=订单>=3", "", Wish("save", "老客", "订单>=3")),
        ("存 老客：订单>=3", "", Wish("save", "老客", "订单>=3")),
        ("存 老客＝“订单>=3”", "", Wish("save", "老客", "订单>=3")),
        ("save old orders>=3", "", Wish("save", "old", "orders>=3")),
        ("SAVE @old = orders>=3", "", Wish("save", "old", "orders>=3")),
        ("save old =", "orders>=3", Wish("save", "old", "orders>=3")),
        ("save = orders>=3", "old", Wish("save", "old", "orders>=3")),
        ("save = orders>=3", "", Wish("save", "", "orders>=3")),
        ("存 老客", "", Wish("save", "老客")),
        ("存", "", Wish("save")),
        ("存\u3000老客\u3000＝\u3000订单>=3", "", Wish("save", "老客", "订单>=3")),
        ("看\u3000老客", "", Wish("show", "老客")),
        ("看 @老客", "", Wish("show", "老客")),
        ("show", "", Wish("show")),
        ("删 “老客”", "", Wish("drop", "老客")),
        ("del old", "", Wish("drop", "old")),
    ],
)
def test_what_is_asked(text: str, body: str, meant: Wish) -> None:
    assert wish(text, body) == meant


@pytest.mark.parametrize("name", ["老客", "VIP", "vip-2026", "a.b", "双十一_复购", "3天"])
def test_names(name: str) -> None:
    assert is_name(name)
    check_name(name, ["沉默"])


@pytest.mark.parametrize(
    "name", ["", "存", "del", "或", "and", "C12", "城市", "City", "老 客", "a=b", "?1", "x" * 33, "沉默", "(a"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_name(name, ["沉默"])
    assert caught.value.key == "refusals/audience_name"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("条件=城市=上海", "城市=上海"),
        (" WHERE = city = Rome", "city = Rome"),
        ("人群＝老客", "老客"),
        ('where="city=Rome"', "city=Rome"),
        ("where=", ""),
        ("条件 城市=上海", None),
        ("张三", None),
    ],
)
def test_what_follows_a_key(text: str, rule: str | None) -> None:
    assert keyed(text, WHERE) == rule


def test_who_is_to_be_tagged_has_a_key_too() -> None:
    assert keyed("to=#hot +VIP", AUDIENCE) == "#hot +VIP"
    assert keyed("tom +VIP", AUDIENCE) is None


@pytest.mark.parametrize(
    ("typed", "rule", "signs"),
    [
        ("#高意向 +VIP", "#高意向", "+VIP"),
        ("#高意向 且 城市=上海 +VIP -试用", "#高意向 且 城市=上海", "+VIP -试用"),
        ("@老客 ＋ VIP", "@老客", "＋ VIP"),
        ('"#a and score>1" -b', "#a and score>1", "-b"),
        ("score>-5 +VIP", "score>-5", "+VIP"),
        ("score > -5 -VIP", "score > -5", "-VIP"),
        ("score between -5 and -1 -3折", "score between -5 and -1", "-3折"),
        ("created>2026-01-01 +1", "created>2026-01-01", "+1"),
        ('name="a +b" +c', 'name="a +b"', "+c"),
        ("#a", "#a", ""),
        ("+VIP", "", "+VIP"),
        ("", "", ""),
    ],
)
def test_signs_behind_a_rule(typed: str, rule: str, signs: str) -> None:
    assert parted(typed) == (rule, signs)


def test_many_signs_take_no_time() -> None:
    rule, signs = parted("score > " + "-1 " * 1000)
    assert rule
    assert signs


def test_marks_around_a_whole_rule_go() -> None:
    assert unquoted("“城市=上海”") == "城市=上海"
    assert unquoted('"') == '"'


def test_audiences_that_a_rule_speaks_of() -> None:
    assert list(mentioned(parse("@a and (not @b or #x) and city=Rome"))) == ["a", "b"]
