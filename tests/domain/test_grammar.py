"""Whatever is typed, the grammar keeps its promises: it refuses or understands, and tells what it understood."""

import re
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.commands import Command, Invocation, Table, parse
from domain.errors import Refusal
from domain.lines import plainly
from domain.permissions import Role
from handlers import router

router.load()
PUSH = Command("launch", "plans", zh=("群发件",), en=("launch",), role=Role.MANAGER, tier="danger", takes="arguments")
TABLE = Table([*router.table().commands, PUSH])
ALIASES = sorted(TABLE.by_alias)
DANGEROUS = [alias for alias, row in TABLE.by_alias.items() if row.tier == "danger"]
SIGNS = ("", "/", "／", "!", "！", "/ ", "@guanxi_bot ", "@关系 ")
BOUNDARY = re.compile(r"[\s:]|$")

ANY = st.text(st.characters(exclude_categories=()), max_size=60)  # lone surrogates included
MARKS = st.text(alphabet="\"“”「『'：:,，。.=+-—－#@/!C12LPx张三 \t　\u200b\u0301\u202e😀️\u200d\ud800¨ﷺ⩴", max_size=30)
BODY = st.text(st.characters(exclude_categories=()), min_size=1, max_size=60)
WORDS = ANY | MARKS
MESSAGES = st.one_of(
    WORDS,
    st.builds(
        "{}{}{}{}".format, st.sampled_from(SIGNS), st.sampled_from(ALIASES), st.sampled_from(["", " ", "："]), WORDS
    ),
    st.builds(
        "{} {} {}\n{}".format,
        st.sampled_from(ALIASES),
        st.sampled_from(["C1", "L88", "T3", "M2", "P31", "张三"]),
        WORDS,
        BODY,
    ),
)


def understood(message: str) -> Invocation | None:
    with suppress(Refusal):
        return parse(message, TABLE)
    return None


def meaning(asked: Invocation) -> tuple[object, ...]:
    return (asked.command, asked.target, asked.args, asked.text, asked.body)


@given(MESSAGES)
@example("看 “C919”")
@example('聊天 C12"x 20')
@example("聊天 ：“张三”")
@example("查 ：：张三")
@example("回复 C12 。。。。")
@example('看 "a" b"')
@example('聊天 ::"a 20')
@example("看 e\u200d\u0301")
@example("看 ︱︱")
def test_what_was_understood_is_told_in_words_that_mean_the_same(message: str) -> None:
    if asked := understood(message):
        assert meaning(parse(asked.line, TABLE)) == meaning(asked)
        assert parse(asked.line, TABLE).line == asked.line


@given(MESSAGES)
def test_whatever_is_typed_is_understood_or_refused(message: str) -> None:
    with suppress(Refusal):
        parse(message, TABLE)
    with suppress(Refusal):
        parse(message, TABLE, prefix_required=True, role=Role.SALES)
    TABLE.veiled(message)


@pytest.mark.parametrize(
    "message",
    [
        "😀" * 4_000,
        "查 " + "张" * 4_000,
        '群发件 "' + "a=" * 2_000,
        "群发件 " + '"' * 3_999,
        "看 " + "\u202e" * 4_000 + "张三",
        "ａ" * 4_000,
        "\ud800" * 100,
        "bang\ud800zhu",
        "帮\udfff助",
        "e" + "\u0301" * 4_000,
        " " * 4_000,
        "@" * 4_000,
        "/" * 4_000,
    ],
    ids=lambda message: repr(message[:12]),
)
def test_the_longest_and_the_oddest_lines_are_read(message: str) -> None:
    asked = understood(message)
    assert asked is None or meaning(parse(asked.line, TABLE)) == meaning(asked)


@given(st.sampled_from(SIGNS), st.sampled_from(DANGEROUS), WORDS)
def test_a_dangerous_verb_is_never_found_in_a_longer_word(sign: str, verb: str, rest: str) -> None:
    message = f"{sign}{verb}{rest}"
    asked = understood(message)
    if asked and asked.command.tier == "danger":
        plain = plainly(message.partition("\n")[0]).plain.lower()
        assert any(
            BOUNDARY.match(plain, found.end()) for found in re.finditer(re.escape(asked.verb) + r"(@\w+)?", plain)
        )


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("verb", DANGEROUS)
def test_a_glued_dangerous_verb_is_shown_the_right_way(verb: str, sign: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse(f"{sign}{verb}大家好", TABLE)
    assert (caught.value.key, caught.value.values) == ("refusals/glued", {"verb": verb, "rest": "大家好"})


@given(st.sampled_from(["回复 C12", "／回复 张三", "reply L8:", "记 C1"]), BODY)
def test_a_body_is_never_touched(head: str, body: str) -> None:
    asked = parse(f"{head}\n{body}", TABLE)
    assert (asked.body, asked.words) == (body, body)
    assert parse(asked.line, TABLE).body == body


@given(st.sampled_from(ALIASES), st.sampled_from(SIGNS), WORDS)
def test_nothing_behind_a_verb_makes_it_another(alias: str, sign: str, rest: str) -> None:
    asked = understood(f"{sign}{alias} {rest}")
    assert asked is None or asked.command is TABLE.by_alias[alias]


@given(WORDS)
def test_a_plain_line_is_plain_already(raw: str) -> None:
    plain = plainly(raw).plain
    assert plainly(plain).plain == plain


@given(st.sampled_from(ALIASES), st.sampled_from(["", " ", "\u200b", "　"]))
def test_an_alias_is_found_in_any_spelling(alias: str, before: str) -> None:
    wide = "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in alias.upper())
    with suppress(Refusal):  # of what follows nothing is there
        assert parse(before + wide, TABLE).command is TABLE.by_alias[alias]
    with pytest.raises(Refusal) as caught:
        parse(f"{before}{wide}\u4e00\u4e00\u4e00\u4e00\u4e00", TABLE)
    assert caught.value.key in ("refusals/glued", "refusals/unknown_command")
