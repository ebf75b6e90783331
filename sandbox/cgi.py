"""The door that the APIs of WeCom and WeChat have in common: token, JSON body, error code."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Protocol, TypeVar

import aiohttp
from aiohttp import web

from sandbox.ledger import Call, Outcome, answer
from sandbox.stage import Stage

T = TypeVar("T")

ESCAPED: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?!00[01])[0-9a-fA-F]{4}")
"""A character written as an escape though JSON could hold it raw."""


class CgiError(Exception):
    """A call was refused with this errcode."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Upload:
    field: str
    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: its query, its JSON body (empty for GET and uploads) and its file."""

    params: Mapping[str, str]
    body: dict[str, Any]
    upload: Upload | None = None

    def need(self, name: str, kind: type[T], code: int) -> T:
        """A body field that must be there, not empty, and of this kind; else the code."""
        return need(self.body, name, kind, code)


def need(body: Mapping[str, Any], name: str, kind: type[T], code: int) -> T:
    value = body.get(name)
    if not isinstance(value, kind) or isinstance(value, bool) or value in ("", [], {}):
        raise CgiError(code)
    return value


def refuse_if(wrong: object, code: int) -> None:
    """Refuse with the code when something is wrong with the call."""
    if wrong:
        raise CgiError(code)


def found(thing: T | None, code: int) -> T:
    """The thing that was looked up; the code when there is none."""
    if thing is None:
        raise CgiError(code)
    return thing


def size(text: object) -> int:
    """Length in UTF-8 bytes, the unit of nearly all limits; what is not a text is too long for any."""
    return len(text.encode()) if isinstance(text, str) else 2**31


class Office(Protocol):
    """A platform behind the door."""

    stage: Stage
    platform: ClassVar[str]
    wrong_method: ClassVar[int]
    wrong_json: ClassVar[int]

    def check_token(self, token: str) -> None: ...
    def refusal(self, code: int) -> dict[str, Any]: ...
    def success(self, result: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class CgiCall:
    """One API method. `run` gets the platform and what was asked; `is_open` ones need no token."""

    method: str
    run: Callable[[Any, Asked], dict[str, Any] | Outcome]
    is_open: bool = False


Calls = Mapping[str, CgiCall]


class CgiDoor:
    def __init__(self, office: Office, calls: Calls) -> None:
        self._office = office
        self._calls = calls

    async def handle(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        raw, upload = await _receive(request)

        async def deed() -> Outcome:
            return self._carry_out(request, raw, upload)

        stage = self._office.stage
        outcome = await stage.ledger.outcome(self._office.platform, path, deed)
        seen = {"filename": upload.filename, "size": len(upload.content)} if upload else _lenient(raw)
        stage.ledger.calls.append(
            Call(
                self._office.platform,
                path,
                dict(request.query),
                seen,
                stage.clock(),
                answer_status=outcome.status,
                answer=outcome.body,
            )
        )
        return answer(request, outcome)

    def _carry_out(self, request: web.Request, raw: bytes, upload: Upload | None) -> Outcome:
        call = self._calls.get(request.match_info["path"])
        if call is None:
            return Outcome(web.HTTPNotFound.status_code, "404 page not found")
        try:
            result = self._run(call, request, raw, upload)
        except CgiError as error:
            return Outcome(200, self._office.refusal(error.code))
        return result if isinstance(result, Outcome) else Outcome(200, self._office.success(result))

    def _run(self, call: CgiCall, request: web.Request, raw: bytes, upload: Upload | None) -> dict[str, Any] | Outcome:
        if not call.is_open:
            self._office.check_token(request.query.get("access_token", ""))
        refuse_if(request.method != call.method, self._office.wrong_method)
        body = self._json(raw) if call.method == "POST" and upload is None else {}
        return call.run(self._office, Asked(request.query, body, upload))

    def _json(self, raw: bytes) -> dict[str, Any]:
        refuse_if(ESCAPED.search(raw), 40033)
        try:
            body = json.loads(raw or b"{}")
        except ValueError as error:
            raise CgiError(self._office.wrong_json) from error
        refuse_if(not isinstance(body, dict), self._office.wrong_json)
        checked: dict[str, Any] = body
        return checked


async def _receive(request: web.Request) -> tuple[bytes, Upload | None]:
    if not request.content_type.startswith("multipart/"):
        return await request.read(), None
    async for part in await request.multipart():
        if isinstance(part, aiohttp.BodyPartReader) and part.filename:
            return b"", Upload(part.name or "", part.filename, await read_part(part))
    return b"", Upload("", "", b"")


async def read_part(part: aiohttp.BodyPartReader) -> bytes:
    """All of a part, whatever size the application that we are mounted in allows."""
    content = bytearray()
    while chunk := await part.read_chunk(2**16):
        content += chunk
    return bytes(content)


def _lenient(raw: bytes) -> Any:
    """The body for the record, whatever it is."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode(errors="replace")
