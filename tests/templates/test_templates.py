"""Here lives what must hold of every word we say: both languages, the same values, no term left out."""

from pathlib import Path

import pytest
from jinja2 import meta

from channels.telegram.registration import REMEDIES as TELEGRAM
from channels.wechat.checkup import REMEDIES as WECHAT
from channels.wecom.checkup import REMEDIES as WECOM
from domain.leads import Stage
from domain.permissions import Role
from templates import HERE, LANGUAGES, environment, exists, render
from templates.terms import terms

CHAT = HERE / "chat"


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.txt"))


def values_of(name: str) -> set[str]:
    """What a template needs, and what the templates need that it includes."""
    source = (HERE / name).read_text("utf-8")
    tree = environment.parse(source)
    found = meta.find_undeclared_variables(tree) - {"terms"}
    for included in meta.find_referenced_templates(tree):
        assert included is not None
        found |= values_of(included)
    return found


@pytest.mark.parametrize("name", names(CHAT / "zh-CN"))
def test_both_languages_say_it_with_the_same_values(name: str) -> None:
    assert values_of(f"chat/zh-CN/{name}") == values_of(f"chat/en/{name}")


@pytest.mark.parametrize("folder", ["chat", "check"])
def test_both_languages_have_every_template(folder: str) -> None:
    assert names(HERE / folder / "zh-CN") == names(HERE / folder / "en")


def test_both_languages_have_every_term() -> None:
    ours, theirs = (terms(language) for language in LANGUAGES)
    assert {name: set(table) for name, table in ours.items()} == {name: set(table) for name, table in theirs.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_role_and_stage_has_a_word(language: str) -> None:
    assert {role.value for role in Role} <= set(terms(language)["roles"])
    assert {role.value for role in Role} <= set(terms(language)["rights"])
    assert {stage.value for stage in Stage} <= set(terms(language)["stages"])


def test_a_term_without_a_word_is_its_own_word() -> None:
    assert terms("en")["reasons"]["48900"] == "48900"


@pytest.mark.parametrize("remedy", sorted({*TELEGRAM.values(), *WECHAT.values(), *WECOM.values()}))
def test_every_remedy_is_written_down(remedy: str) -> None:
    for language in LANGUAGES:
        assert exists(f"check/{language}/{remedy}.txt")


def test_a_value_may_be_called_like_the_renderers_own() -> None:
    assert render("chat/zh-CN/replies/welcome.txt", name="张三").startswith("张三，您好")
    assert render("chat/en/replies/welcome.txt", name="").startswith("Hello, nice")


@pytest.mark.parametrize("name", names(CHAT / "zh-CN"))
def test_no_sentence_has_a_blank_where_a_name_is_missing(name: str) -> None:
    for language in LANGUAGES:
        assert "{{ id }} {{ name }}" not in (CHAT / language / name).read_text("utf-8")


@pytest.mark.parametrize(
    ("language", "with_name", "without"),
    [("en", "to C3 Mia. If", "to C3. If"), ("zh-CN", "发给 C3 Mia。", "发给 C3。")],
)
def test_somebody_without_a_name_is_only_their_id(language: str, with_name: str, without: str) -> None:
    assert with_name in render(f"chat/{language}/messages/answering.txt", id="C3", name="Mia")
    assert without in render(f"chat/{language}/messages/answering.txt", id="C3", name="")


@pytest.mark.parametrize(("language", "from_where"), [("en", "From expo"), ("zh-CN", "来自 expo")])
def test_a_lead_of_a_channel_that_is_gone(language: str, from_where: str) -> None:
    values = {"lead": "L1", "id": "C1", "name": "", "source": "expo", "channel": "", "words": "", "free": True}
    assert render(f"chat/{language}/leads/new.txt", **values).splitlines()[1] == from_where


@pytest.mark.parametrize(("count", "told"), [(1, "1 tag was changed"), (2, "2 tags were changed")])
def test_one_is_not_several_in_english(count: int, told: str) -> None:
    assert told in render("chat/en/sync/disputes.txt", channel="wecom", account="main", count=count)


@pytest.mark.parametrize(("count", "told"), [(1, "1 tag: "), (2, "2 tags: ")])
def test_one_tag_that_failed_is_not_several(count: int, told: str) -> None:
    row = {
        "channel": "wechat",
        "account": "official",
        "count": count,
        "level": "tags",
        "reason": "busy",
        "first": ["a"],
    }
    assert f'"official", {told}' in render("chat/en/sync/failures.txt", rows=[row], more=0, failed=True)
