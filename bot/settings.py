"""Here lives the meaning of config.yaml: every option with its type and its bounds."""

import base64
import binascii
import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from domain.permissions import Role

SECRET_BYTES = 32
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class BadDuration(ValueError):  # noqa: N818 - named for what happened
    """A text is not a number and one of s, m, h, d."""


def duration(text: str) -> timedelta:
    """`30m`, `12h`, `7d`; raises BadDuration."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(text))
    if not found:
        raise BadDuration("expected a duration such as 30m, 12h or 7d")
    return timedelta(seconds=int(found[1]) * SECONDS[found[2]])


def two_times(text: str) -> tuple[time, time] | None:
    """`22:00-08:00`; an empty text is no quiet hours at all."""
    if not text:
        return None
    clock = "([01][0-9]|2[0-3]):([0-5][0-9])"
    found = re.fullmatch(f"{clock}-{clock}", str(text))
    if not found:
        raise ValueError('expected two times such as "22:00-08:00", or "" for none')
    return time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))


def cap(text: str) -> tuple[int, timedelta] | None:
    """`1/7d`: at most one in seven days; an empty text is no cap."""
    if not text:
        return None
    count, _, length = str(text).partition("/")
    try:
        return int(count), duration(length)
    except ValueError as error:
        raise ValueError('expected a number and a duration such as "1/7d", or "" for none') from error


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Server(Part):
    """`port` 0 lets the system choose; `public_url` has no final slash."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    public_url: str = "http://127.0.0.1:8080"

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s?#/]+(?:/[^\s?#]*)?", value):
            raise ValueError("expected an address that begins with http:// or https://")
        return value.rstrip("/")


class Database(Part):
    """`url` of a SQLite file is absolute here: what the file says is relative to the folder of config.yaml."""

    url: str = Field(default="sqlite://data/guanxi.db", validate_default=True)
    direct_url: str = Field(default="", pattern=r"^$|^postgres(ql)?://[^/]")
    pool: int = Field(default=10, ge=2, le=1000)

    @field_validator("direct_url")
    @classmethod
    def _of_a_server(cls, value: str, info: ValidationInfo) -> str:
        if value and str(info.data.get("url", "")).startswith("sqlite"):
            raise ValueError("expected nothing: a file has no pooler")
        return value

    @property
    def pooled(self) -> bool:
        """Whether `url` is a pooler's, which may give each transaction another connection."""
        return bool(self.direct_url)

    @property
    def address(self) -> str:
        """Where one connection stays one connection."""
        return self.direct_url or self.url

    @field_validator("url")
    @classmethod
    def _whereabouts(cls, value: str, info: ValidationInfo) -> str:
        if re.match(r"postgres(?:ql)?://[^/]", value):
            return value
        file = value.removeprefix("sqlite://")
        if file in {value, "", ":memory:"} or "?" in file:
            raise ValueError("expected sqlite://data/guanxi.db, sqlite:///absolute/path or postgres://…")
        folder: Path = (info.context or {}).get("folder", Path())
        return value if file.startswith("/") else f"sqlite://{quote(str(folder.absolute()))}/{file}"


class Keyword(Part):
    words: tuple[str, ...] = Field(min_length=1)
    template: str

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Replies(Part):
    """`welcome` maps a source (and `default`) to a template, an empty one means none; `keywords`: first match wins."""

    welcome: dict[str, str] = Field(default_factory=lambda: {"default": "welcome"})
    keywords: tuple[Keyword, ...] = ()


class Person(Part):
    """`accounts`: the ids of this person by channel. A manager with a `team` sees that team's customers."""

    name: str = Field(min_length=1, max_length=64)
    role: Role
    team: str = Field(default="", max_length=64)
    accounts: dict[str, str] = Field(default_factory=dict)

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Push(Part):
    approval_over: int = Field(default=200, ge=0)
    quiet_hours: Annotated[tuple[time, time] | None, BeforeValidator(two_times)] = (time(22), time(8))
    per_customer: Annotated[tuple[int, timedelta] | None, BeforeValidator(cap)] = (1, timedelta(days=7))
    late_grace: Annotated[timedelta, BeforeValidator(duration)] = timedelta(minutes=30)


class Tags(Part):
    """`policy`: by channel, who wins where both sides changed the same; `delete_guard`: a part of all tags, 0 to 1."""

    policy: dict[str, Literal["platform", "ours", "ask"]] = Field(default_factory=dict)
    delete_guard: float = Field(default=0.1, ge=0, le=1)


class Log(Part):
    level: Literal["debug", "info", "warning", "error"] = "info"


class Metrics(Part):
    token: SecretStr = SecretStr("")


class Settings(Part):
    """Everything that config.yaml says. `channels` holds one `channels.<kind>.config.Config` per entry."""

    server: Server = Server()
    database: Database = Database()
    language: Literal["zh-CN", "en"] = "zh-CN"
    timezone: str = "Asia/Shanghai"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    secret_key: SecretStr
    channels: tuple[Any, ...] = ()
    staff: tuple[Person, ...] = ()
    replies: Replies = Replies()
    push: Push = Push()
    tags: Tags = Tags()
    limits: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    log: Log = Log()
    metrics: Metrics = Metrics()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError("expected a time zone such as Asia/Shanghai or Europe/Berlin") from error
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(_decoded(value)) != SECRET_BYTES:
            raise ValueError("expected 32 bytes in base64")
        return value

    @property
    def key(self) -> bytes:
        """The 32 bytes of `secret_key`."""
        return _decoded(self.secret_key)

    def limits_of(self, name: str, kind: str) -> dict[str, float]:
        """The figures that replace a channel's own; those under its name count more than those under its kind."""
        return {
            full.partition(".")[2]: figure
            for prefix in (kind, name)
            for full, figure in self.limits.items()
            if full.partition(".")[0] == prefix
        }


def _decoded(secret: SecretStr) -> bytes:
    text = secret.get_secret_value().replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
