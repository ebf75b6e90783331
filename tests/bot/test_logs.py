"""Here lives the proof that a log line is JSON, tells what happened, and never quotes anybody."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest
import structlog

from bot import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level, written = root.handlers[:], root.level, io.StringIO()
    logs.configure("info", written)
    yield written
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_event_with_fields(stream: io.StringIO) -> None:
    structlog.get_logger().info("stored", channel="wecom", events=3)
    (line,) = lines(stream)
    assert line.pop("at").endswith("Z")  # type: ignore[attr-defined]
    assert line == {"event": "stored", "level": "info", "channel": "wecom", "events": 3}


def test_the_row_travels_with_the_work(stream: io.StringIO) -> None:
    structlog.contextvars.bind_contextvars(row="inbox:7")
    structlog.get_logger().info("handled")
    assert lines(stream)[0]["row"] == "inbox:7"


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    structlog.get_logger().debug("noise")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    "field",
    [
        "text",
        "name",
        "phone",
        "token",
        "secret",
        "aes_key",
        "access_token",
        "customer_name",
        "Authorization",
        "api_url",
    ],
)
def test_what_nobody_should_read_is_withheld(stream: io.StringIO, field: str) -> None:
    structlog.get_logger().info("seen", **{field: "hunter2"}, deep={field: ["hunter2"]}, rows=[{field: "hunter2"}])
    assert "hunter2" not in stream.getvalue()
    assert lines(stream)[0]["deep"] == {field: "[withheld]"}
    assert lines(stream)[0]["rows"] == [{field: "[withheld]"}]


def test_an_object_is_told_by_its_type(stream: io.StringIO) -> None:
    structlog.get_logger().info("seen", what=ValueError("hunter2"))
    assert lines(stream)[0]["what"] == "ValueError"


def test_a_long_value_is_cut(stream: io.StringIO) -> None:
    structlog.get_logger().info("seen", reason="x" * 5000)
    assert lines(stream)[0]["reason"] == "x" * 300


def test_a_value_cannot_forge_a_line(stream: io.StringIO) -> None:
    structlog.get_logger().info("seen", reason='"}\n{"event": "forged"}')
    assert len(lines(stream)) == 1


def test_of_an_exception_type_and_place_are_kept(stream: io.StringIO) -> None:
    try:
        int("hunter2")
    except ValueError:
        structlog.get_logger().exception("broke")
    (line,) = lines(stream)
    assert line["error"] == "ValueError"
    assert str(line["where"]).startswith("test_logs.py:")
    assert "hunter2" not in stream.getvalue()


def test_libraries_speak_without_their_arguments(stream: io.StringIO) -> None:
    try:
        int("hunter2")
    except ValueError:
        logging.getLogger("aiohttp.server").exception("Error handling request from %s\nsecond line", "hunter2")
    (line,) = lines(stream)
    assert (line["event"], line["logger"]) == ("Error handling request from %s", "aiohttp.server")
    assert (line["level"], line["error"]) == ("error", "ValueError")
    assert "hunter2" not in stream.getvalue()


def test_libraries_whisper_unheard(stream: io.StringIO) -> None:
    logging.getLogger("tortoise").info("SELECT 1")
    logging.getLogger("aiohttp.access").error("GET /callbacks/x?token=hunter2")
    assert stream.getvalue() == ""
