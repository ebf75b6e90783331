"""Here lives the proof that blanks do what they say and nothing else, whatever is written in them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.blanks import LONGEST, read
from domain.errors import Refusal

PIECES = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "｛｛",
            "｝｝",
            "{",
            "}",
            "-",
            "(",
            ")",
            "[",
            "]",
            '"',
            "“",
            "”",
            "'",
            "\\",
        ),
        *(" ", "\n", "|", "~", ".", ",", ":", "==", "!=", "<", "in", "is", "not", "and", "or", "=", "*", "**", "%"),
        *("if", "elif", "else", "endif", "for", "endfor", "set", "macro", "call", "raw", "endraw", "include", "block"),
        *(
            "客户",
            "name",
            "x",
            "self",
            "loop",
            "__class__",
            "range",
            "default",
            "d(",
            "truncate(",
            "title",
            "attr(",
            "map",
        ),
        *("1", "0", "9999999", "true", "none", '"您"', "https://a.cn/x", "，", "：", "\ue000", "\0", "😀", "\r\n"),
    ]
)


def filled(source: str, **values: str) -> str:
    return read(source).filled(values)


def refusal(source: str, **values: str) -> Refusal:
    with pytest.raises(Refusal) as refused:
        filled(source, **values)
    return refused.value


@given(st.lists(PIECES, max_size=24).map("".join) | st.text(max_size=80))
def test_nothing_but_a_refusal_comes_of_anything(source: str) -> None:
    with suppress(Refusal):
        filled(source, 客户="张三", x="5")


@given(st.text(max_size=40))
def test_a_value_is_never_read_as_words(value: str) -> None:
    assert filled("<{{ x }}>", x=value) == f"<{value}>" or "\ue000" in value or not value


@given(st.text(alphabet=st.characters(exclude_characters="{}｛｝%％#\r\ue000"), max_size=80))
def test_a_text_without_blanks_stays_byte_for_byte(text: str) -> None:
    assert filled(text) == text
    assert filled(text + "{{ x }}", x="!") == text + "!"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ x }}", "五折"),
        ("{{x}}", "五折"),
        ("{{ 无 or '您' }}", "您"),
        ('{{ 无 or y or "您" }}', "A b"),
        ("{{ 无|default('您') }}", "您"),
        ('{{ 无 | d("您", true) }}', "您"),
        ("{{ y|upper }} {{ y|lower }} {{ y|title }}", "A B a b A B"),
        ("{{ ' ab '|trim }}", "ab"),
        ("{{ 'abcdef'|truncate(4) }} {{ 'abcd'|truncate(4) }}", "abc… abcd"),
        ("{% if x %}有{% else %}没有{% endif %}", "有"),
        ("{% if 无 %}有{% elif y == 'A b' %}乙{% else %}没有{% endif %}", "乙"),
        ("{% if not 无 and (x != y or 无) %}是{% endif %}", "是"),
        ("{{ '是' if x == '五折' else '否' }}", "是"),
        ("｛｛ 无 or “您” ｝｝", "您"),
        ("｛｛ 无｜default（“您，”）｝｝", "您，"),
        ("｛％ if x ％｝a｛% endif %｝", "a"),
        ("{{ Ｘ }}{{ X }}", "五折五折"),
        ("{# 高 #} {{ x }}", "{# 高 #} 五折"),
        ("a\n{% if x %}\nb\n{% endif %}\nc\n", "a\nb\nc\n"),
        ("{ x } %} 100%".replace("%}", ""), "{ x }  100%"),
    ],
)
def test_what_can_be_written(source: str, text: str) -> None:
    assert filled(source, x="五折", y="A b") == text


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("{{ x.y }}", ".y"),
        ("{{ x['y'] }}", "[…]"),
        ("{{ x() }}", "(…)"),
        ("{{ ''.__class__.__mro__ }}", ".__mro__"),
        ("{{ x|attr('y') }}", "|attr"),
        ("{{ x|map }}", "|map"),
        ("{{ x|upper('a') }}", "|upper"),
        ("{{ x|truncate }}", "|truncate"),
        ("{{ x|truncate(0) }}", "|truncate"),
        ("{{ x|truncate(x) }}", "|truncate"),
        ("{{ x|d }}", "|d"),
        ("{{ x|d(fallback='y') }}", "|d"),
        ("{{ self }}", "self"),
        ("{{ __x }}", "__x"),
        ("{{ 'a' * 99 }}", "mul"),
        ("{{ 9 ** 9 }}", "pow"),
        ("{{ 'a' ~ 'b' }}", "concat"),
        ("{{ 5 }}", "5"),
        ("{{ x > 'a' }}", "compare"),
        ("{% if x > 'a' %}{% endif %}", "compare"),
        ("{% if x == 5 %}{% endif %}", "5"),
        ("{{ x is defined }}", "test"),
        ("{{ 'a' if x }}", "if"),
        ("{% for y in x %}{% endfor %}", "for"),
        ("{% set y = 'a' %}", "assign"),
        ("{% include 'a' %}", "include"),
        ("{% macro a() %}{% endmacro %}", "macro"),
        ("{{ '\\x41' }}", "\\"),
        (f"{{{{ {'(' * 40}x or y{')' * 40} }}}}".replace("x or y", "not x or " * 30 + "y"), "((…))"),
    ],
)
def test_what_is_not_allowed_is_named(source: str, what: str) -> None:
    refused = refusal(source, x="1", y="2")
    assert (refused.key, refused.values["what"]) == ("refusals/blank_not_allowed", what)


@pytest.mark.parametrize("source", ["{{ x", "{{ }}", "{{ x y }}", "{% if x %}", "{% nothing %}", "{{ '" + "(" * 3000])
def test_what_cannot_be_read_is_refused_with_its_line(source: str) -> None:
    refused = refusal(f"第一行\n{source}")
    assert (refused.key, refused.values["line"]) == ("refusals/blank_unreadable", 2)


@pytest.mark.parametrize("source", ["{{" + "(" * 4000 + "x" + ")" * 4000 + "}}", "{{ " + "9" * 5000 + " }}"])
def test_what_is_too_deep_or_too_large_is_refused(source: str) -> None:
    assert refusal(source).key in {"refusals/blank_unreadable", "refusals/blank_not_allowed"}


@pytest.mark.parametrize("source", ["{客户}您好", "｛name｝", "x }}", "%} x", "{% raw %}{{ x }}{% endraw %}"])
def test_braces_that_are_no_blank_are_not_sent_as_they_are(source: str) -> None:
    assert refusal(source).key == "refusals/blank_brace"


def test_a_blank_without_a_value_is_named() -> None:
    for source in ("{{ 折扣 }}", "{{ 折扣|upper }}", "{{ 折扣|truncate(3) }}", "{{ 折扣 or 期数 }}"):
        refused = refusal(source)
        assert refused.key == "refusals/blank_missing"
        assert refused.values["name"] == ("期数" if "期数" in source else "折扣")


@pytest.mark.parametrize("source", ["{{", "{%", "｛｛ x ｝｝", "{% if x %}"])
def test_blanks_are_not_without_number(source: str) -> None:
    assert refusal(source * 201).key == "refusals/blanks_many"


def test_texts_have_an_end() -> None:
    assert refusal("长" * (LONGEST + 1)).values["over"] == 1
    assert refusal("{{ x }}" * 200, x="长" * 51).values["over"] == 200


def test_a_blank_that_says_nothing_goes_with_the_comma_that_led_to_it() -> None:
    assert filled("{{ 客户 }}，您好", 客户="") == "您好"
    assert filled("Hello {{ 客户 }}, good news", 客户="") == "Hello, good news"
    assert filled("第一行\n{{ 客户 }}：在吗", 客户="") == "第一行\n在吗"
    assert filled("您好，{{ 客户 }}！", 客户="") == "您好！"
    assert filled("您好，{{ 客户 }}！\ue000", 客户="张三") == "您好，张三！"
