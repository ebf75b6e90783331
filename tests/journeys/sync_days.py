"""Here lives the story of the comparison with the platforms: looked at, asked for, and rehearsed."""

from tests.journeys.walk import Step

THE_COMPARISON = (
    Step(
        "sync",
        "boss",
        ("同步", "企业微信「wecom」 公众号「official」 标签： 客户身上："),
        ("sync", "WeCom Tags: customers:"),
    ),
    Step("sync", "other", ("同步 预演 企微", "预演 wecom"), ("sync dry wecom", "Dry wecom")),
    Step("sync", "boss", ("同步 现在 公众号", "对账 official"), ("sync now official", "Comparing official")),
)
