"""Here lives the reading of a journey's log: nothing in it that is nobody's business, and no bug of ours."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from sandbox import Sandbox

SHORT = 4  # a text of fewer characters is found in anything
SECRETS = ("secret", "token", "aes_key")


def check(log: str, sandbox: Sandbox) -> None:
    """No secret, text, name or number of anybody in this town; no traceback, and no error that a library caught."""
    for private in {*_secrets(sandbox), *_words(sandbox), *_people(sandbox)}:
        assert len(private) < SHORT or private not in log, f"logged: {private}"
    assert "Traceback" not in log
    for line in map(json.loads, log.splitlines()):
        assert line["level"] == "debug" or not str(line.get("logger", "")).startswith(("aiohttp", "asyncio")), line


def _secrets(sandbox: Sandbox) -> Iterator[str]:
    settings = asdict(sandbox.stage.settings)
    yield from (str(value) for name, value in settings.items() if name.endswith(SECRETS))
    yield sandbox.wecom.current_token
    yield sandbox.wechat.stable_token


def _words(sandbox: Sandbox) -> Iterator[str]:
    for entry in sandbox.stage.story.told():
        yield from str(entry.content.get("text", "")).splitlines()


def _people(sandbox: Sandbox) -> Iterator[str]:
    for person in sandbox.telegram.people.values():
        yield from (person.first_name, person.last_name, person.username)
    yield from (contact.name for contact in sandbox.wecom.contacts.values())
    yield "13800000000"
