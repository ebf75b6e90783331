"""The pages about commands and rules are those of today's tables."""

import re

import pytest

from bot.reference import DOCS, PAGES, RULES, page, rules
from domain.rule_fields import FIELDS
from domain.rule_text import parse
from domain.rules import Rule
from templates.presets import presets

SAMPLE = re.compile("`([^`]+)`")


@pytest.mark.parametrize("language", PAGES)
def test_the_page_is_current(language: str) -> None:
    assert (DOCS / PAGES[language]).read_text("utf-8") == page(language), "run: python -m bot.reference"


@pytest.mark.parametrize("language", PAGES)
def test_a_page_holds_every_word_that_can_be_typed(language: str) -> None:
    from handlers import router

    text = page(language)
    missing = [
        row.name
        for row in router.table().commands
        if any(f"`{alias}`" not in text and f"`{alias} " not in text for alias in row.aliases)
    ]
    assert missing == []


@pytest.mark.parametrize("language", RULES)
def test_the_page_of_rules_is_current(language: str) -> None:
    assert (DOCS / RULES[language]).read_text("utf-8") == rules(language), "run: python -m bot.reference"


@pytest.mark.parametrize("language", RULES)
def test_the_page_of_rules_holds_every_field_and_audience(language: str) -> None:
    text = rules(language)
    words = {word for field in FIELDS for word in (field.name, *field.zh, *field.en)}
    assert {word for word in words if f"`{word}`" not in text} <= {field.name for field in FIELDS}
    assert [preset.titles for preset in presets() if f"`@{preset.titles[language]}" not in text] == []


@pytest.mark.parametrize("language", RULES)
def test_every_rule_on_the_page_is_one(language: str) -> None:
    """In the first table, and the example of every field."""
    sections = rules(language).split("\n## ")
    rows = [line.split("|") for line in (sections[1] + sections[4]).splitlines() if line.startswith("| ")]
    glance = [sample for row in rows if len(row) == 4 for sample in SAMPLE.findall(row[2])]
    examples = [sample for row in rows if len(row) == 6 for sample in SAMPLE.findall(row[3])]
    assert len(examples) == len(FIELDS)
    read = [parse(text) for text in glance + examples if " " in text or not JOINT.fullmatch(text)]
    assert all(isinstance(rule, Rule) for rule in read)
    assert len(glance) > 20


JOINT = re.compile(r"and|or|not|且|或|非|并且|和|或者|不是|没有|[&!\\]+")
