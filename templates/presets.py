"""Here live the audiences that are there from the start: their rules, and what each language calls them."""

from functools import lru_cache
from typing import Any

import yaml

from domain.audiences import Preset
from templates import HERE, LANGUAGES

FOLDER = HERE / "audiences"


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """In the order in which they are listed."""
    words = {language: _read(language) for language in LANGUAGES}
    return tuple(_preset(key, told, words) for key, told in _read("rules").items())


def _preset(key: str, told: dict[str, Any], words: dict[str, Any]) -> Preset:
    here = {language: table[key] for language, table in words.items()}
    return Preset(
        titles={language: said["name"] for language, said in here.items()},
        help={language: said["help"] for language, said in here.items()},
        rule=told["rule"],
        defaults={name: str(value) for name, value in told["defaults"].items()},
        words={word.lower(): name for said in here.values() for name, word in said["parameters"].items()},
    )


def _read(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")))
