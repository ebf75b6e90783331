"""Here lives every word we say: Jinja2 templates by language and noun, and the one renderer."""

from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from templates.terms import terms

HERE = Path(__file__).parent
LANGUAGES = ("zh-CN", "en")

environment = ImmutableSandboxedEnvironment(
    loader=FileSystemLoader(HERE),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,
)


def named(short_id: str, name: str, nameless: str = "") -> str:
    """`C3 陈晨`; where no name is known `C3`, and what a list says of that."""
    return f"{short_id} {name}" if name else f"{short_id}{nameless}"


environment.filters["named"] = named


@lru_cache(maxsize=512)
def _template(name: str) -> Template:
    language = next((part for part in name.split("/") if part in LANGUAGES), None)
    return environment.get_template(name, globals={"terms": terms(language)} if language else None)


def render(name: str, /, **values: object) -> str:
    """The text of one template without the file's last line break; a missing value is an error, not a blank."""
    return _template(name).render(values).rstrip("\n")


def exists(name: str) -> bool:
    """Whether there is such a template."""
    return (HERE / name).is_file()
