"""Here lives the proof of how people ask for some of the leads."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.arguments import arguments
from domain.errors import Refusal
from domain.leads import OPEN, Stage
from domain.permissions import Role, scope_of
from domain.pool import NOBODY, Choice, Place, Reader, accounts_named, age

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNTS = {"wecom": "wecom", "official": "wechat", "service": "wechat", "telegram": "telegram"}
READER = Reader(ACCOUNTS, NOW, ZONE)


def read(typed: str) -> Choice:
    return READER.choice(arguments(typed, "leads"))


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("", Choice(OPEN)),
        ("状态=新", Choice((Stage.NEW,))),
        ("status=new", Choice((Stage.NEW,))),
        ("新", Choice((Stage.NEW,))),
        ("状态=新,有意向", Choice((Stage.NEW, Stage.INTERESTED))),
        ("有意向 成交", Choice((Stage.INTERESTED, Stage.WON))),
        ("stage=lost", Choice((Stage.LOST,))),
        ("全部", Choice(tuple(Stage))),
        ("状态=all", Choice(tuple(Stage))),
        ("渠道=企微", Choice(OPEN, frozenset({"wecom"}))),
        ("via=official", Choice(OPEN, frozenset({"official"}))),
        ("渠道=公众号", Choice(OPEN, frozenset({"official", "service"}))),
        ("tg", Choice(OPEN, frozenset({"telegram"}))),
        ("我的", Choice(OPEN, mine=True)),
        ("公海", Choice(OPEN, nobodys=True)),
        ("free mine", Choice(OPEN, mine=True, nobodys=True)),
        ("@李雷", Choice(OPEN, person="李雷")),
        ("owner=lilei", Choice(OPEN, person="lilei")),
        ("before=123-45", Choice(OPEN, before=Place(123, 45))),
    ],
)
def test_what_is_understood(typed: str, choice: Choice) -> None:
    assert read(typed) == choice


@pytest.mark.parametrize("typed", ["7天", "7d", "时间=7天", "created=7d"])
def test_the_last_days(typed: str) -> None:
    created = read(typed).created
    assert created is not None
    assert created[0] == NOW - timedelta(days=7)
    assert created[1] > NOW


def test_a_period_of_two_words_and_everything_at_once() -> None:
    choice = read("状态=新 this 渠道=企微 week")
    assert (choice.stages, choice.accounts) == ((Stage.NEW,), frozenset({"wecom"}))
    assert choice.created == (datetime(2026, 3, 2, tzinfo=ZONE), datetime(2026, 3, 9, tzinfo=ZONE))


@pytest.mark.parametrize("typed", ["状态=飞", "颜色=红", "胡说", "7天 胡说", "before=x", "7个"])
def test_what_is_not_understood_is_named(typed: str) -> None:
    with pytest.raises(Refusal, match="refusals/bad_argument") as caught:
        read(typed)
    assert str(caught.value.values["what"]) in typed


def test_a_channel_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(Refusal, match="refusals/no_such_channel") as caught:
        read("渠道=抖音")
    assert caught.value.values == {"what": "抖音", "kinds": ["telegram", "wechat", "wecom"]}


def test_a_channels_name_outweighs_a_kind() -> None:
    assert accounts_named("WeChat", {"wechat": "wechat", "shop": "wechat"}) == {"wechat"}


def test_whose_leads_are_meant() -> None:
    sales, boss = scope_of(Role.SALES, 5), scope_of(Role.MANAGER, 6)
    team = scope_of(Role.MANAGER, 6, [7])
    assert [Choice().owners(scope, None) for scope in (sales, boss, team)] == [(5, NOBODY), None, (6, 7, NOBODY)]
    assert Choice(mine=True).owners(boss, None) == (6,)
    assert Choice(nobodys=True).owners(boss, None) == (NOBODY,)
    assert Choice(mine=True, nobodys=True).owners(boss, None) == (6, NOBODY)
    assert Choice(person="@李雷").owners(boss, 9) == (9,)


@pytest.mark.parametrize(
    ("ago", "told"),
    [
        (timedelta(seconds=59), (0, "minute")),
        (timedelta(seconds=-5), (0, "minute")),
        (timedelta(minutes=59), (59, "minute")),
        (timedelta(hours=3, minutes=59), (3, "hour")),
        (timedelta(days=1), (1, "day")),
        (timedelta(days=45), (45, "day")),
    ],
)
def test_how_long_ago(ago: timedelta, told: tuple[int, str]) -> None:
    assert age(NOW - ago, NOW) == told
