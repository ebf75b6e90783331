"""Here lives what must hold of the text of rules: in either language, in both, and when it is wrong."""

from datetime import date
from decimal import Decimal

import pytest

from domain.errors import Refusal
from domain.rule_fields import BY_WORD, FIELDS
from domain.rule_grammar import columns, pointed
from domain.rule_text import parse, written
from domain.rules import (
    DEEPEST,
    LONGEST,
    Age,
    And,
    Between,
    Compared,
    DayOfYear,
    Fact,
    Member,
    Not,
    Or,
    Rule,
    Tagged,
    Today,
)
from templates import LANGUAGES, render
from templates.terms import terms

HOT, VIP = Tagged("", "高意向"), Tagged("", "VIP")
PUSHED = Compared(Fact("pushed", 30), ">=", 1)


def refusal(text: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("#高意向 且 非 30天内群发", And((HOT, Not(PUSHED)))),
        ("#hot and not pushed.30d", And((Tagged("", "hot"), Not(PUSHED)))),
        ("amount.90d>=5000", Compared(Fact("amount", 90), ">=", Decimal(5000))),
        ("((#A and not #B))", And((Tagged("", "A"), Not(Tagged("", "B"))))),
        ("#a or #b and not #c", Or((Tagged("", "a"), And((Tagged("", "b"), Not(Tagged("", "c"))))))),
        ("not (#a or #b)", Not(Or((Tagged("", "a"), Tagged("", "b"))))),
        ("#a and (#b and #c)", And((Tagged("", "a"), Tagged("", "b"), Tagged("", "c")))),
        ("birthday = 11-30", Compared(Fact("birthday"), "=", DayOfYear(11, 30))),
        ("created >= 2026-11-01", Compared(Fact("created"), ">=", date(2026, 11, 1))),
        ("last_order < 30d", Compared(Fact("last_order"), "<", Age(30))),
        ("创建 = 昨天", Compared(Fact("created"), "=", Today(-1))),
        ("score between 60..80", Between(Fact("score"), 60, 80)),
        ("@沉默(days=30)", Member("沉默", (("days", "30"),))),
        ("@沉默(60)", Member("沉默", (("", "60"),))),
        ('@"two words"', Member("two words")),
        ("#意向/", Tagged("意向", "")),
        ("#意向/高", Tagged("意向", "高")),
        ('#"双 十一"', Tagged("", "双 十一")),
    ],
)
def test_what_a_rule_means(text: str, rule: Rule) -> None:
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("texts", "canonical"),
    [
        (("#a 且 #b", "#a and #b", "#a 并且 #b", "#a & #b", "#a && #b", "#a 和 #b", "＃a　AND　#b"), None),
        (("#a 或 #b", "#a or #b", "#a 或者 #b", "#a | #b"), "#a or #b"),
        (("非 #a", "not #a", "!#a", "不是 #a", "没有 #a", "NOT(#a)", "！（#a）"), "not #a"),
        (
            (
                "金额.90天>=5000",
                "90天内金额>=5000",
                "近90天金额 不少于 5000元",
                "最近 90 天的消费≥5千",
                "AMOUNT.90d => 5000",
            ),
            None,
        ),
        (("30天内群发", "群发.30天", "pushed.30d", "群发。30天", "近30天群发", "30d pushed"), "pushed.30d"),
        (("90天内没有下单", "非 90天内订单", "not orders.90d", "90天内没下单", "90天未下单"), "not orders.90d"),
        (("城市=北京", "城市 是 北京", "城市等于北京", "city == 北京", "city is 北京", "城市＝“北京”"), "city = 北京"),
        (("城市!=北京", "城市 不是 北京", "city<>北京", "city≠北京", "city is not 北京"), "city != 北京"),
        (("城市 属于 (北京、上海)", "city in (北京, 上海)", "城市属于（北京，上海）"), "city in (北京, 上海)"),
        (("city not in (a)", "城市 不属于 (a)", "not city in (a)"), "not city in (a)"),
        (("评分 介于 60 到 80", "score between 60 and 80", "评分介于60..80之间", "评分 介于 60 和 80 之间"), None),
        (("公司~科技", "公司包含科技", "company contains 科技", "公司 含 科技"), "company ~ 科技"),
        (("公司 不包含 科技", "company !~ 科技", "company not contains 科技"), "not company ~ 科技"),
        (("负责人 为空", "owner is empty", "负责人是空"), "owner is empty"),
        (("负责人 不为空", "owner is not empty", "非 负责人 为空", "负责人 非空"), "owner is not empty"),
        (
            ("事件.付款.7天>=2", "7天内事件.付款 >= 2次", "event.付款.7d>=2", '事件."付款".7天 至少 2'),
            "event.付款.7d >= 2",
        ),
        (("负责人=@李雷", "owner=李雷", '跟进人 = "李雷"'), "owner = @李雷"),
        (("阶段=已成交", "stage=won", "状态 是 签约"), "stage = won"),
        (("同意=否", "consent = no", "consent=已退订"), "consent = withdrawn"),
        (("生日=5月1日", "birthday=05-01", "生日 = 5/1", "born = --05-01"), "birthday = 05-01"),
        (("创建>2026年11月1日", "created>2026/11/1", "建档 > 2026-11-01"), "created > 2026-11-01"),
        (("金额=1.5万", "amount = 15000", "金额 = 15000.00 元"), "amount = 15000"),
        (("金额>=5000且城市=北京", "金额>=5000 且 城市=北京"), "amount >= 5000 and city = 北京"),
        (('自定义."会员 等级"=金', 'custom."会员 等级" = "金"'), 'custom."会员 等级" = "金"'),
        (("custom.分>5", "自定义.分 大于 5"), "custom.分 > 5"),
        (("custom.编号 = 007", 'custom.编号 = "007"'), 'custom.编号 = "007"'),
    ],
)
def test_one_rule_has_many_spellings_and_one_canonical(texts: tuple[str, ...], canonical: str | None) -> None:
    rules = {text: written(parse(text)) for text in texts}
    assert set(rules.values()) == {canonical or next(iter(rules.values()))}


def test_words_of_the_language_end_where_words_end() -> None:
    assert parse("#android and #order") == And((Tagged("", "android"), Tagged("", "order")))
    assert parse("city = and or city = 且") == Or(
        (Compared(Fact("city"), "=", "and"), Compared(Fact("city"), "=", "且"))
    )
    assert parse("#和平区 和 #非洲") == And((Tagged("", "和平区"), Tagged("", "非洲")))
    assert parse("position = notary") == Compared(Fact("position"), "=", "notary")


def test_words_are_kept_as_they_were_typed() -> None:
    """Wide signs and quotation marks are the customer's, not ours; what cannot be seen is nobody's."""
    for typed, value in (
        ('"上海（集团）"', "上海（集团）"),
        ("“ＡＢＣ ｃｏ”", "ＡＢＣ ｃｏ"),
        ('"die ""Post"""', 'die "Post"'),
        ('"「「x」」"', "「x」"),
        ("a\u200bb", "ab"),
        ('" two\n  lines "', "two lines"),
        ("2026-11-30", "2026-11-30"),
        ("a.b@example.com", "a.b@example.com"),
    ):
        assert parse(f"company = {typed}") == Compared(Fact("company"), "=", value)


def test_a_phone_is_asked_for_as_it_is_kept() -> None:
    """As far as it is a whole number; a part of one is looked for as it is."""
    whole = Compared(Fact("phone"), "=", "+8613800000000")
    for typed in ("13800000000", '"138 0000 0000"', "+8613800000000", "8613800000000"):
        assert parse(f"手机={typed}") == whole
    assert parse(written(whole)) == whole
    assert parse("phone = 0000") == Compared(Fact("phone"), "=", "0000")
    assert written(parse("phone ~ 13800000000")) == "phone ~ 13800000000"


@pytest.mark.parametrize(
    ("text", "key", "at", "caret"),
    [
        ("#a #b", "syntax", 4, 3),
        ("城市=北京 上海", "syntax", 7, 10),
        ("（#高 且 ）", "syntax", 7, 9),
        ("#高意向 且", "syntax", 7, 10),
        ("公司名称=x", "field", 1, 0),
        ("#a and foo.30d>1", "field", 8, 7),
        ("score ~ 5", "operator", 7, 6),
        ("金额 >= 五千", "value", 7, 8),
        ("\n\n#a\nand  x=1", "field", 11, 10),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, key: str, at: int, caret: int) -> None:
    """In characters as they were typed; the caret is as many columns in as what stands before it is wide."""
    found = refusal(text)
    shown, mark = str(found.values["line"]).split("\n")
    assert (found.key, found.values["at"]) == (f"refusals/rule_{key}", at)
    assert columns(mark) == caret + 1
    assert mark.endswith("^")
    assert shown == text.rstrip().replace("\n", " ")


@pytest.mark.parametrize("at", [0, 1, 30, 500, 998, 999, 1_000])
@pytest.mark.parametrize("letters", ["高a", "ab"])
def test_of_a_long_rule_only_the_place_is_shown(letters: str, at: int) -> None:
    shown, mark = pointed(letters * 500, at).split("\n")
    assert columns(shown) <= 40
    assert len(mark) - 1 <= len(shown)
    if at < 1_000:
        assert shown[len(mark) - 1] == (letters * 500)[at]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("公司名称=阿里", {"what": "公司名称", "near": ["公司"]}),
        ("citty=x", {"near": ["city"]}),
        ("成市=北京", {"near": ["城市", "称呼"]}),
        ("手机号码=1", {"near": ["手机号"]}),
        ("負責人=李雷", {"near": ["负责人"]}),
        ("城市=北京且阶段=新", {"hint": "border", "about": "且", "before": "北京且阶段"}),
        ("城市=上海 某某", {"hint": "blank", "expected": "joint"}),
        ("公司=上海(集团)", {"hint": "blank", "at": 6}),
        ('公司="上海', {"hint": "quote", "expected": "value", "field": "company"}),
        ("#a)", {"hint": "bracket", "closing": False}),
        ("(#a", {"expected": "joint", "closing": True, "what": ""}),
        ("金额 >=", {"expected": "value", "field": "amount", "what": ""}),
        ("城市 in 北京", {"expected": "opening"}),
        ("评分 介于 1", {"expected": "to"}),
        ("@x(", {"expected": "argument"}),
        ("城市 in (a b)", {"expected": "comma", "closing": True}),
        ("金额>=5,000", {"why": "thousands", "plain": "5000"}),
        ("订单 属于 (100,200)", {"why": "thousands"}),
        ("创建=30天", {"why": "age_same"}),
        ("生日<11-30", {"why": "yearless"}),
        ("生日 介于 今天..明天", {"why": "yearless"}),
        ("最近下单 介于 2026-01-01..30天", {"why": "mixed"}),
        ("生日 介于 1990-01-01..11-30", {"why": "mixed"}),
        ("评分 介于 5..1", {"why": "reversed", "first": "5"}),
        ("最近活跃 介于 60天..30天", {"why": "reversed"}),
        ("评分>1.5", {"why": "whole"}),
        ("评分>99999999999999999", {"why": "large"}),
        ("评分>80元", {"why": "number"}),
        ("自定义.x>y", {"why": "number"}),
        ("自定义.x 介于 a..b", {"why": "number"}),
        ("创建>2026-02-30", {"why": "calendar"}),
        ("创建>1815-01-01", {"why": "calendar"}),
        ("创建>哪天", {"why": "time", "kind": "instant"}),
        ("生日=30天", {"why": "time", "kind": "day"}),
        ("最近活跃<0天", {"why": "days", "most": 36_500}),
        ("阶段=foo", {"why": "choice"}),
        ('城市=""', {"why": "nothing"}),
        ('城市 ~ "  "', {"why": "nothing"}),
        ("负责人=@", {"why": "nothing"}),
        ("评分.30天=3", {"field": "score", "why": "none"}),
        ("90天内群发.30天", {"why": "twice"}),
        ("群发.0天", {"why": "days"}),
        ("99999天内群发", {"why": "days"}),
        ("event=3", {"field": "event"}),
        ("custom.=3", {"field": "custom"}),
        ("城市.区=3", {"what": "城市.区"}),
        ("城市>3", {"field": "city", "what": ">", "allowed": ["=", "!=", "in", "~", "empty"]}),
        ("渠道 为空", {"field": "channel", "what": "为空"}),
        ("负责人", {"field": "owner", "kind": "staff"}),
        ("同意", {"field": "consent"}),
        ("#/", {"sign": "#"}),
        ('@""', {"sign": "@"}),
    ],
)
def test_what_is_wrong_is_told(text: str, values: dict[str, object]) -> None:
    found = refusal(text)
    assert values.items() <= found.values.items(), found.values


def test_too_much_is_refused_before_it_costs_anything() -> None:
    assert refusal("#a " * 2_000).key == "refusals/rule_long"
    assert refusal("ﷺ" * 900).key == "refusals/rule_long"  # each is 18 letters, made plain
    assert refusal("(" * (DEEPEST + 1) + "#a" + ")" * (DEEPEST + 1)).key == "refusals/rule_deep"
    assert refusal("非" * (DEEPEST + 1) + "#a").key == "refusals/rule_deep"
    assert parse("(" * DEEPEST + "#a" + ")" * DEEPEST) == Tagged("", "a")
    assert refusal("(" * 1_900 + "#a" + ")" * 1_900).key == "refusals/rule_deep"
    many = parse(" or ".join(["#a"] * (LONGEST // 6)))
    assert isinstance(many, Or)


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "\n"])
def test_nothing_is_no_rule(text: str) -> None:
    assert refusal(text).key == "refusals/rule_empty"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_has_an_example_that_is_a_rule(field: object, language: str) -> None:
    for table in ("asked", "asked_like"):
        assert set(terms(language)[table]) == {each.name for each in FIELDS}
    name = field.name  # type: ignore[attr-defined]
    rule = parse(terms(language)["asked_like"][name])
    assert name in written(rule)


def test_every_field_that_is_offered_can_be_typed() -> None:
    assert all(BY_WORD[word].name == name for name, word in terms("zh-CN")["asked"].items())
    assert "last_order" in render("chat/en/refusals/rule_empty.txt")
    assert "最近下单" in render("chat/zh-CN/refusals/rule_empty.txt")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_choice_that_is_offered_can_be_typed(language: str) -> None:
    for field, table in (("gender", "genders"), ("stage", "stages"), ("consent", "consents")):
        for stored, word in terms(language)[table].items():
            assert parse(f'{field} = "{word}"') == Compared(Fact(field), "=", stored)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_word_for_a_field_is_that_field(field: object) -> None:
    for word in (*field.zh, *field.en):  # type: ignore[attr-defined]
        text = f"{word}.x" if field.keyed else word  # type: ignore[attr-defined]
        like = {"count": ">= 1", "number": "= 1", "money": "= 1", "channel": "= x"}
        rule = parse(f"{text} {like.get(field.kind, 'is empty')}")  # type: ignore[attr-defined]
        assert written(rule).startswith(field.name)  # type: ignore[attr-defined]


def test_the_refusal_shows_an_example_of_the_very_field() -> None:
    found = refusal("金额 >=")
    assert render(f"chat/zh-CN/{found.key}.txt", **found.values).splitlines()[-1] == "例：金额.90天>=5000"
    assert render(f"chat/en/{found.key}.txt", **found.values).splitlines()[-1] == "Such as: amount.90d >= 5000"
