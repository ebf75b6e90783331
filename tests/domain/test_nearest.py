"""Here lives which command a slip of the finger is taken for."""

import pytest

from domain.nearest import nearest, simplified

ALIASES = ("帮助", "查", "查客户", "看", "聊天", "回复", "我是谁", "help", "find", "show", "talk", "reply", "whoami")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("fnid", "find"),
        ("finb", "find"),
        ("repli", "reply"),
        ("whoamy", "whoami"),
        ("hepl", "help"),
        ("bangzhu", "帮助"),
        ("帮住", "帮助"),
        ("幫助", "帮助"),
        ("回覆", "回复"),
        ("聊添", "聊天"),
        ("我是睡", "我是谁"),
        ("cha", "查"),
        ("察", "查"),
        ("查客互", "查客户"),
    ],
)
def test_the_nearest_command_comes_first(typed: str, meant: str) -> None:
    assert nearest(typed, ALIASES)[0] == meant


@pytest.mark.parametrize("typed", ["好的", "谢谢", "ok", "今天天气怎么样", "xyz", "👍"])
def test_chatter_is_near_to_nothing(typed: str) -> None:
    assert nearest(typed, ALIASES) == ()


def test_traditional_characters_become_simplified() -> None:
    assert simplified("查詢客戶") == "查询客户"
