"""Here lives the making of docs/commands*.md and docs/rules*.md out of their tables: `python -m bot.reference`."""

from pathlib import Path

import templates
from domain.commands import Command
from domain.rule_fields import FIELDS
from domain.rule_names import MOST
from domain.rules import DEEPEST, LONGEST, Field
from handlers import router
from templates.presets import presets

DOCS = Path(__file__).parents[1] / "docs"
PAGES = {"en": "commands.md", "zh-CN": "commands.zh-CN.md"}
RULES = {"en": "rules.md", "zh-CN": "rules.zh-CN.md"}
WORDS = {
    "en": {"between": "between", "in": "in", "empty": "is empty"},
    "zh-CN": {"between": "介于", "in": "属于", "empty": "为空"},
}


def page(language: str) -> str:
    """Every command of the staff's chat, by topic, as Markdown that ends with a line break."""
    router.load()
    topics: dict[str, list[Command]] = {}
    for row in router.table().commands:
        topics.setdefault(row.topic, []).append(row)
    return templates.render(f"reference/{language}/commands.txt", topics=topics) + "\n"


def rules(language: str) -> str:
    """Every field of rules, how they are compared and joined, and the audiences that are ready to use."""

    def shown(field: Field) -> str:
        return " ".join(f"`{WORDS[language].get(op, op)}`" for op in field.operators)

    return (
        templates.render(
            f"reference/{language}/rules.txt",
            fields=FIELDS,
            shown=shown,
            presets=presets(),
            longest=LONGEST,
            deepest=DEEPEST,
            most=MOST,
        )
        + "\n"
    )


def write() -> None:
    for language, name in PAGES.items():
        (DOCS / name).write_text(page(language), "utf-8")
        (DOCS / RULES[language]).write_text(rules(language), "utf-8")


if __name__ == "__main__":
    write()
