"""Here lives the way from config.yaml and the environment to Settings, and what must agree across its sections."""

import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

import channels
import templates
from bot.problems import BadSettings, Key, Problem, bad_settings, nearest, told
from bot.settings import Settings
from bot.yamltree import Tree

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
OURSELVES: Final = "guanxi"  # the account of events that the house tells itself
NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")


def load(path: Path, env: Mapping[str, str]) -> Settings:
    """Read and check everything; raises BadSettings, which tells all faults at once."""
    tree = Tree(_text(path), env)
    if tree.value is None and tree.problems:
        raise bad_settings(str(path), tree.lines, tree.problems)
    problems = list(tree.problems)
    given = tree.value if isinstance(tree.value, dict) else {}
    if not isinstance(tree.value, dict | None):
        problems.append(Problem((), "expected keys and values"))
    entries = given.get("channels", [])
    told_channels = entries if isinstance(entries, list) else []
    opened = list(_channels(told_channels, problems))
    try:
        settings = Settings.model_validate(
            {"database": {}, **given, "channels": opened if told_channels else entries},
            context={"folder": path.parent},
        )
    except ValidationError as error:
        problems += told(error, Settings)
    else:
        problems += _across(settings, {str(entry.get("name")) for entry in told_channels if isinstance(entry, dict)})
    if problems:
        raise bad_settings(str(path), tree.lines, [_hinted(problem) for problem in problems])
    return settings


def kinds() -> list[str]:
    """The platforms that have a folder."""
    return sorted(found.name for found in pkgutil.iter_modules(channels.__path__) if found.ispkg)


def looked_for(kind: str, account: str) -> str:
    """What a person's id there should have been; empty when `account` may be one. A @name is none on Telegram."""
    return "expected a Telegram number, digits only" if kind == "telegram" and not NUMBER.fullmatch(account) else ""


def _hinted(problem: Problem) -> Problem:
    """Say also how a value is made that nobody has lying about."""
    if problem.key != ("secret_key",):
        return problem
    return Problem(problem.key, f"{problem.expected}; make one with: openssl rand -base64 32")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise BadSettings(
            [f"{path}: there is no such file; name one with -c, or copy the example config.yaml"]
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: cannot be read as a text in UTF-8 ({type(error).__name__})"]) from error


def _channels(entries: Sequence[Any], problems: list[Problem]) -> Iterator[Any]:
    names: Counter[str] = Counter()
    for index, entry in enumerate(entries):
        place = ("channels", index)
        if not isinstance(entry, dict):
            problems.append(Problem(place, "expected keys and values"))
            continue
        problems += (Problem((*place, "name"), fault) for fault in _faults_of_name(str(entry.get("name", "")), names))
        if entry.get("kind") not in kinds():
            problems.append(Problem((*place, "kind"), f"expected one of {', '.join(kinds())}"))
            continue
        model = channels.config_model(entry["kind"])
        try:
            yield model.model_validate(entry)
        except ValidationError as error:
            problems += told(error, model, place)


def _faults_of_name(name: str, names: Counter[str]) -> Iterator[str]:
    names[name] += 1
    if name and not NAME.fullmatch(name):
        yield "expected 1 to 64 letters, digits, - or _ (it is part of the callback's address)"
    elif name == OURSELVES:
        yield f"expected another name, {OURSELVES} is our own"
    elif name and names[name] > 1:
        yield "expected a name that no other channel has"


def _across(settings: Settings, names: set[str]) -> Iterator[Problem]:
    yield from _staff(settings, names)
    yield from _limits(settings)
    yield from _tags(settings)
    yield from _replies(settings)


def _staff(settings: Settings, names: set[str]) -> Iterator[Problem]:
    people: set[str] = set()
    accounts: set[tuple[str, str]] = set()
    kind_of = {channel.name: channel.kind for channel in settings.channels}
    for index, person in enumerate(settings.staff):
        if person.name in people:
            yield Problem(("staff", index, "name"), "expected a name that nobody else has")
        people.add(person.name)
        for account in person.accounts.items():
            place = ("staff", index, "accounts", account[0])
            if account[0] not in names:
                yield Problem(place, f"unknown channel, {nearest(account[0], names)}")
            elif fault := looked_for(kind_of.get(account[0], ""), account[1]):
                yield Problem(place, fault)
            elif account in accounts:
                yield Problem(place, "expected an account that is nobody else's")
            accounts.add(account)


def _limits(settings: Settings) -> Iterator[Problem]:
    kind_of = {kind: kind for kind in kinds()} | {channel.name: channel.kind for channel in settings.channels}
    for full in settings.limits:
        prefix, _, figure = full.partition(".")
        if prefix not in kind_of:
            yield Problem(("limits", full), f"unknown channel, {nearest(prefix, kind_of)}")
        elif figure not in (known := channels.figures(kind_of[prefix])):
            yield Problem(("limits", full), f"unknown figure, {nearest(figure, known)}")


def _tags(settings: Settings) -> Iterator[Problem]:
    tagged = {channel.name for channel in settings.channels if channels.tag_limits(channel.kind)}
    for name in settings.tags.policy:
        if name not in tagged:
            yield Problem(("tags", "policy", name), f"no channel with tags, {nearest(name, tagged)}")


def _replies(settings: Settings) -> Iterator[Problem]:
    replies = settings.replies
    used: list[tuple[Key, str]] = [
        (("replies", "welcome", source), name) for source, name in replies.welcome.items() if name
    ]
    used += [(("replies", "keywords", index, "template"), row.template) for index, row in enumerate(replies.keywords)]
    folder = f"chat/{settings.language}/replies"
    for place, name in used:
        if "/" in name or not templates.exists(f"{folder}/{name}.txt"):
            yield Problem(place, f"expected the name of a template in templates/{folder}")
