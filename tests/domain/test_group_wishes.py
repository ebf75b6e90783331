"""Here lives the proof that what staff type of group chats is read as they mean it."""

import pytest

from domain.commands import Target, target_in
from domain.errors import Refusal
from domain.group_wishes import Wish, is_every, is_label, labels_in, wish
from domain.tags import tag_name_in


@pytest.mark.parametrize("typed", ["", "  ", "列表", "list", "全部", "ALL"])
def test_without_anything_it_is_the_list(typed: str) -> None:
    assert wish(typed) == Wish("list")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("page=2", Wish("list", page=2)),
        ("#区域A", Wish("list", labels=("区域A",))),
        ("#区域A #区域B page=3", Wish("list", labels=("区域A", "区域B"), page=3)),
        ("Q7", Wish("show", Target("Q", 7), "Q7")),
        ("看 q7", Wish("show", Target("Q", 7), "q7")),
        ("上海 经销商", Wish("show", name="上海 经销商")),
        ("加", Wish("show", name="加")),
        ("A-B 群", Wish("show", name="A-B 群")),
        ("C12", Wish("show", name="C12")),
        ("Q7 标签 +区域A -区域B", Wish("label", Target("Q", 7), "Q7", added=("区域A",), dropped=("区域B",))),
        ("Ｑ7　标签　＋区域Ａ", Wish("label", Target("Q", 7), "Q7", added=("区域A",))),
        ("C群名 标签 +区域A", Wish("label", name="C群名", added=("区域A",))),
        ("“上海 经销商” labels +A", Wish("label", name="上海 经销商", added=("A",))),
        ("上海 经销商 +A", Wish("label", name="上海 经销商", added=("A",))),
        ("Q7 标签", Wish("label", Target("Q", 7), "Q7")),
        ("标签群", Wish("show", name="标签群")),
        ("加 team1 华东 群", Wish("add", chat="team1", name="华东 群")),
        ("add team1 via=wecom", Wish("add", chat="team1", via="wecom")),
    ],
)
def test_what_is_typed_is_taken_apart(typed: str, meant: Wish) -> None:
    assert wish(typed) == meant


@pytest.mark.parametrize("typed", ["#区域A,#区域B", "#区域A #区域B", "区域A、区域B", "#区域A，区域B #区域A"])
def test_labels_are_told_in_any_way(typed: str) -> None:
    assert labels_in(typed) == ("区域A", "区域B")


def test_all_is_no_label() -> None:
    assert is_every(labels_in("全部"))
    assert is_every(["All"])
    assert not is_every(["区域A"])
    assert [is_label(each) for each in ("区域A", "all", "", "a#b", "长" * 33)] == [True, False, False, False, False]


def test_the_quarter_is_a_tag_although_q1_is_a_group_chat() -> None:
    assert tag_name_in("Q1") == "Q1"
    assert target_in("q7") == Target("Q", 7)
    with pytest.raises(Refusal):
        tag_name_in("G1")
