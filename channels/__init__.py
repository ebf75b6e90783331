"""Here lives how we speak: one folder per platform, ignorant of the others and of the business."""

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import aiohttp

from domain.channel import Channel

Clock = Callable[[], datetime]


class Tools(NamedTuple):
    """What the running program hands to a channel; `limits` are the figures of config.yaml that override ours."""

    session: aiohttp.ClientSession
    clock: Clock
    public_url: str
    limits: Mapping[str, float]


def config_model(kind: str) -> Any:  # a pydantic model class, another one per platform
    """The shape of one `channels:` entry of this kind; raises ModuleNotFoundError for a kind that has no folder."""
    return importlib.import_module(f"channels.{kind}.config").Config


def figures(kind: str) -> tuple[str, ...]:
    """The names that `limits:` in config.yaml may override for this kind, as in `telegram.messages_per_second`."""
    names: tuple[str, ...] = importlib.import_module(f"channels.{kind}.limits").FIGURES
    return names


def open_channel(config: Any, tools: Tools) -> Channel:
    """A channel for one validated `channels:` entry; talks to nobody yet."""
    channel: Channel = importlib.import_module(f"channels.{config.kind}").open_channel(config, tools)
    return channel
