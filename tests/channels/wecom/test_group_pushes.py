import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels import media
from channels.wecom.config import Config
from channels.wecom.outcomes import task_outcome
from domain.channel import Channel, Deferred, Delivered, DeliveryResult, Refused, Unsure
from domain.messages import Content, File, Image, Link, Text
from sandbox import Sandbox
from tests.channels.wecom.tasks import CANCEL, LISTING, MAKE, REMIND, RESULT, bodies, edit, push, refuse

FIXTURES = Path(__file__).parents[1] / "fixtures" / "wecom"
KEY = "k1"
WORDS = {"text": {"content": "周六到店礼🎁"}}


@pytest.fixture(autouse=True)
def friends(sandbox: Sandbox) -> None:
    for number in range(3):
        sandbox.wecom.befriend("zhangwei", f"wm{number}", f"客户{number}")


def fixture(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FIXTURES / name).read_text("utf-8"))
    return told


def only_task(sandbox: Sandbox) -> str:
    [task] = sandbox.wecom.broadcasts
    return task


async def test_a_task_is_made_for_one_member(channel: Channel, sandbox: Sandbox) -> None:
    sandbox.wecom.befriend("wangfang", "wm9", "别人的")
    outgoing = push("wm0", "wm1", "wm9", "wmGone")
    result = await channel.deliver(KEY, outgoing)
    assert result == Delivered(only_task(sandbox), failed=(("wm9", "no_relation"), ("wmGone", "no_relation")))
    addressed = {"chat_type": "single", "sender": "zhangwei", "external_userid": ["wm0", "wm1", "wm9", "wmGone"]}
    assert bodies(sandbox, MAKE) == [addressed | WORDS]
    assert not channel.repeatable(outgoing)
    assert channel.parts(outgoing) == (outgoing,)
    assert sandbox.wecom.received("wm0") == []
    sandbox.wecom.confirm_broadcast(only_task(sandbox), "zhangwei")
    assert [letter.content for letter in sandbox.wecom.received("wm0")] == [[{"type": "text", "text": "周六到店礼🎁"}]]


async def test_a_task_for_groups_names_their_owner(channel: Channel, sandbox: Sandbox) -> None:
    mine = await sandbox.wecom.groups.create("番禺VIP群", "zhangwei", "wm0", told=False)
    other = await sandbox.wecom.groups.create("别人的群", "wangfang", "wm1", told=False)
    result = await channel.deliver(KEY, push(mine.chat_id, other.chat_id, chats=True))
    assert result == Delivered(only_task(sandbox), failed=((other.chat_id, "not_writable"),))
    addressed = {"chat_type": "group", "sender": "zhangwei", "chat_id_list": [mine.chat_id, other.chat_id]}
    assert bodies(sandbox, MAKE) == [addressed | WORDS]
    assert await channel.deliver(KEY, push("wrGone", chats=True)) == Delivered(failed=(("wrGone", "not_writable"),))


async def test_nobody_to_send_to_fails_everybody(channel: Channel, sandbox: Sandbox) -> None:
    result = await channel.deliver(KEY, push("wm8", "wm9"))
    assert result == Delivered(failed=(("wm8", "no_relation"), ("wm9", "no_relation")))


async def test_a_task_for_nobody_would_go_to_everybody_and_is_never_made(channel: Channel, sandbox: Sandbox) -> None:
    assert await channel.deliver(KEY, push()) == Refused("no_relation")
    assert await channel.deliver(KEY, push("wm0", member="")) == Refused("no_member")
    assert await channel.deliver(KEY, push("wm0", content=Text(""))) == Refused("empty")
    assert not sandbox.calls


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("wecom-msg-template-ok-nofail.json", Delivered("msgQ7kPDgAABXZXW4j9zDl_GOLlBT2lf")),
        (
            "wecom-msg-template-ok.json",
            Delivered(
                "msgQ7kPDgAABXZXW4j9zDl_GOLlBT2lf", failed=(("wmQ7kPDgAAHaYV9NOd8r0q8C_mSiWMFG", "no_relation"),)
            ),
        ),
        ("wecom-msg-template-err-41048.json", Delivered(failed=(("wmQ7kPDgAAHaYV9NOd8r0q8C_mSiWMFG", "no_relation"),))),
    ],
)
async def test_the_platforms_own_answers(
    channel: Channel, sandbox: Sandbox, answer: str, result: DeliveryResult
) -> None:
    sandbox.fail("wecom", MAKE, body=fixture(answer))
    assert await channel.deliver(KEY, push("wmQ7kPDgAAHaYV9NOd8r0q8C_mSiWMFG")) == result


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (Image(media="m1", caption="新品"), {"text": {"content": "新品"}, "attachments": ["image"]}),
        (File(media="m2", name="报价.pdf"), {"attachments": ["file"]}),
        (Link("到店礼", "https://example.com/x", "说明", "https://example.com/p.png"), {"attachments": ["link"]}),
    ],
    ids=["image", "file", "link"],
)
async def test_a_picture_a_file_and_a_link_are_attached(
    channel: Channel, sandbox: Sandbox, content: Content, sent: dict[str, Any]
) -> None:
    sandbox.fail("wecom", MAKE, body=fixture("wecom-msg-template-ok-nofail.json"))
    assert isinstance(await channel.deliver(KEY, push("wm0", content=content)), Delivered)
    [body] = bodies(sandbox, MAKE)
    assert body.get("text") == sent.get("text")
    assert [each["msgtype"] for each in body["attachments"]] == sent["attachments"]


async def test_a_link_is_cut_at_a_character(channel: Channel, sandbox: Sandbox) -> None:
    link = Link("礼" * 60, "https://example.com/x", "说" * 300)
    assert isinstance(await channel.deliver(KEY, push("wm0", content=link)), Delivered)
    [body] = bodies(sandbox, MAKE)
    shown = body["attachments"][0]["link"]
    assert (shown["title"], shown["desc"]) == ("礼" * 41 + "…", "说" * 169 + "…")


async def test_what_does_not_fit_is_refused_and_not_cut(channel: Channel, sandbox: Sandbox) -> None:
    assert isinstance(await channel.deliver(KEY, push("wm0", content=Text("价" * 1333))), Delivered)
    assert await channel.deliver(KEY, push("wm0", content=Text("价" * 1334))) == Refused("too_long")
    assert await channel.deliver(KEY, push("wm0", content=Image(media="m", caption="价" * 1334))) == Refused("too_long")
    assert len(bodies(sandbox, MAKE)) == 1


async def test_a_task_can_be_reminded_of_three_times_a_day(channel: Channel, sandbox: Sandbox, clock: Any) -> None:
    await channel.deliver(KEY, push("wm0"))
    remind = edit(only_task(sandbox), "remind")
    assert not channel.repeatable(remind)
    results = [await channel.deliver(KEY, remind) for _ in range(4)]
    assert results == [Delivered(only_task(sandbox))] * 3 + [Refused("remind_limit")]
    clock.pass_by(86_401)
    assert await channel.deliver(KEY, remind) == Delivered(only_task(sandbox))


async def test_a_task_is_taken_back_once_or_twice(channel: Channel, sandbox: Sandbox) -> None:
    await channel.deliver(KEY, push("wm0"))
    cancel = edit(only_task(sandbox), "cancel")
    assert channel.repeatable(cancel)
    assert [await channel.deliver(KEY, cancel) for _ in range(2)] == [Delivered(only_task(sandbox))] * 2
    assert await channel.deliver(KEY, edit(only_task(sandbox), "remind")) == Refused("cancelled")
    sandbox.wecom.confirm_broadcast(only_task(sandbox), "zhangwei")
    assert sandbox.wecom.received("wm0") == []


async def test_an_unknown_task_is_gone(channel: Channel) -> None:
    assert await channel.deliver(KEY, edit("msgNone", "cancel")) == Refused("task_gone")


async def test_a_reminder_without_an_answer_is_unsure(channel: Channel, sandbox: Sandbox) -> None:
    await channel.deliver(KEY, push("wm0"))
    for path, what in ((REMIND, "remind"), (CANCEL, "cancel")):
        sandbox.fail("wecom", path, hang_up=True, after_effect=True)
        result = await channel.deliver(KEY, edit(only_task(sandbox), what))
        assert result == Unsure("no_answer") if what == "remind" else isinstance(result, Deferred)


async def test_a_platform_that_wants_us_to_wait_has_made_nothing(
    channel: Channel, sandbox: Sandbox, clock: Any
) -> None:
    refuse(sandbox, MAKE, 45009)
    waits = Deferred(clock() + timedelta(minutes=1), "quota", whole_account=True)
    assert await channel.deliver(KEY, push("wm0")) == waits
    sandbox.fail("wecom", MAKE, status=429, body="<html>")
    assert isinstance(await channel.deliver(KEY, push("wm0")), Deferred)
    assert sandbox.wecom.broadcasts == {}
    assert bodies(sandbox, LISTING) == bodies(sandbox, RESULT) == []


NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (45009, Deferred(NOW + timedelta(minutes=1), "quota", whole_account=True)),
        (45033, Deferred(NOW + timedelta(seconds=3), "concurrency", whole_account=True)),
        (41063, Deferred(NOW + timedelta(seconds=30), "dispatching")),
        (41079, Deferred(NOW + timedelta(seconds=30), "dispatching")),
        (48002, Deferred(NOW + timedelta(minutes=1), "no_right")),
        (41047, Refused("task_gone")),
        (41048, Refused("no_relation")),
        (40096, Refused("no_relation")),
        (84061, Refused("no_relation")),
        (60111, Refused("no_member")),
        (60011, Refused("not_visible")),
        (40007, Refused("media_unusable")),
        (41065, Refused("media_unusable")),
        (41093, Refused("cancelled")),
        (41094, Refused("remind_limit")),
        (49008, Refused("gone")),
        (90501, Refused("gone")),
        (40201, Refused("sensitive")),
        (40058, Refused("40058")),
    ],
)
async def test_every_class_of_codes_has_its_meaning(
    channel: Channel, sandbox: Sandbox, clock: Any, code: int, result: DeliveryResult
) -> None:
    assert task_outcome(code, NOW) == result
    if code != 41048:  # which fails everybody, as above
        refuse(sandbox, MAKE, code)
        assert await channel.deliver(KEY, push("wm0")) == task_outcome(code, clock())


def test_the_media_of_pushes(settings: dict[str, Any]) -> None:
    task, app = media(Config(**settings), {})
    assert (task.way, task.longest, task.most, task.chats, task.monthly, task.personal) == (
        "task", 4000, 10_000, 2000, 0, False,
    )  # fmt: skip
    assert (app.way, app.longest, app.personal, app.excess(Text("价" * 683))) == ("message", 2048, True, 1)
    assert all(
        medium.source.startswith("https://developer.work.weixin.qq.com/document/path/") for medium in (task, app)
    )
