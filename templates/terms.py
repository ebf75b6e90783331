"""Here live the fixed terms of each language: channels, stages, states, reasons, and what each command is for."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

WORDS = Path(__file__).parent / "words"


class Terms(dict[str, Any]):
    """A term that has no word here is its own word: platforms have more reasons than we have sentences."""

    def __missing__(self, key: str) -> str:
        return str(key)


@lru_cache(maxsize=8)
def terms(language: str) -> dict[str, Terms]:
    """The tables of one language, by name; `commands` maps a command to `help`, `usage` and `examples`."""
    tables = yaml.safe_load((WORDS / f"{language}.yaml").read_text("utf-8"))
    tables["commands"] = yaml.safe_load((WORDS / "commands" / f"{language}.yaml").read_text("utf-8"))
    return {name: Terms(table) for name, table in tables.items()}
