"""Here lives what becomes of a push's batches: taken by the platform or not, told of page by page, late or twice."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from domain.errors import Unreadable
from domain.events import SendingReported
from domain.messages import Address
from domain.outgoing import GroupPush, GroupPushEdit
from domain.permissions import Role
from domain.push_events import PushAsked, PushResult, PushResultRead, PushRound, PushUnread
from handlers.context import House
from models.batches import Batch
from models.behaviours import PUSHED, Behaviour
from models.inbox import InboxEvent
from models.messages import Message
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipient_feed import at_once
from models.recipients import Recipient
from tests.handlers.phone import Phone
from tests.handlers.planning import Hire
from tests.handlers.under_way import TASK, asked, batches, counts, ledger, promised, push, settled, with_media
from tests.racing import overlapping


@pytest.fixture
def house(house: House) -> House:
    return with_media(house)


@pytest.fixture
async def boss(hire: Hire) -> Phone:
    return await hire("韩梅梅", Role.MANAGER)


async def begun(boss: Phone, number: int, **told: str) -> tuple[Push, GroupPush]:
    """One call that the platform has taken."""
    made = await push(boss)
    await ledger(made, number, boss.clock(), **told)  # type: ignore[arg-type]
    (call,) = await promised(made, boss)
    await settled(call, boss, task="msg1")
    return made, call


async def over(made: Push) -> None:
    await Push.filter(id=made.id).update(state="done")


async def tells(boss: Phone, question: PushAsked, *results: PushResult, cursor: str = "") -> str:
    return await boss.meet(PushResultRead(boss.clock(), question, results, cursor))


async def test_who_was_taken_waits_for_the_member_and_who_was_not_has_failed(boss: Phone) -> None:
    made = await push(boss)
    some = await ledger(made, 3, boss.clock())
    (call,) = await promised(made, boss)
    await settled(call, boss, task="msg1", failed=((some[1][2], "no_relation"),))
    assert await counts(made) == {"awaiting": 2, "failed": 1}
    assert (await Recipient.get(state="failed")).reason == "no_relation"
    assert (await Batch.get()).task == "msg1"
    (question,) = await asked(made)
    assert question == PushAsked(boss.clock() + timedelta(minutes=2), "wecom", call.batch, "msg1", "lilei")


async def test_a_batch_that_is_refused_has_failed_as_a_whole(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock())
    (call,) = await promised(made, boss)
    await settled(call, boss, reason="no_right")
    assert (await counts(made), await batches(made)) == ({"failed": 2}, {call.batch: "failed"})
    assert {row.reason for row in await Recipient.all()} == {"no_right"}
    assert await asked(made) == []


async def test_what_may_have_been_sent_is_unsure_until_it_turns_out_to_be(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock(), way="mass", account="official")
    (call,) = await promised(made, boss)
    await settled(call, boss, reason="no_answer", unsure=True)
    assert (await counts(made), await batches(made)) == ({"unsure": 2}, {call.batch: "unsure"})
    await settled(call, boss, task="42")
    assert (await counts(made), await batches(made)) == ({"sent": 2}, {call.batch: "open"})
    await settled(call, boss, reason="no_answer", unsure=True)
    assert await counts(made) == {"sent": 2}


async def test_results_are_read_page_by_page_and_known_to_rules_and_conversations(boss: Phone) -> None:
    made, call = await begun(boss, 3)
    boss.clock.forward(minutes=2)
    (question,) = await asked(made)
    first, second, third = call.contacts
    at = boss.clock() - timedelta(seconds=30)
    await tells(boss, question, PushResult(first, "sent", at=at), cursor="next")
    page = next(each for each in await asked(made) if each.cursor)
    assert page.cursor == "next"
    await tells(boss, page, PushResult(second, "failed", "received_another"), PushResult(third, "waiting"))
    assert await counts(made) == {"sent": 1, "failed": 1, "awaiting": 1}
    row = await Recipient.get(state="sent")
    assert (row.sent_at, row.told) == (at, True)
    assert await Behaviour.filter(name=PUSHED, customer_id=row.customer_id, at=at).count() == 1
    assert (await Message.get(customer_id=row.customer_id)).text == "周年庆开始了"
    assert (await asked(made))[-1].at == question.at + timedelta(minutes=2)


async def test_more_at_once_than_fits_one_transaction_is_known_round_by_round(boss: Phone) -> None:
    boss.house = replace(boss.house, media={"wecom": (replace(TASK, most=10_000),)})
    made, call = await begun(boss, at_once() + 10)
    await over(made)
    (question,) = await asked(made)
    await tells(boss, question, *(PushResult(contact, "sent") for contact in call.contacts))
    assert await Recipient.filter(told=False).count() == 10
    (row,) = await InboxEvent.filter(lane=f"guanxi:push:{made.id}:{made.turn}", state="waiting")
    event = row.own()
    assert isinstance(event, PushRound)
    await boss.meet(event)
    assert await Recipient.filter(told=False).count() == 0


async def test_what_is_told_late_or_twice_changes_nothing(boss: Phone) -> None:
    made, call = await begun(boss, 2)
    (question,) = await asked(made)
    first, second = call.contacts
    for _ in range(2):
        await tells(boss, question, PushResult(first, "sent"), PushResult(second, "failed", "not_friend"))
    await tells(boss, question, PushResult(first, "waiting"), PushResult(first, "failed", "x"))
    await settled(call, boss, task="msg1")
    assert (await counts(made), await batches(made)) == ({"sent": 1, "failed": 1}, {call.batch: "done"})
    assert await Behaviour.filter(name=PUSHED).count() == 1
    assert await Message.all().count() == 1


async def test_when_all_members_have_confirmed_it_is_told_once(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 4, boss.clock(), members=("lilei", "hanmeimei"))
    calls = await promised(made, boss)
    for n, call in enumerate(calls):
        await settled(call, boss, task=f"msg{n}")
    await over(made)
    one, other = await asked(made)
    results = [[PushResult(contact, "sent") for contact in call.contacts] for call in calls]
    assert await tells(boss, one, *results[0]) == ""
    told = await tells(boss, other, *results[1])
    assert told.splitlines()[0] == f"P{made.id} 的结果到齐了：4 人"
    assert "已发送 4" in told
    assert await tells(boss, other, *results[1]) == ""


async def test_after_three_days_nobody_is_asked_any_more(boss: Phone) -> None:
    made, _ = await begun(boss, 2)
    await over(made)
    moments = []
    for _ in range(300):
        questions = await asked(made)
        question = questions[-1]
        if moments and question.at <= moments[-1]:
            break
        moments.append(question.at)
        boss.clock.now = question.at
        told = await tells(boss, question)
    steps = [round((after - before).total_seconds() / 60) for before, after in pairwise(moments)]
    assert steps == [2] * 29 + [10] * 138 + [60] * 48
    assert "还有 2 人一直没等到成员确认" in told
    assert (await counts(made), set((await batches(made)).values())) == ({"awaiting": 2}, {"done"})


async def test_who_does_not_answer_is_asked_again(boss: Phone) -> None:
    made, _ = await begun(boss, 2)
    (question,) = await asked(made)
    again = boss.clock() + timedelta(minutes=7)
    await boss.meet(PushUnread(boss.clock(), question, "busy", again))
    assert again in [each.at for each in await asked(made)]


@pytest.mark.parametrize(
    ("word", "became", "state"), [("task_gone", {"unsure": 2}, "unsure"), ("cancelled", {"skipped": 2}, "cancelled")]
)
async def test_a_task_that_is_no_more(boss: Phone, word: str, became: dict[str, int], state: str) -> None:
    made, call = await begun(boss, 2)
    (question,) = await asked(made)
    await boss.meet(PushUnread(boss.clock(), question, word, boss.clock() + timedelta(days=1)))
    assert (await counts(made), await batches(made)) == (became, {call.batch: state})


async def test_a_mass_message_is_reported_as_a_whole(boss: Phone) -> None:
    made, call = await begun(boss, 3, way="mass", account="official")
    await over(made)
    report = SendingReported(boss.clock(), "official", "msg1", ok=True, sent=2, filtered=1)
    told = await boss.meet(report)
    assert (await counts(made), await batches(made)) == ({"sent": 3}, {call.batch: "done"})
    batch = await Batch.get()
    assert (batch.sent, batch.failed) == (2, 1)
    assert "公众号回报：收到 2，没收到 1" in told
    assert await boss.meet(report) == ""


async def test_a_mass_message_that_reached_nobody_has_failed(boss: Phone) -> None:
    made, _ = await begun(boss, 2, way="mass", account="official")
    await boss.meet(SendingReported(boss.clock(), "official", "msg1", ok=False, reason="judged_advertising"))
    assert await counts(made) == {"failed": 2}
    assert {row.reason for row in await Recipient.all()} == {"judged_advertising"}


async def test_a_mass_message_nobody_reports_is_asked_about(boss: Phone) -> None:
    made, _ = await begun(boss, 2, way="mass", account="official")
    (question,) = await asked(made)
    assert question.at == boss.clock() + timedelta(hours=1)
    boss.clock.now = question.at
    await tells(boss, question, PushResult("", "failed", "send_failed"))
    assert await counts(made) == {"failed": 2}


@pytest.mark.parametrize(("ok", "reason", "state"), [(True, "", "delivered"), (False, "blocked_by_user", "failed")])
async def test_a_template_message_is_reported_alone(boss: Phone, ok: bool, reason: str, state: str) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock(), way="notice", account="official", state="sent")
    await Recipient.filter(push_id=made.id, id=1).update(platform_id="77")
    for _ in range(2):
        await boss.meet(SendingReported(boss.clock(), "official", "77", ok, reason=reason))
    assert await counts(made) == {state: 1, "sent": 1}
    assert (await Recipient.get(id=1)).reason == reason
    assert await Behaviour.filter(name=PUSHED).count() == 2


async def test_who_has_it_is_taken_down_before_more_is_known_of_them_however_many_are_before_them(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, at_once() + 1, boss.clock(), way="notice", account="official", state="sent")
    last = await Recipient.filter(push_id=made.id).order_by("-id").first()
    assert last
    await Recipient.filter(id=last.id).update(platform_id="77")
    await boss.meet(SendingReported(boss.clock(), "official", "77", ok=True))
    row = await Recipient.get(id=last.id)
    assert (row.state, row.told) == ("delivered", True)


async def test_a_round_and_a_report_at_once_take_down_one_line(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 1, boss.clock(), way="notice", account="official", state="sent")
    await Recipient.filter(push_id=made.id).update(platform_id="77")
    report = SendingReported(boss.clock(), "official", "77", ok=True)
    await overlapping(lambda: boss.meet(PushRound(boss.clock(), made.id, 1)), lambda: boss.meet(report))
    assert await counts(made) == {"delivered": 1}
    assert await Message.filter(direction="out").count() == 1


async def test_a_report_that_is_too_early_is_heard_again(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 1, boss.clock(), way="notice", account="official", state="sending")
    with pytest.raises(Unreadable):
        await boss.meet(SendingReported(boss.clock(), "official", "77", ok=True))
    await Recipient.filter(push_id=made.id).update(state="sent", platform_id="76")
    await boss.meet(SendingReported(boss.clock(), "official", "77", ok=True))
    assert await counts(made) == {"sent": 1}


async def test_a_task_that_is_taken_when_the_push_is_cancelled_already_is_taken_back(boss: Phone) -> None:
    made = await push(boss)
    await ledger(made, 2, boss.clock())
    (call,) = await promised(made, boss)
    await Push.filter(id=made.id).update(state="cancelled")
    await settled(call, boss, task="msg1")
    edit = GroupPushEdit(Address("wecom", f"push:{made.id}:{call.batch}"), call.batch, "msg1", "cancel")
    assert boss.sent == [edit]
    told = await settled(edit, boss)
    assert (await counts(made), await batches(made)) == ({"skipped": 2}, {call.batch: "cancelled"})
    assert told.startswith(f"P{made.id} 取消之后的结果")


async def test_what_cannot_be_taken_back_is_asked_about_and_said(boss: Phone) -> None:
    made, call = await begun(boss, 2)
    await boss.say(f"取消 P{made.id}")
    (edit,) = [out for out in boss.sent if isinstance(out, GroupPushEdit)]
    assert await OutboxItem.all().count() >= 2
    told = await settled(edit, boss, reason="no_right")
    assert told == f"P{made.id} 有一个企业群发任务没收回来：应用没有权限"
    assert (await asked(made))[0].at == boss.clock()
    await tells(boss, (await asked(made))[0], *(PushResult(contact, "sent") for contact in call.contacts))
    assert await counts(made) == {"sent": 2}
