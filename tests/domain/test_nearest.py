"""Here lives which command a slip of the finger is taken for."""

import pytest
from opencc import OpenCC
from pypinyin import lazy_pinyin

from domain.nearest import LONGEST, nearest, simplified
from domain.permissions import Role
from handlers import router

router.load()
TABLE = router.table()
CHINESE = sorted(alias for alias in TABLE.by_alias if not alias.isascii())
LATIN = sorted(alias for alias in TABLE.by_alias if alias.isascii() and len(alias) > 4)

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


def taught(typed: str) -> list[str]:
    """The commands that an administrator is offered for a word that is none."""
    return [TABLE.by_alias[alias].name for alias in TABLE.suggestions(typed, Role.ADMIN)]


@pytest.mark.parametrize("alias", CHINESE)
def test_every_chinese_verb_is_found_by_its_sound_and_in_traditional_characters(alias: str) -> None:
    for typed in ("".join(lazy_pinyin(alias)), OpenCC("s2t").convert(alias), OpenCC("s2tw").convert(alias)):
        if typed not in TABLE.by_alias:
            assert TABLE.by_alias[alias].name in taught(typed), typed


@pytest.mark.parametrize("alias", LATIN)
def test_every_longer_latin_verb_is_found_with_one_slip(alias: str) -> None:
    for at in range(1, len(alias) - 1):
        swapped = alias[:at] + alias[at + 1] + alias[at] + alias[at + 2 :]
        for typed in (swapped, alias[:at] + alias[at + 1 :], alias[:at] + alias[at] + alias[at:]):
            if typed not in TABLE.by_alias:
                assert TABLE.by_alias[alias].name in taught(typed), typed


@pytest.mark.parametrize("typed", ["帮" * (LONGEST + 1), "\ud800", "帮\udfff", "", "\u0301" * 20, "👨\u200d👩\u200d👧"])
def test_what_is_no_word_at_all_is_looked_for_in_vain(typed: str) -> None:
    assert nearest(typed, ()) == ()
    nearest(typed, ALIASES)


def test_a_sentence_is_no_slip() -> None:
    assert nearest("帮" * (LONGEST + 1), ["帮" * LONGEST]) == ()


def test_traditional_characters_become_simplified() -> None:
    assert simplified("查詢客戶") == "查询客户"
