"""Here lives how we speak: one folder per platform, ignorant of the others and of the business."""

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import aiohttp

from channels.tokens import Alone, TokenStore
from domain.channel import Channel
from domain.media import Medium
from domain.tags import TagLimits

Clock = Callable[[], datetime]


class Tools(NamedTuple):
    """What the running program hands to a channel; `limits` are the figures of config.yaml that override ours.

    `tokens` is where processes that share an account share its access tokens as well.
    """

    session: aiohttp.ClientSession
    clock: Clock
    public_url: str
    limits: Mapping[str, float]
    tokens: TokenStore = Alone()


def config_model(kind: str) -> Any:  # a pydantic model class, another one per platform
    """The shape of one `channels:` entry of this kind; raises ModuleNotFoundError for a kind that has no folder."""
    return importlib.import_module(f"channels.{kind}.config").Config


def figures(kind: str) -> tuple[str, ...]:
    """The names that `limits:` in config.yaml may override for this kind, as in `telegram.messages_per_second`."""
    names: tuple[str, ...] = importlib.import_module(f"channels.{kind}.limits").FIGURES
    return names


def tag_limits(kind: str) -> TagLimits | None:
    """What a platform allows in tags, None where it has none."""
    limits: TagLimits | None = getattr(importlib.import_module(f"channels.{kind}.limits"), "TAGS", None)
    return limits


def media(config: Any, figures: Mapping[str, float]) -> tuple[Medium, ...]:
    """By what a push reaches people on this account, first what is taken where nothing else is asked for."""
    found: tuple[Medium, ...] = importlib.import_module(f"channels.{config.kind}.limits").media(config, figures)
    return found


def open_channel(config: Any, tools: Tools) -> Channel:
    """A channel for one validated `channels:` entry; talks to nobody yet."""
    channel: Channel = importlib.import_module(f"channels.{config.kind}").open_channel(config, tools)
    return channel
