"""The arguments of a Bot API call: query, form, JSON or multipart, brought to one shape."""

import json
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp import web

from sandbox.cgi import Upload, read_part
from sandbox.telegram.errors import BadRequest

JSON_ARGUMENTS: Final = ("reply_markup", "entities", "caption_entities", "allowed_updates", "commands", "scope",
                         "link_preview_options", "reply_parameters")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Args:
    """Values as the caller sent them; JSON strings of nested arguments already read."""

    values: dict[str, Any]
    uploads: dict[str, Upload]

    def text(self, name: str) -> str:
        """The argument as text, "" when absent."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def integer(self, name: str, default: int = 0) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError) as error:
            raise BadRequest(f"invalid {name} specified") from error

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1", "yes", "t", "y")

    def upload(self, name: str) -> Upload | None:
        """The file of this argument, sent under its own name or by `attach://`."""
        given = self.text(name)
        return self.uploads.get(given.removeprefix("attach://") if given.startswith("attach://") else name)

    def seen(self) -> dict[str, Any]:
        """For the record: files by name and size only."""
        files = {field: {"filename": up.filename, "size": len(up.content)} for field, up in self.uploads.items()}
        return {**self.values, **files}


async def read(request: web.Request) -> Args:
    """Raises `BadRequest` for a body that is no JSON object."""
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    match request.content_type:
        case "application/json":
            values |= _json_body(await request.text())
        case "multipart/form-data":
            await _read_parts(request, values, uploads)
        case _:
            values |= dict((await request.post()).items())
    return Args({name: _decoded(name, value) for name, value in values.items()}, uploads)


async def _read_parts(request: web.Request, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    async for part in await request.multipart():
        if not isinstance(part, aiohttp.BodyPartReader):
            continue
        content, name = await read_part(part), part.name or ""
        if part.filename:
            uploads[name] = Upload(name, part.filename, content)
        else:
            values[name] = content.decode(errors="replace")


def _json_body(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text or "{}")
    except ValueError as error:
        raise BadRequest("can't parse JSON object") from error
    if not isinstance(body, dict):
        raise BadRequest("object expected as request body")
    return body


def _decoded(name: str, value: Any) -> Any:
    if name not in JSON_ARGUMENTS or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise BadRequest(f"can't parse {name.replace('_', ' ')} JSON object") from error
