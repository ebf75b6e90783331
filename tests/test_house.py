"""Here lives the proof that the house is as its plan says, and that nothing lies about that does not belong."""

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from jinja2 import meta
from packaging.dependency_groups import resolve_dependency_groups
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.__main__ import run
from templates import LANGUAGES, environment

HOUSE = Path(__file__).parents[1]
ROOMS = ("bot", "handlers", "web", "scheduler", "channels", "models", "templates", "domain", "sandbox")
OTHERS = ("tests", "benchmarks", "docs", "deploy")
LONGEST = 300
# In two halves, because this file is searched as well.
OUTSIDE = tuple(a + b for a, b in (("py", "pi.org"), ("npm", "js.org"), ("python", "hosted"), ("yarn", "pkg.com")))
MACHINE = tuple(a + b for a, b in (("/wo", "rk/"), ("/ro", "ot/"), ("/op", "t/py"), ("/tm", "p/"), ("/ho", "me/")))


def files(*suffixes: str) -> Iterator[Path]:
    """Every file of the project with one of these suffixes (all without any), without what was made from it."""
    roots = [HOUSE / name for name in (*ROOMS, *OTHERS, ".ci")]
    found = [file for root in roots for file in root.rglob("*")] + list(HOUSE.iterdir())
    for file in found:
        made = {"__pycache__", "vendor", "node_modules"} & set(file.parts)
        if (
            file.is_file()
            and not made
            and not file.name.startswith((".env", ".coverage"))
            and (file.suffix in suffixes or not suffixes)
        ):
            yield file


def modules() -> Iterator[Path]:
    return (file for file in files(".py") if "migrations" not in file.parts)


def plan() -> list[Path]:
    """The paths that the tree in docs/house.md names."""
    tree = (HOUSE / "docs" / "house.md").read_text("utf-8").split("```\n")[1]
    named: list[Path] = []
    for line in tree.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 4, line.split()[0]
        named.append(named_above(named, depth) / name)
    return named


def named_above(named: list[Path], depth: int) -> Path:
    return next((path for path in reversed(named) if len(path.parts) == depth), Path()) if depth else Path()


def test_what_the_plan_names_is_there() -> None:
    assert [str(path) for path in plan() if not (HOUSE / path).exists()] == []


def test_every_room_is_in_the_plan() -> None:
    packages = {file.parent.relative_to(HOUSE) for room in ROOMS for file in (HOUSE / room).rglob("__init__.py")}
    assert packages - set(plan()) - {path for path in packages if "sandbox" in path.parts} == set()


def test_no_file_is_too_long() -> None:
    lengths = {str(file.relative_to(HOUSE)): len(file.read_text("utf-8").splitlines()) for file in modules()}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_every_module_says_what_lives_there() -> None:
    mute = [file for file in modules() if file.parent.parts[len(HOUSE.parts)] in ROOMS and not told(file)]
    assert [str(file.relative_to(HOUSE)) for file in mute] == []


def told(file: Path) -> bool:
    return bool(ast.get_docstring(ast.parse(file.read_text("utf-8"))))


def test_a_noun_has_one_name_in_every_room() -> None:
    stems = sorted({file.stem for room in ROOMS for file in (HOUSE / room).rglob("*.py")})
    assert [(one, many) for one, many in pairwise(stems) if many in (f"{one}s", f"{one}es")] == []


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "manager"])
def test_no_module_is_a_drawer(name: str) -> None:
    assert [file for file in modules() if file.stem in (name, name.rstrip("s"))] == []


def test_no_file_names_a_registry_or_a_machine() -> None:
    texts = {file: file.read_text("utf-8", errors="ignore") for file in files() if file.suffix not in {".png", ".ttf"}}
    found = [
        (str(file.relative_to(HOUSE)), word)
        for file, text in texts.items()
        for word in (*OUTSIDE, *MACHINE)
        if word in text
    ]
    assert found == []


def test_both_languages_have_the_same_templates_with_the_same_values() -> None:
    folders = sorted({path.parent for path in (HOUSE / "templates").rglob(LANGUAGES[0]) if path.is_dir()})
    assert folders
    for folder in folders:
        first, second = (told_by(folder / language) for language in LANGUAGES)
        assert first == second, folder


def told_by(folder: Path) -> dict[str, set[str]]:
    """Each template below the folder, and the values that it needs."""
    return {
        str(file.relative_to(folder)): meta.find_undeclared_variables(environment.parse(file.read_text("utf-8")))
        for file in sorted(folder.rglob("*.*"))
    }


def typed() -> Iterator[tuple[str, str]]:
    """Every `make …` and `guanxi …` in the pages for people."""
    for file in (*HOUSE.glob("README*.md"), *(HOUSE / "docs").glob("*.md")):
        text = file.read_text("utf-8")
        code = "\n".join("".join(found) for found in re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", text, re.DOTALL))
        yield from re.findall(r"^ *(?:\S*/)?(make|guanxi) +([a-z][a-z-]*(?: +[a-z][a-z-]*)*)", code, re.MULTILINE)


def test_what_the_pages_say_to_type_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (HOUSE / "Makefile").read_text("utf-8"), re.MULTILINE))
    said = sorted(set(typed()))
    assert ("make", "run") in said
    assert [words for program, words in said if program == "make" and not set(words.split()) <= targets] == []
    assert [words for program, words in said if program == "guanxi" and run([*commands(words), "--help"])] == []


def commands(words: str) -> list[str]:
    """The words that are commands: one, or two below a group."""
    first, *rest = words.split()
    return [first, *rest[:1]] if first in {"db", "staff"} else [first]


def locked(name: str) -> dict[str, str]:
    text = (HOUSE / name).read_text("utf-8")
    return {
        canonicalize_name(package): version
        for package, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))
    runtime = locked("requirements.lock")
    asked = {
        **dict.fromkeys([*project["project"]["dependencies"], *project["build-system"]["requires"]], "runtime"),
        **dict.fromkeys(resolve_dependency_groups(project["dependency-groups"], "dev"), "dev"),
    }
    for line, group in asked.items():
        wanted, held = Requirement(line), runtime if group == "runtime" else runtime | locked("requirements-dev.lock")
        assert wanted.specifier.contains(held[canonicalize_name(wanted.name)], prereleases=True), line


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_lock_has_its_hash_and_no_address(name: str) -> None:
    text = (HOUSE / name).read_text("utf-8")
    assert "://" not in text
    assert re.findall(r"^[\w.-]+==(?!.*\\\n {4}--hash=sha256:)", text, re.MULTILINE) == []
    assert "resolved" not in (HOUSE / "package-lock.json").read_text("utf-8")
