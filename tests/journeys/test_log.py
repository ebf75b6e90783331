"""The log of a whole journey tells what happened and to which row, and nothing that is anybody's own.

Every journey's log is read by `discretion.check`; here is the proof that it has eyes.
"""

import io
import json

import pytest
import structlog

from models.leads import Lead
from tests.journeys.discretion import check
from tests.journeys.town import Town

MIA = 50001


async def test_what_failed_is_told_with_its_row_and_without_its_words(town: Town, logged: io.StringIO) -> None:
    await town.telegram.user_says(MIA, "my password is hunter2", first_name="Miriam")
    await town.settled()
    await Lead.all().delete()
    await town.telegram.user_says(MIA, "and my number is 13912345678", first_name="Miriam")
    town.sandbox.fail("wecom", "message/send", body={"errcode": 40001, "errmsg": "invalid credential"})
    await town.member_says("我是谁")
    await town.settled()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    (failed,) = [line for line in lines if line["event"] == "row failed"]
    assert failed["row"].startswith("inbox_event:")
    assert failed["where"]
    assert "hunter2" not in logged.getvalue()
    assert "13912345678" not in logged.getvalue()
    assert "Miriam" not in logged.getvalue()


@pytest.mark.parametrize("said", ["my password is hunter2", "Miriam", "sandbox-telegram-token"])
async def test_a_log_that_tells_what_is_private_is_found_out(town: Town, said: str) -> None:
    await town.telegram.user_says(MIA, "my password is hunter2", first_name="Miriam")
    await town.settled()
    stream = io.StringIO()
    log = structlog.wrap_logger(structlog.WriteLogger(stream), processors=[structlog.processors.JSONRenderer()])
    private = town.sandbox.stage.settings.telegram_token if said.startswith("sandbox") else said
    log.info("heard", level="info", what=f"they said {private}!")
    with pytest.raises(AssertionError, match="logged"):
        check(stream.getvalue(), town.sandbox)


async def test_an_error_that_a_library_caught_is_found_out(town: Town) -> None:
    line = json.dumps({"event": "Task exception was never retrieved", "level": "error", "logger": "asyncio"})
    with pytest.raises(AssertionError):
        check(line, town.sandbox)
