"""Here lives the making of docs/commands*.md out of the table of commands: `python -m bot.reference`."""

from pathlib import Path

import templates
from domain.commands import Command
from handlers import router

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {"en": "commands.md", "zh-CN": "commands.zh-CN.md"}


def page(language: str) -> str:
    """Every command of the staff's chat, by topic, as Markdown that ends with a line break."""
    router.load()
    topics: dict[str, list[Command]] = {}
    for row in router.table().commands:
        topics.setdefault(row.topic, []).append(row)
    return templates.render(f"reference/{language}/commands.txt", topics=topics) + "\n"


def write() -> None:
    for language, name in PAGES.items():
        (DOCS / name).write_text(page(language), "utf-8")


if __name__ == "__main__":
    write()
