from channels.telegram.limits import limits
from domain.channel import Limits, Rate


def test_the_figures_are_telegrams() -> None:
    assert limits({}) == Limits(account=(Rate(29.55, 1),), recipient=(Rate(1, 1, 3),), group=(Rate(17, 60, 3),))


def test_no_second_holds_more_than_the_figure_though_messages_arrive_unevenly() -> None:
    (rate,) = limits({}).account
    assert rate.burst + rate.count * 1.01 < 31  # ten milliseconds nearer together than they were sent
    assert rate.count >= 0.98 * 30


def test_a_group_never_gets_more_than_twenty_a_minute() -> None:
    (rate,) = limits({}).group
    assert rate.count + rate.burst == 20


def test_config_overrides_them() -> None:
    figures = {
        "messages_per_second": 1000,
        "chat_burst": 1,
        "messages_per_chat_second": 2,
        "messages_per_group_minute": 2,
    }
    assert limits(figures) == Limits(account=(Rate(985, 1, 6),), recipient=(Rate(2, 1, 1),), group=(Rate(1, 60, 1),))
