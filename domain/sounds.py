"""Here lives how names sound: their syllables in pinyin, surnames read as surnames."""

import re
from collections.abc import Iterator
from functools import lru_cache

EAST = "\u2e80-\ufaff\U00020000-\U0003ffff"  # scripts without blanks between words
RUN = re.compile(rf"[{EAST}]+|[^\s{EAST}]+")
LONGEST_NAME = 4
# What a character is read as when it is a surname, where that differs from what it mostly is
SURNAMES = {
    "万俟": "mo qi", "尉迟": "yu chi", "长孙": "zhang sun", "单于": "chan yu", "澹台": "tan tai", "鲜于": "xian yu",
    "令狐": "ling hu", "亓官": "qi guan", "缪": "miao", "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie",
    "查": "zha", "区": "ou", "朴": "piao", "盖": "ge", "乐": "yue", "员": "yun", "黑": "he", "秘": "bi", "折": "she",
    "繁": "po", "种": "chong", "祭": "zhai", "召": "shao", "翟": "zhai", "宓": "fu", "牟": "mu", "覃": "qin",
    "佴": "nai", "能": "nai", "隗": "wei", "阚": "kan", "薄": "bo", "洗": "xian", "冼": "xian", "逯": "lu",
    "重": "chong", "车": "che", "石": "shi", "尹": "yin", "卜": "bu", "谌": "chen", "訾": "zi", "幺": "yao",
    "句": "gou", "呙": "guo", "眭": "sui", "钭": "tou", "璩": "qu", "麴": "qu", "晏": "yan", "厍": "she",
}  # fmt: skip


def has_chinese(text: str) -> bool:
    """Whether any of it is in a script without blanks between words (Chinese, Japanese, Korean)."""
    return bool(re.search(f"[{EAST}]", text))


def runs(text: str) -> Iterator[str]:
    """Its words; a run of Chinese is one, however long."""
    return (found[0] for found in RUN.finditer(text))


@lru_cache(maxsize=4096)
def readings(name: str) -> tuple[tuple[str, ...], ...]:
    """Syllables of a plain name, in each way it may be read: one, or two where the surname is read as one."""
    usual = tuple(syllable for run in runs(name) for syllable in _syllables(run))
    chinese = next(runs(name), "")
    if not 1 < len(chinese) <= LONGEST_NAME:
        return (usual,)
    for surname in (chinese[:2], chinese[:1]):
        if surname in SURNAMES:
            rest = name.removeprefix(surname).strip()
            given = tuple(syllable for run in runs(rest) for syllable in _syllables(run))
            return tuple(dict.fromkeys([usual, (*SURNAMES[surname].split(), *given)]))
    return (usual,)


def _syllables(run: str) -> list[str]:
    if not has_chinese(run):
        return [run]
    from pypinyin import lazy_pinyin

    return list(lazy_pinyin(run))
