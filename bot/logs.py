"""Here lives the log: JSON lines, each one event with fields; secrets, texts, names and numbers of people never."""

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, TextIO

import structlog

WITHHELD: Final = "[withheld]"
PRIVATE: Final = frozenset(
    {"access_token", "accounts", "aes_key", "api_key", "authorization", "body", "caption", "code", "company"}
    | {"content", "cookie", "email", "headers", "mobile", "name", "nickname", "password", "payload", "phone", "query"}
    | {"remark", "secret", "secret_key", "signature", "text", "title", "token", "url", "username", "words"}
)
ENDINGS: Final = ("_token", "_secret", "_key", "_name", "_text", "_phone", "_url", "_code", "_password")
LONGEST: Final = 300
QUIET: Final = {"aiohttp.access": logging.CRITICAL}


def configure(level: str, stream: TextIO) -> None:
    """Every log line of this process goes to `stream`, those of libraries too (theirs from `warning` up)."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            shorten_exception,
            withhold,
            structlog.processors.JSONRenderer(default=_kind, ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [Libraries()]
    root.setLevel(max(threshold, logging.WARNING))
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def withhold(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what nobody should read in a log, however deep it lies; cut what is too long."""
    return {key: value if key == "event" else _guarded(key, value) for key, value in line.items()}


def shorten_exception(_: object, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of an exception keep its type and where it was raised: its words may quote what came in."""
    found = line.pop("exc_info", None)
    if found is True:
        found = sys.exception()
    if isinstance(found, tuple):
        found = found[1]
    if isinstance(found, BaseException):
        line.setdefault("error", type(found).__name__)
        line.setdefault("where", where(found))
    return line


def where(error: BaseException) -> str:
    """The file and line that raised: enough to find a bug, and never a value of anybody's."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


class Libraries(logging.Handler):
    """Hands the lines of libraries over, without the arguments that were to be filled in."""

    def emit(self, record: logging.LogRecord) -> None:
        words = str(record.msg).partition("\n")[0][:LONGEST]
        log = structlog.get_logger()
        log.log(_weight(record), words, logger=record.name, exc_info=record.exc_info)


def _weight(record: logging.LogRecord) -> int:
    """A stranger who does not speak HTTP is no error of ours, though aiohttp says so."""
    error = record.exc_info[1] if record.exc_info else None
    return logging.DEBUG if type(error).__module__ == "aiohttp.http_exceptions" else record.levelno


def _guarded(key: str, value: Any) -> Any:
    if key.lower() in PRIVATE or key.lower().endswith(ENDINGS):
        return WITHHELD
    if isinstance(value, Mapping):
        return {str(inner): _guarded(str(inner), item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_guarded(key, item) for item in value]
    return value[:LONGEST] if isinstance(value, str) else value


def _kind(value: object) -> str:
    """What is neither text nor number is told by its type alone."""
    return type(value).__name__
