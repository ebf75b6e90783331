"""Here lives what must hold of quick replies: what is asked for, what may be kept, and how blanks are filled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.snippets import Wish, check_blanks, check_name, filled, wish

ALL = {"customer": "张三", "me": "李雷", "company": "星辰科技"}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Wish("list")),
        ("page=2", Wish("list", page=2)),
        ("page=0", Wish("list", page=1)),
        ("page=2000000000000000000", Wish("send", "page=2000000000000000000")),
        ("报价 C12", Wish("send", "报价", "C12")),
        ("报价：C12", Wish("send", "报价:c12")),
        ("报价： C12", Wish("send", "报价", "C12")),
        ("C12 报价", Wish("send", "报价", "C12")),
        ("ｃ１２ Quote", Wish("send", "quote", "C12")),
        ("报价", Wish("send", "报价")),
        ("报价 张三", Wish("send", "报价", "张三")),
        ("Ｑｕｏｔｅ C12", Wish("send", "quote", "C12")),
        ("加 报价", Wish("add", "报价")),
        ("加 报价 您好，“张”先生", Wish("add", "报价", "您好，“张”先生")),
        ("ADD Quote hello", Wish("add", "quote", "hello")),
        ("看 报价", Wish("show", "报价")),
        ("del “报价”", Wish("drop", "报价")),
        ("删", Wish("drop")),
        ("C12", Wish("send", "c12")),
    ],
)
def test_what_is_asked_for(typed: str, wanted: Wish) -> None:
    assert wish(typed) == wanted


@pytest.mark.parametrize("name", ["加", "看", "del", "c12", "l8", "page=2", "长" * 33])
def test_a_name_that_could_not_be_called_by(name: str) -> None:
    with pytest.raises(Refusal, match="snippet_name"):
        check_name(name)


@pytest.mark.parametrize("name", ["报价", "quote", "1", "长" * 32, "c12x"])
def test_a_name_that_is_fine(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "text", ["您好", "{客户}", "｛客户｝", "{ Customer }", "{{客户}}", "a {{ b", "{我}{公司}", "\n{me}\n"]
)
def test_a_text_that_is_kept(text: str) -> None:
    check_blanks(text)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("{价格}", "snippet_blank"),
        ("{}", "snippet_blank"),
        ("{customer.phone}", "snippet_blank"),
        ("{客户", "snippet_brace"),
        ("客户}", "snippet_brace"),
        ("{客户}}", "snippet_brace"),
        ("{客\n户}", "snippet_brace"),
    ],
)
def test_a_text_that_nobody_could_fill(text: str, refusal: str) -> None:
    with pytest.raises(Refusal, match=refusal):
        check_blanks(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{客户}您好，我是{我}", "张三您好，我是李雷"),
        ("Hi {Customer}, this is { me } for {company}.", "Hi 张三, this is 李雷 for 星辰科技."),
        ("｛客户｝，您好", "张三，您好"),
        ("{{客户}} 写成 {{", "{客户} 写成 {"),
        ("没有空\n\n 两行　", "没有空\n\n 两行　"),
        ("{{% if x %}}", "{% if x %}"),
    ],
)
def test_blanks_are_filled(text: str, said: str) -> None:
    assert filled(text, ALL) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{客户}您好", "您好"),
        ("{客户}，您好", "您好"),
        ("您好，{客户}！", "您好！"),
        ("Hi {customer}, the quote is ready", "Hi, the quote is ready"),
        ("{customer}, good morning", "good morning"),
        ("一\n{客户}，二", "一\n二"),
        ("{客户}{公司}，您好", "您好"),
        ("{客户}", ""),
    ],
)
def test_a_blank_without_a_value_leaves_no_gap(text: str, said: str) -> None:
    assert filled(text, {"customer": "", "company": ""}) == said


@given(st.text(alphabet=st.characters(exclude_characters="{}｛｝")))
def test_what_has_no_brace_is_sent_as_it_is(text: str) -> None:
    check_blanks(text)
    assert filled(text, ALL) == text


@given(st.text())
def test_doubled_braces_are_braces(text: str) -> None:
    doubled = "".join(sign * 2 if sign in "{}｛｝" else sign for sign in text)
    check_blanks(doubled)
    assert filled(doubled, {}) == text


@given(st.text(alphabet="{客户} ，a\n｛"))
def test_what_is_kept_can_be_filled(text: str) -> None:
    try:
        check_blanks(text)
    except Refusal:
        return
    filled(text, {})
    filled(text, ALL)
