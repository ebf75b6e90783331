"""Here lives what must hold of templates of audiences, and of those that are there from the start."""

import pytest

from domain.audience_words import is_name
from domain.audiences import BLANK, Preset, called, expanded
from domain.errors import Refusal
from domain.rule_names import Names, bound
from domain.rule_text import parse
from templates import LANGUAGES
from templates.presets import presets

NAMES = Names([], {}, {}, {}, presets=presets())


def test_a_blank_is_filled_by_what_is_given_or_by_its_default() -> None:
    defaults = {"days": "30", "city": "北京"}
    assert (
        expanded("last_seen > {days}d and city = {city}", defaults, {"city": "上海"})
        == "last_seen > 30d and city = 上海"
    )


@pytest.mark.parametrize("value", ["1 or #VIP", "-1", "", "1.5", "٣", "abc", "1" * 10])
def test_a_number_is_filled_by_a_number_only(value: str) -> None:
    with pytest.raises(Refusal):
        expanded("{days}", {"days": "30"}, {"days": value})


@pytest.mark.parametrize("value", ["a b", "a)", '"', "a=b", "#a", "{days}", "x" * 65, "_"])
def test_a_word_is_filled_by_one_word_only(value: str) -> None:
    with pytest.raises(Refusal):
        expanded("{city}", {"city": "北京"}, {"city": value})


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.titles["en"])
def test_what_is_ready_to_use_can_be_used(preset: Preset) -> None:
    """Its blanks have defaults, it is a rule, and can be called in either language."""
    for text in (preset.rule, *preset.help.values()):
        assert set(BLANK.findall(text)) <= set(preset.defaults)
    assert set(BLANK.findall(preset.rule)) == set(preset.defaults)
    assert set(preset.words.values()) == set(preset.defaults)
    rule = bound(parse(called(preset, ())), NAMES)
    for language in LANGUAGES:
        assert preset.told(language)
        assert is_name(preset.titles[language])
        assert bound(parse(f"@{preset.titles[language]}"), NAMES) == rule


def test_no_two_are_called_alike() -> None:
    called_so = [name for preset in presets() for name in preset.names]
    assert len(set(called_so)) == len(called_so)
