"""Here lives the story of a push: previewed, confirmed, and read by who is to read it."""

from models.plans import Plan
from models.pushes import Push
from models.recipients import Recipient
from tests.journeys.control_days import THE_CONTROL
from tests.journeys.walk import Step

THE_PUSHES = (
    Step(
        "push",
        "boss",
        ("群发 人群=渠道=电报 渠道=电报\n店庆八折", "P1 2 位客户 Telegram 店庆八折 确认"),
        ("push to=via=telegram via=telegram\n20% off today", "P1 2 customers Telegram today confirm"),
        lambda w: (Plan.filter(kind="push", subject="P1", staff_id=w.id("boss"), state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "P1 2 位客户 马上"),
        ("confirm {code}", "P1 2 customers now"),
        lambda w: (
            Push.filter(id=1, staff_id=w.id("boss"), state__in=["running", "done"]),
            Recipient.filter(push_id=1, customer_id=1, way="message"),
            Recipient.filter(push_id=1, customer_id=2, way="message"),
        ),
        reaches=("店庆八折", "20% off today"),
    ),
    *THE_CONTROL,
)
