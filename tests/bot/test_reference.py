"""The pages about commands are those of today's table."""

import pytest

from bot.reference import DOCS, PAGES, page


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
