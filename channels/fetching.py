"""Here lives how what lies at an address that somebody typed is fetched: never from an inner network."""

import socket
from ipaddress import ip_address
from typing import Any

import aiohttp

from channels import Tools
from channels.http import Reply, call
from domain.errors import CallFailed


class NotPublic(Exception):  # noqa: N818 - named for what happened
    """It is no https address, or one of an inner network, which is nobody's to see."""


async def fetch(url: str, tools: Tools) -> Reply:
    """Raises NotPublic and CallFailed."""
    if url.startswith(f"{tools.public_url.rstrip('/')}/"):
        return await call(tools.session, "GET", url)
    if not url.startswith("https://"):
        raise NotPublic("not https")
    outside = _Outside()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(socket_factory=outside)) as session:
        try:
            return await call(session, "GET", url)
        except CallFailed as error:
            if outside.has_refused:
                raise NotPublic("not in the internet") from error
            raise


class _Outside:
    """Makes sockets for addresses in the internet alone; it is asked behind the name, so no name leads elsewhere."""

    def __init__(self) -> None:
        self.has_refused = False

    def __call__(self, info: tuple[Any, ...]) -> socket.socket:
        family, kind, protocol, _, place = info
        if not ip_address(place[0].partition("%")[0]).is_global:
            self.has_refused = True
            raise PermissionError("not in the internet")
        return socket.socket(family, kind, protocol)
