"""Here lives what a name, a number and a query are cut into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.search import LONGEST, Question, digits_of, keys_of, near, one_typo, plain, question
from domain.sounds import readings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ＺＨＡＮＧ　San ", "zhang san"),
        ("José-María", "jose maria"),
        ("张·三", "张 三"),
        ("🌸", "🌸"),
        ("１３８", "138"),
        ("", ""),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("phone", "digits"),
    [
        ("13800000000", "8613800000000"),
        ("+86 138-0000-0000", "8613800000000"),
        ("008613800000000", "8613800000000"),
        ("86 13800000000", "8613800000000"),
        ("１３８００００００００", "8613800000000"),
        ("010-6275 1234", "861062751234"),
        ("0755 8376 5566", "8675583765566"),
        ("+12025550100", "12025550100"),
        ("0000", "0000"),
        ("none", ""),
    ],
)
def test_digits_of(phone: str, digits: str) -> None:
    assert digits_of(phone) == digits


@pytest.mark.parametrize(
    ("name", "sounds"),
    [
        ("张三", {"zhangsan"}),
        ("单雄信", {"danxiongxin", "shanxiongxin"}),
        ("曾小贤", {"cengxiaoxian", "zengxiaoxian"}),
        ("仇英", {"chouying", "qiuying"}),
        ("解缙", {"jiejin", "xiejin"}),
        ("查良镛", {"chaliangyong", "zhaliangyong"}),
        ("区小明", {"quxiaoming", "ouxiaoming"}),
        ("朴槿惠", {"pujinhui", "piaojinhui"}),
        ("尉迟恭", {"yuchigong"}),
        ("万俟卨", {"moqixie"}),
        ("吕布", {"lvbu"}),
        ("阿may", {"amay"}),
        ("mary jane", {"maryjane"}),
        ("单身狗不吃饭", {"danshengoubuchifan"}),
    ],
)
def test_readings(name: str, sounds: set[str]) -> None:
    assert {"".join(syllables) for syllables in readings(name)} == sounds


def test_keys_of_a_customer() -> None:
    keys = keys_of(["张三丰", "张三丰", ""], ["13800000001"], ["@ZSF", ""], "上海星辰科技有限公司")
    assert {key.decode() for key in keys} == {
        "n张三丰", "szhangsanfeng", "izsf", "w三丰", "p1000000083168", "#zsf",
        "w上海", "w海星", "w星辰", "w辰科", "w科技",
    }  # fmt: skip


def test_one_typo_is_one_step_in_either_direction() -> None:
    near = one_typo("zhang")
    assert {"zhan", "zhnag", "zhong", "zhuang", "zhangs"} <= near
    assert "zhang" not in near
    assert all("zhang" in one_typo(word) for word in near)


@given(st.text(max_size=80))
def test_any_query_can_be_asked(query: str) -> None:
    asked = question(query)
    for group in (asked.exact, asked.beginning, asked.inside, *near(query)):
        for probe in group:
            assert probe.keys
            assert all(len(key.decode()) <= LONGEST for key in probe.octets)


def test_an_empty_query_asks_for_nobody() -> None:
    assert question(" \t") == Question()


@given(st.text(min_size=1, max_size=40))
def test_a_name_is_found_by_itself(name: str) -> None:
    keys = keys_of([name], [], [], "")
    wanted = {key for probe in question(name).exact for key in probe.octets}
    assert keys & wanted or not plain(name)
