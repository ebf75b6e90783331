"""Here lives the story of audiences: counted, kept, pictured, tagged as a whole, and tagged by a rule from then on."""

from models.audiences import Audience
from models.autotags import AutoTag
from models.plans import Plan
from models.tags import Tagging
from tests.journeys.walk import ZH, Step

THE_AUDIENCES = (
    Step(
        "audience",
        "boss",
        ("人群 渠道=电报", "2 位客户 Telegram C1 C2"),
        ("audience via=telegram", "2 customers Telegram C1 C2"),
    ),
    Step(
        "audience",
        "boss",
        ("人群 存 电报客户 = 渠道=电报", "电报客户 2 位客户"),
        ("audience save chatters = via=telegram", "chatters 2 customers"),
        lambda w: (Audience.filter(name="电报客户" if w.language == ZH else "chatters", staff_id=w.id("boss")),),
    ),
    Step("presets", "boss", ("人群模板", "1. 新客 更多"), ("presets", "1. new more")),
    Step(
        "portrait",
        "boss",
        ("人群画像 @电报客户", "2 位客户 Telegram 100%"),
        ("portrait @chatters", "2 customers Telegram 100%"),
    ),
    Step(
        "tagall",
        "boss",
        ("批量打标 @电报客户 +G1", "2 位客户 VIP 确认"),
        ("tagall @chatters +G1", "2 customers VIP confirm"),
        lambda w: (Plan.filter(kind="tagall", staff_id=w.id("boss"), state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "2 位客户"),
        ("confirm {code}", "2 customers"),
        lambda w: (
            Tagging.filter(customer_id=1, tag__name="VIP", staff_id=w.id("boss")),
            Tagging.filter(customer_id=2, tag__name="VIP", staff_id=w.id("boss")),
        ),
    ),
    Step(
        "rules",
        "boss",
        ("规则 加 G1 当 渠道=公众号", "R1 等级/VIP C4 确认"),
        ("rules add G1 when via=wechat", "R1 Level/VIP C4 confirm"),
        lambda w: (Plan.filter(kind="rules", subject="R1", staff_id=w.id("boss"), state="open"),),
    ),
    Step(
        "confirm",
        "boss",
        ("确认 {code}", "R1 1 等级/VIP"),
        ("confirm {code}", "R1 1 Level/VIP"),
        lambda _: (
            AutoTag.filter(id=1, state="active"),
            Tagging.filter(customer_id=4, tag__name="VIP", source="rule"),
        ),
    ),
    Step("rules", "boss", ("规则", "R1 VIP"), ("rules", "R1 VIP")),
)
