"""Here lives how people name tags: what is typed, what it stands for, and what is missing."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.naming import (
    Wanted,
    Wish,
    described,
    folded,
    groups_named,
    is_group,
    like,
    listed,
    missing,
    scope_in,
    tags_named,
    unquoted,
    wish,
)

ACCOUNTS = {"main": "wecom", "second": "wecom", "official": "wechat", "bot": "telegram"}
TAGGED = ("main", "second", "official")


@dataclass(frozen=True)
class Tag:
    path: str

    @property
    def name(self) -> str:
        return self.path.partition("/")[2]


@dataclass(frozen=True)
class Group:
    name: str


LIBRARY = [Tag("意向/高"), Tag("质量/高"), Tag("等级/VIP"), Tag("等级/A+"), Tag("等级/A"), Tag("Level/vip plus")]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("", Wish(())),
        ("意向/高", Wish(("意向/高",))),
        ("意向/高 意向/中", Wish(("意向/高", "意向/中"))),
        ("“意向/很 高” 中", Wish(("意向/很 高", "中"))),
        ('意向/"很 高"', Wish(("意向/很 高",))),
        (
            "意向/高　说明＝一个月内 会买 渠道=企微，公众号",
            Wish(("意向/高",), {"description": "一个月内 会买", "scope": "企微，公众号"}),
        ),
        ("高 名=很高（新）", Wish(("高",), {"name": "很高（新）"})),
        ('高 NAME="very hot" Group=level', Wish(("高",), {"name": "very hot", "group": "level"})),
        ('"a=b" 名="c 组=d"', Wish(("a=b",), {"name": "c 组=d"})),
        ("高 说明=", Wish(("高",), {"description": ""})),
        ("高 note=x, via=all", Wish(("高",), {"description": "x", "scope": "all"})),
        (
            "高，说明=会买、再看看；，渠道=企微、公众号，",
            Wish(("高",), {"description": "会买、再看看", "scope": "企微、公众号"}),
        ),
        ('高 note="x,", via=all', Wish(("高",), {"description": "x,", "scope": "all"})),
        ("高 note=,", Wish(("高",), {"description": ""})),
        ('高, 低 , "中,"', Wish(("高", "低", "中,"))),
        ("高\u200b 名=低\u200b", Wish(("高",), {"name": "低"})),
    ],
)
def test_what_is_asked_for(typed: str, wanted: Wish) -> None:
    assert wish(typed, "edittag") == wanted


@pytest.mark.parametrize(
    ("typed", "why"), [("高 颜色=红", "refusals/bad_argument"), ("高 名=a 名称=b", "refusals/given_twice")]
)
def test_what_is_not_understood_is_told(typed: str, why: str) -> None:
    with pytest.raises(Refusal) as caught:
        wish(typed, "edittag")
    assert caught.value.key == why


@given(st.text())
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        wish(typed, "newtag")
    except Refusal:
        return


def test_several_may_be_joined_as_in_chinese() -> None:
    assert listed(("意向/高、意向/中", "低")) == ("意向/高", "意向/中", "低")
    assert unquoted(" “很 高” ") == "很 高"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("意向/高", ["意向/高"]),
        ("意向 ／ 高", ["意向/高"]),
        ("高", ["意向/高", "质量/高"]),
        ("ＶＩＰ", ["等级/VIP"]),
        ("VIP  Plus", ["Level/vip plus"]),
        ("a+", ["等级/A+"]),
        ("A", ["等级/A"]),
        ("没有", []),
    ],
)
def test_a_name_stands_for_tags(typed: str, found: list[str]) -> None:
    assert [tag.path for tag in tags_named(typed, LIBRARY)] == found


def test_of_names_that_differ_in_case_alone_the_one_typed_is_meant() -> None:
    tags = [Tag("等级/VIP"), Tag("等级/vip")]
    assert tags_named("vip", tags) == [tags[1]]
    assert tags_named("等级/VIP", tags) == [tags[0]]
    assert tags_named("Vip", tags) == tags
    groups = [Group("Level"), Group("level")]
    assert groups_named("level/", groups) == [groups[1]]
    assert groups_named("LEVEL", groups) == groups


def test_a_separator_at_the_end_means_the_group() -> None:
    assert is_group("意向/")
    assert is_group("意向／ ")
    assert not is_group("意向/高")


def test_what_was_perhaps_meant() -> None:
    assert like("意象/高", LIBRARY)[0] == "意向/高"
    assert like("vip", [Tag("等级/老VIP客户")]) == ("等级/老VIP客户",)
    many = [Tag(f"组{n // 20}/标签{n}") for n in range(3_000)]
    assert "组100/标签2000" in like("标签20O0", many)


def test_only_what_is_not_there_is_missing() -> None:
    wanted = [
        Wanted("意向", "高"),
        Wanted("意向", "中"),
        Wanted("意 向", "中"),
        Wanted("", "vip"),
        Wanted("意向", " 中"),
    ]
    new, there = missing(wanted, LIBRARY)
    assert [(each.group, each.name) for each in new] == [("意向", "中"), ("意 向", "中")]
    assert [tag.path for tag in there] == ["意向/高", "等级/VIP"]


@given(st.text(), st.text())
def test_folding_is_done_once(one: str, other: str) -> None:
    assert folded(folded(one)) == folded(one)
    assert folded(f"{one}/{other}") == folded(f"{one} / {other}")


@pytest.mark.parametrize(
    ("words", "accounts"),
    [
        ("", ()),
        ("全部", ()),
        ("企微", ("main", "second")),
        ("second，公众号", ("official", "second")),
        (["wecom"], ("main", "second")),
        ("ALL", ()),
    ],
)
def test_a_scope_is_of_channels_that_have_tags(words: Any, accounts: tuple[str, ...]) -> None:
    assert scope_in(words, ACCOUNTS, TAGGED) == accounts


@pytest.mark.parametrize(
    ("words", "why"), [("抖音", "refusals/no_such_channel"), ("电报", "refusals/channel_without_tags")]
)
def test_what_is_no_channel_for_tags_is_refused(words: str, why: str) -> None:
    with pytest.raises(Refusal) as caught:
        scope_in(words, ACCOUNTS, TAGGED)
    assert caught.value.key == why


def test_a_description_is_one_line_and_short() -> None:
    assert described(" 一个月\n内 ") == "一个月 内"
    with pytest.raises(Refusal):
        described("长" * 201)
