"""Here lives the story of a push that is looked after: seen, paused before its time, resumed, cancelled at last."""

from models.plans import Plan
from models.pushes import Push
from models.recipients import Recipient
from tests.journeys.walk import Step

THE_CONTROL = (
    Step(
        "push",
        "boss",
        ("群发 人群=渠道=公众号 时间=明天10点\n明天见", "P2 1 位客户 10:00 确认"),
        ('push to=via=wechat at="tomorrow 10:00"\nsee you', "P2 1 customer 10:00 confirm"),
        lambda w: (Plan.filter(kind="push", subject="P2", staff_id=w.id("boss"), state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "P2 10:00"),
        ("confirm {code}", "P2 10:00"),
        lambda _: (Push.filter(id=2, state="queued"), Recipient.filter(push_id=2, customer_id=4, state="waiting")),
    ),
    Step(
        "status",
        "boss",
        ("进度 P2", "P2 等开始 10:00 等待 1"),
        ("status P2", "P2 start 10:00 waiting 1"),
    ),
    Step("status", "boss", ("进度", "1. P2 2. P1"), ("status", "1. P2 2. P1")),
    Step(
        "pause",
        "boss",
        ("暂停 P2", "P2 暂停 继续"),
        ("pause P2", "P2 paused resume"),
        lambda _: (Push.filter(id=2, state="paused"),),
    ),
    Step(
        "resume",
        "boss",
        ("继续 P2", "P2 1 10:00 确认"),
        ("resume P2", "P2 1 10:00 confirm"),
        lambda w: (Plan.filter(kind="resume", subject="P2", staff_id=w.id("boss"), state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "P2 10:00"),
        ("confirm {code}", "P2 10:00"),
        lambda _: (Push.filter(id=2, state="queued"),),
    ),
    Step(
        "cancel",
        "boss",
        ("取消 P2", "P2 取消 跳过 1"),
        ("cancel P2", "P2 cancelled skipped 1"),
        lambda _: (
            Push.filter(id=2, state="cancelled"),
            Recipient.filter(push_id=2, customer_id=4, state="skipped", reason="cancelled"),
        ),
    ),
    Step(
        "retry",
        "boss",
        ("重发失败 P2", "P2 取消 {boss}"),
        ("retry P2", "P2 cancelled {boss}"),
        result="push_state",
    ),
    Step(
        "remind",
        "boss",
        ("提醒 P1", "P1 没有"),
        ("remind P1", "P1 no"),
        result="push_nobody_awaited",
    ),
)
