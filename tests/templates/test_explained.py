"""Here lives what people are told that a rule means, in either language."""

import pytest

from domain.rule_names import Names, bound
from domain.rule_text import parse
from domain.rule_words import said
from domain.rules import Carries, Rule
from domain.taggings import Known
from templates import render

LIBRARY = [Known(1, "意向", "高"), Known(2, "意向", "低"), Known(3, "等级", "VIP"), Known(4, "客户", "VIP")]
NAMES = Names(LIBRARY, {1: "李雷", 2: "韩梅梅"}, {"main": "wecom"}, {"老客": "orders >= 3"})


def explained(rule: Rule, language: str, names: Names = NAMES) -> str:
    return render(f"chat/{language}/rules/explained.txt", said=said(rule, names)).strip()


@pytest.mark.parametrize(
    ("rule", "chinese", "english"),
    [
        (
            "#高意向 且 非 30天内群发",
            "有标签「高意向」，并且近 30 天没收到过群发",
            'tagged "高意向" and got no push in the last 30 days',
        ),
        (
            "#VIP or (#意向/高 and not #意向/)",
            "有标签「VIP」，或者（有标签「意向/高」，并且没有「意向」组的标签）",
            'tagged "VIP" or (tagged "意向/高" and no tag of the group "意向")',
        ),
        (
            "not (city=北京 or city in (上海, 广州))",
            "不符合（城市是「北京」，或者城市是「上海」、「广州」之一）",
            'not (city is "北京" or city is "上海" or "广州")',
        ),
        ("#G1 and not not #G99", "有标签「高」，并且有标签「G99」", 'tagged "高" and tagged "G99"'),
        ("amount.90d >= 5000.50", "近 90 天消费不少于 5000.5 元", "spent at least 5000.5 CNY in the last 90 days"),
        ("not amount.90d >= 5000", "近 90 天消费少于 5000 元", "spent less than 5000 CNY in the last 90 days"),
        ("orders = 0", "没下过单", "ordered nothing"),
        ("not orders.1d", "近 1 天没下过单", "ordered nothing in the last 1 day"),
        ("orders.90d = 2", "近 90 天下单正好 2 次", "orders in the last 90 days: exactly 2"),
        ("messages between 1..3", "发来消息在 1 到 3 条之间", "messages: between 1 and 3"),
        ("not clicked in (1, 2)", "点群发里的链接不是 1、2 次", "clicks: not 1 or 2"),
        ("event.paid.7d", "近 7 天有过「paid」", 'did "paid" in the last 7 days'),
        ("event.paid.7d > 2", "近 7 天「paid」多于 2 次", '"paid" in the last 7 days: more than 2'),
        ("last_order < 30d", "最近下单距今不到 30 天", "last order less than 30 days ago"),
        ("not last_order < 1d", "最近下单并非距今不到 1 天", "last order not less than 1 day ago"),
        ("last_seen between 30d..60d", "最近活跃在 30 到 60 天前", "last seen between 30 and 60 days ago"),
        ("created = 2026-11-01", "创建时间是 2026-11-01", "created on 2026-11-01"),
        ("created = today", "创建时间是今天", "created today"),
        ("created >= yesterday", "创建时间不早于昨天", "created not before yesterday"),
        ("birthday = 11-30", "生日是11月30日", "birthday on 11-30"),
        ("birthday != tomorrow", "生日不是明天", "birthday not tomorrow"),
        ("birthday between 11-01..11-30", "生日在 11月1日 到 11月30日", "birthday from 11-01 to 11-30"),
        ("score between 60..80", "评分在 60 到 80 之间", "score between 60 and 80"),
        ("owner = @lilei", "负责人是李雷", "owner is 李雷"),
        ("owner != @nobody", "负责人不是nobody", "owner is not nobody"),
        ("owner is empty", "没有负责人", "has no owner"),
        ("stage = won", "阶段是已成交", "stage is won"),
        ("stage is not empty", "有线索", "has a lead"),
        ("consent != yes", "接收意愿不是同意", "consent is not granted"),
        ("phone is empty", "没填手机", "phone not known"),
        ("last_order is empty", "没下过单", "never ordered"),
        ("channel = 企微", "渠道是企业微信", "channel is WeCom"),
        ("channel != main", "渠道不是main", "channel is not main"),
        ("company ~ 科技", "公司含「科技」", 'company contains "科技"'),
        ("custom.等级 = 金", "「等级」是「金」", '"等级" is "金"'),
        ("not custom.分 > 5", "「分」并非多于 5", '"分" not more than 5'),
        ("custom.分 in (1, 金)", "「分」是1、「金」之一", '"分" is 1 or "金"'),
        ("not @老客", "不在人群「老客」里", 'not in the audience "老客"'),
        ("@沉默(days=60, 7)", "在人群「沉默」里（days=60、7）", 'in the audience "沉默" (days=60, 7)'),
    ],
)
def test_a_rule_in_words(rule: str, chinese: str, english: str) -> None:
    assert explained(parse(rule), "zh-CN") == chinese
    assert explained(parse(rule), "en") == english


def test_what_is_asked_of_customers_can_be_told_too() -> None:
    rule = bound(parse("#VIP and owner in (@李雷, @韩梅梅)"), NAMES)
    assert explained(rule, "zh-CN") == "有标签「等级/VIP」「客户/VIP」之一，并且负责人是李雷、韩梅梅之一"
    assert explained(rule, "en") == 'tagged "等级/VIP" or "客户/VIP" and owner is 李雷 or 韩梅梅'
    many = Carries(frozenset(range(1, 10)))
    assert explained(many, "zh-CN") == "有标签「意向/高」「意向/低」「等级/VIP」「客户/VIP」等 9 个之一"
    assert explained(many, "en").endswith(" or 5 more")


def test_amounts_are_in_the_currency_of_the_house() -> None:
    names = Names([], {}, {}, {}, "USD")
    assert explained(parse("amount > 5"), "zh-CN", names) == "消费多于 5 USD"
