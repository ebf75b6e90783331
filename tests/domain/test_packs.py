"""Here lives the text form of a library: what is written reads the same, and what is wrong is named by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.naming import Wanted
from domain.packs import MOST, tags_in, text_of
from templates import HERE, LANGUAGES
from templates.terms import terms

WORDS = {"description": "说明", "scope": "渠道"}
NAMES = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="/"), min_size=1, max_size=30)
TAGS = st.builds(
    Wanted, NAMES, NAMES, st.one_of(st.just(""), NAMES), st.one_of(st.just(()), st.just(("main", "official")))
)


@pytest.mark.parametrize(
    "text",
    [
        "意向:\n- 高\n- 低",
        "意向:\n  高:\n  低:",
        "意向：\n-高\n- 低",
        "意向： \n－高\n- 低",
        "意向: 高、低",
        "意向: 高，低",
        "意向: [高, 低]",
        "# 注释\n意向: {高: '', 低: {}}",
    ],
)
def test_it_may_be_written_in_many_ways(text: str) -> None:
    assert tags_in(text) == (Wanted("意向", "高"), Wanted("意向", "低"))


def test_a_tag_may_have_a_description_and_channels() -> None:
    text = "意向:\n- 高: 一个月内\n- 中: {说明: 在比较, 渠道: 企微、公众号}\n- 低:\n    via: [main]\n    note:"
    assert tags_in(text) == (
        Wanted("意向", "高", "一个月内"),
        Wanted("意向", "中", "在比较", ("企微", "公众号")),
        Wanted("意向", "低", "", ("main",)),
    )


def test_words_that_yaml_takes_for_something_else_are_names() -> None:
    assert [tag.name for tag in tags_in("2024:\n- yes\n- 1.0\n- null\n- 2024-01-01")] == [
        "yes",
        "1.0",
        "null",
        "2024-01-01",
    ]


@given(st.lists(TAGS, min_size=1, max_size=20, unique_by=lambda tag: (tag.group, tag.name)))
def test_what_is_written_reads_the_same(tags: list[Wanted]) -> None:
    together = sorted(tags, key=lambda tag: [each.group for each in tags].index(tag.group))
    assert list(tags_in(text_of(together, WORDS))) == together


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("高", 1, "高"),
        ("意向:\n- 高\n- [低]", 3, "- [低]"),
        ("意向:\n- 高\n  - 低: [", 3, "- 低: ["),
        ("意向:\n- 高: {颜色: 红}", 2, "- 高: {颜色: 红}"),
        ("意向:\n- 高\n坏: 'x", 3, "坏: 'x"),
        ("- 意向", 1, "- 意向"),
        ("[" * 4_000, 1, "["),
        ("意向: *x", 1, "意向: *x"),
    ],
)
def test_a_mistake_is_named_by_its_line(text: str, line: int, what: str) -> None:
    with pytest.raises(Refusal) as caught:
        tags_in(text)
    assert caught.value.key == "refusals/pack_line"
    assert caught.value.values["line"] == line
    assert str(caught.value.values["what"]).startswith(what)


@pytest.mark.parametrize("text", ["", "# nothing", "{}", "意向: []", "意向:"])
def test_without_a_tag_there_is_nothing_to_bring_in(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        tags_in(text)
    assert caught.value.key == "refusals/pack_empty"


@pytest.mark.parametrize("text", [f"{'长' * 31}:\n- 高", "意向:\n- a/b", "意向:\n- ''", f"意向:\n- 高: {'长' * 201}"])
def test_names_are_as_the_platforms_take_them(text: str) -> None:
    with pytest.raises(Refusal):
        tags_in(text)


def test_it_has_an_end() -> None:
    with pytest.raises(Refusal) as caught:
        tags_in("意向:\n" + "".join(f"- {n}\n" for n in range(MOST + 1)))
    assert caught.value.key == "refusals/pack_long"


@given(st.text(alphabet="意向高:：-－ \n[]{}'\"*&#、，!|>"))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    try:
        tags_in(text)
    except Refusal:
        return


def test_nothing_is_written_of_nothing() -> None:
    assert text_of([], WORDS) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_trade_has_its_pack(language: str) -> None:
    files = {file.stem for file in (HERE / "packs" / language).iterdir()}
    assert files == set(terms(language)["trades"])
    for trade in files:
        tags = tags_in((HERE / "packs" / language / f"{trade}.yaml").read_text("utf-8"))
        assert 10 <= len(tags) <= 25
        assert len({tag.name for tag in tags}) == len(tags), "an official account has no groups to tell them apart"
