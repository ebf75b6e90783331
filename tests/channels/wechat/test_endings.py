"""Here lives what is understood of how a mass or template message ended."""

from pathlib import Path

import pytest

from channels.wechat.endings import REASONS, end_reason
from domain.channel import Delivered
from domain.events import SendingReported
from domain.messages import Text
from domain.outgoing import GroupPush
from tests.channels.wechat.conftest import OPENID, Stage, message
from tests.channels.wechat.test_mass_messages import FANS, LANE
from tests.channels.wechat.test_notices import NOTICE

WORDS = Path(__file__).parents[3] / "templates" / "words"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("success", ""),
        ("send success", ""),
        ("sendsuccess", ""),
        ("failed:user block", "blocked_by_user"),
        ("failed: user block", "blocked_by_user"),
        ("failed: system failed", "system_failed"),
        ("failed:system failed", "system_failed"),
        ("send fail", "send_failed"),
        ("err(10001)", "judged_advertising"),
        ("err(40002)", "admin_silent"),
        ("err(77777)", "err_77777"),
        ("a new word", "failed"),
        ("", "failed"),
    ],
)
def test_every_status_has_a_reason(status: str, reason: str) -> None:
    assert end_reason(status) == reason


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_reason_has_words(language: str) -> None:
    words = (WORDS / f"{language}.yaml").read_text("utf-8")
    assert [reason for reason in REASONS.values() if f"\n  {reason}: " not in words] == []


async def report(stage: Stage) -> SendingReported:
    """The next one that the platform sends by itself."""
    before = len(stage.raws)
    async with stage.news:
        await stage.news.wait_for(lambda: len(stage.raws) > before)
    event = await stage.channel.read(stage.raws[-1])
    assert isinstance(event, SendingReported)
    return event


async def test_a_mass_message_ends_with_counts(stage: Stage) -> None:
    platform = stage.sandbox.wechat
    for fan in FANS:
        platform.add_user(fan)
    platform.refuse(FANS[0])
    platform.users[FANS[1]].masses["2026-11"] = 4
    platform.mass_failing = {FANS[2]}
    sent = await stage.channel.deliver("gx1-1", GroupPush(LANE, 1, (*FANS, "oNobody"), Text("hi")))
    assert isinstance(sent, Delivered)
    told = await report(stage)
    assert (told.platform_id, told.ok, told.reason) == (sent.platform_id, True, "")
    assert (told.sent, told.failed, told.filtered) == (3, 1, 2)
    assert [len(platform.received(fan)) for fan in FANS] == [0, 0, 0, 1, 1, 1]


async def test_a_mass_message_that_is_judged_unfit_reaches_nobody(stage: Stage) -> None:
    platform = stage.sandbox.wechat
    for fan in FANS:
        platform.add_user(fan)
    platform.mass_status = "err(20008)"
    await stage.channel.deliver("gx1-1", GroupPush(LANE, 1, FANS, Text("hi")))
    told = await report(stage)
    assert (told.ok, told.reason, told.sent, told.failed, told.filtered) == (False, "judged_fraudulent", 0, 0, 0)
    assert platform.received(FANS[0]) == []


async def test_a_template_message_ends_by_itself(stage: Stage) -> None:
    stage.sandbox.wechat.add_user(OPENID)
    sent = await stage.channel.deliver("gx1-1", message(NOTICE))
    assert isinstance(sent, Delivered)
    told = await report(stage)
    assert (told.platform_id, told.ok, told.sent) == (sent.platform_id, True, 1)
    stage.sandbox.wechat.refuse(OPENID)
    await stage.channel.deliver("gx2-1", message(NOTICE))
    told = await report(stage)
    assert (told.ok, told.reason, told.failed) == (False, "blocked_by_user", 1)
