"""Here lives the story of schedules and daily reports: a push every Monday, and the numbers every morning."""

from models.digests import Digest
from models.plans import Plan
from models.schedules import Schedule
from tests.journeys.walk import Step

THE_SCHEDULES = (
    Step(
        "cron",
        "boss",
        ("定时 每周一10点 人群=渠道=公众号 渠道=公众号\n本周上新", "S1 每周一 10:00 1 位客户 C4 本周上新 确认"),
        (
            'cron "every mon 10:00" to=via=wechat via=wechat\nNew this week',
            "S1 every mon 10:00 1 customer C4 New confirm",
        ),
        lambda w: (
            Plan.filter(kind="cron", subject="S1", staff_id=w.id("boss"), state="open"),
            Schedule.filter(id=1, staff_id=w.id("boss"), state="draft", cron="0 10 * * mon"),
        ),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "S1 每周一 10:00 (Asia/Shanghai)"),
        ("confirm {code}", "S1 every mon 10:00 (Asia/Shanghai)"),
        lambda _: (Schedule.filter(id=1, state="active", next_at__not_isnull=True),),
    ),
    Step("cron", "boss", ("定时", "1. S1 每周一 10:00"), ("cron", "1. S1 every mon 10:00")),
    Step(
        "cron",
        "other",
        ("定时 停 S1", "S1 停用"),
        ("cron off S1", "S1 paused"),
        lambda _: (Schedule.filter(id=1, state="paused"),),
        told="boss",
    ),
    Step(
        "cron",
        "boss",
        ("定时 删 S1", "S1 删掉"),
        ("cron del S1", "S1 deleted"),
        lambda _: (Schedule.filter(id=1, state="stopped"),),
    ),
    Step("digest", "boss", ("日报", "日报 新客户 3 来信"), ("digest", "Digest customers: 3 Messages")),
    Step(
        "digest",
        "boss",
        ("日报 开 9点", "09:00 (Asia/Shanghai)"),
        ("digest on 9:00", "09:00 (Asia/Shanghai)"),
        lambda w: (Digest.filter(staff_id=w.id("boss"), account=w.platform, chat=w.account("boss"), minutes=540),),
    ),
)
