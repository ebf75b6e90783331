"""Here lives what must hold of the grammar of the staff's chat."""

import pytest

from domain.commands import Command, Keyword, Table, Target, is_prefixed, parse, target_in
from domain.errors import Refusal
from domain.permissions import Role
from handlers import router

router.load()
TABLE = router.table()
PREFIXES = ("", "/", "／", "!", "！", "/ ", "@guanxi_bot ", "@关系 ")
PUSH = Command("push", "pushes", zh=("群发",), en=("push",), role=Role.MANAGER, tier="danger", takes="arguments")
WITH_PUSH = Table([*(row for row in TABLE.commands if row.name != PUSH.name), PUSH])


def refusal(message: str, table: Table = TABLE, role: Role = Role.ADMIN) -> Refusal:
    with pytest.raises(Refusal) as caught:
        parse(message, table, role=role)
    return caught.value


def typed_out(alias: str, command: Command) -> str:
    return f"{alias} {command.targets[0]}12" if command.targets else alias


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("command", TABLE.commands, ids=lambda command: command.name)
def test_every_alias_parses_with_every_prefix(command: Command, prefix: str) -> None:
    for alias in command.aliases:
        for spelling in (alias, alias.upper(), f"  {alias}"):
            asked = parse(prefix + typed_out(spelling, command), TABLE)
            assert asked.command is command
            assert asked.prefixed is bool(prefix)


@pytest.mark.parametrize("boundary", [" ", "　", "：", ": ", "\t"])
def test_a_verb_ends_at_a_blank_or_a_colon(boundary: str) -> None:
    assert parse(f"查{boundary}张三", TABLE).text == "张三"


def test_a_verb_may_stand_alone_on_the_first_line() -> None:
    assert parse("群发\n大家好", WITH_PUSH).body == "大家好"


@pytest.mark.parametrize("message", ["/查张三", "！查张三", "/find张三", "@bot 查张三"])
def test_a_reading_verb_may_be_glued_behind_a_prefix(message: str) -> None:
    asked = parse(message, TABLE)
    assert (asked.command.name, asked.text) == ("find", "张三")


@pytest.mark.parametrize(
    ("message", "verb", "rest"),
    [
        ("查张三", "查", "张三"),
        ("/回复C12您好，在吗", "回复", "C12您好，在吗"),
        ("/群发大家好", "群发", "大家好"),
        ("记C12 怕贵", "记", "C12 怕贵"),
        ("记怕贵 C12", "记", "怕贵 C12"),
        ("放弃", "放", "弃"),
        ("mergeC1 C2", "merge", "C1 C2"),
        ("/MERGEc1 c2", "merge", "c1 c2"),
        ("showC12", "show", "C12"),
        ("replyl8您好", "reply", "l8您好"),
        ("rC12: hello", "r", "C12: hello"),
        ("confirm7K3F", "confirm", "7K3F"),
        ("bind7k3f9q", "bind", "7k3f9q"),
        ("cancelM3", "cancel", "M3"),
    ],
)
def test_any_other_glued_verb_is_shown_the_right_way(message: str, verb: str, rest: str) -> None:
    caught = refusal(message, WITH_PUSH)
    assert (caught.key, caught.values) == ("refusals/glued", {"verb": verb, "rest": rest})


@pytest.mark.parametrize("message", ["放弃 L1", "/放弃 L1", "放弃：L1", "记好 C1", "/看板 今天", "回访 C12 明天"])
def test_one_more_character_and_a_blank_make_it_another_word(message: str) -> None:
    assert refusal(message).key == "refusals/unknown_command"


@pytest.mark.parametrize(
    "message", ["mergers", "showP3", "confirmed", "confirm2026年", "confirmation", "notepad1", "doneC1"]
)
def test_a_latin_verb_ends_before_what_it_takes_and_nowhere_else(message: str) -> None:
    assert refusal(message).key == "refusals/unknown_command"


def test_a_reading_latin_verb_may_be_glued_to_an_id_behind_a_prefix() -> None:
    assert parse("/showC12", TABLE).target == Target("C", 12)


def test_latin_verbs_are_never_found_inside_latin_words() -> None:
    assert refusal("/helpless").key == "refusals/unknown_command"


def test_a_menu_entry_may_name_the_bot() -> None:
    assert parse("/find@GuanxiBot zhang", TABLE).text == "zhang"


@pytest.mark.parametrize(
    "typed", ["看 C12", "看 c12", "看 Ｃ１２", "看：C12", "看 C12。", "show C12", "看 C12 ", "看 C12："]
)
def test_ids_in_any_spelling(typed: str) -> None:
    assert parse(typed, TABLE).target == Target("C", 12)


def test_a_lead_stands_for_its_customer() -> None:
    assert parse("看 l88", TABLE).target == Target("L", 88)


def test_an_id_of_another_kind_is_refused_with_what_is_wanted() -> None:
    caught = refusal("看 P31")
    assert caught.key == "refusals/wrong_target"
    assert caught.values == {"command": "show", "kinds": "CL", "what": "P31"}


@pytest.mark.parametrize(
    ("typed", "keyword", "text"),
    [
        ("看 张三", "张三", ""),
        ("看 Zhang San", "Zhang San", ""),
        ("看 “Zhang San”", "Zhang San", ""),
        ("聊天 张三 20条", "张三", "20条"),
        ("聊天 「Zhang San」 20", "Zhang San", "20"),
        ("记 张三 怕贵，要折扣", "张三", "怕贵，要折扣"),
        ("看 C1x", "C1x", ""),
        ("看 T3出行", "T3出行", ""),
        ("看 “C919客户”", "C919客户", ""),
        ("看 “C919”", "C919", ""),
        ('看 a"b', 'a"b', ""),
    ],
)
def test_a_keyword_stands_for_a_target(typed: str, keyword: str, text: str) -> None:
    asked = parse(typed, TABLE)
    assert asked.target == Keyword(keyword)
    assert asked.text == text


@pytest.mark.parametrize("typed", ["聊天", "聊天 “”", "聊天 “　” 20", "看 “”", "看 ：", "看 \u200b"])
def test_a_missing_target_is_asked_for(typed: str) -> None:
    assert refusal(typed).key == "refusals/target_needed"


def test_what_is_too_much_is_named() -> None:
    caught = refusal("看 C12 马上")
    assert caught.key == "refusals/too_much"
    assert caught.values == {"command": "show", "what": "马上"}


def test_arguments_of_every_kind() -> None:
    args = parse('群发 人群=#高意向 时间=“明天 10点” +VIP -试用 #老客 @李雷 --Dry 周报 "两 词"', WITH_PUSH).args
    assert args.pairs == {"人群": "#高意向", "时间": "明天 10点"}
    assert (args.added, args.dropped, args.tags, args.people) == (("VIP",), ("试用",), ("老客",), ("李雷",))
    assert args.flags == {"dry"}
    assert args.words == ("周报", "两 词")


def test_a_key_given_twice_is_refused() -> None:
    caught = refusal("群发 渠道=企微 渠道=tg", WITH_PUSH)
    assert (caught.key, caught.values["what"]) == ("refusals/given_twice", "渠道")


def test_a_comparison_is_no_pair() -> None:
    assert parse("群发 amount.90d>=5000 a==b", WITH_PUSH).args.words == ("amount.90d>=5000", "a==b")


def test_the_words_for_a_customer_keep_their_punctuation() -> None:
    asked = parse("回复 C12：您好，“报价”见附件——谢谢！\n第二行　。", TABLE)
    assert asked.text == "您好，“报价”见附件——谢谢！"
    assert asked.words == "您好，“报价”见附件——谢谢！\n第二行　。"


def test_an_id_may_be_glued_to_chinese_words() -> None:
    asked = parse("回复 C12您好，在吗", TABLE)
    assert (asked.target, asked.text) == (Target("C", 12), "您好，在吗")


@pytest.mark.parametrize("message", ["", "   ", "/", "！", "\u200b", "\n\n", "@bot"])
def test_nothing_typed(message: str) -> None:
    assert refusal(message).key == "refusals/nothing_typed"


def test_a_group_wants_a_prefix() -> None:
    with pytest.raises(Refusal) as caught:
        parse("帮助", TABLE, prefix_required=True)
    assert caught.value.key == "refusals/prefix_needed"
    assert parse("/帮助", TABLE, prefix_required=True).command.name == "help"


def test_unknown_verbs_teach_the_nearest() -> None:
    caught = refusal("bangzhu")
    assert (caught.key, caught.values) == ("refusals/unknown_command", {"typed": "bangzhu", "near": ("帮助",)})


def test_of_a_sentence_no_more_is_told_again_than_fits_a_line() -> None:
    assert refusal("你" * 4_000).values == {"typed": "你" * 23 + "…", "near": ()}


@pytest.mark.parametrize(
    ("typed", "veiled"),
    [
        ("绑定 7K3F9Q", "绑定 ******"),
        (" /BIND: 7k3f9q", "bind ******"),
        ("／绑定7K3F9Q", "绑定 ******"),
        ("bind7K3F9Q", "bind ******"),
        ("bind\n7K3F9Q", "bind ******"),
        ("@bot 绑定 7K3F9Q", "绑定 ******"),
        ("回复 C1 绑定 7K3F9Q", "回复 C1 绑定 7K3F9Q"),
        ("记 C1 ******", "记 C1 ******"),
        ("", ""),
    ],
)
def test_a_code_is_no_word_of_the_trail(typed: str, veiled: str) -> None:
    assert TABLE.veiled(typed) == veiled


@pytest.mark.parametrize("typed", ["/2", "！取消", " / 帮助", "／查张三"])
def test_a_sign_says_that_it_is_a_command(typed: str) -> None:
    assert is_prefixed(typed)


@pytest.mark.parametrize("typed", ["@李雷", "@李雷 查 张三", "查 张三", "明天10点", "", "a/b"])
def test_a_name_in_front_says_nothing(typed: str) -> None:
    assert not is_prefixed(typed)


def test_what_one_may_not_run_is_not_suggested() -> None:
    assert refusal("puhs", WITH_PUSH, Role.MANAGER).values["near"] == ("push",)
    assert refusal("puhs", WITH_PUSH, Role.SALES).values["near"] == ()


@pytest.mark.parametrize("words", ["您好，\n见附件", "。。。", "：）", "，好的", ": C13", "C13 您好", "\nC13"])
def test_the_same_command_at_another_target(words: str) -> None:
    asked = parse(f"/回复 张三 {words}", TABLE)
    again = parse(asked.aimed_at("C12"), TABLE)
    assert again.target == Target("C", 12)
    assert again.words == asked.words


def test_an_alias_belongs_to_one_command() -> None:
    with pytest.raises(ValueError, match="two commands"):
        Table([PUSH, PUSH])


@pytest.mark.parametrize(("text", "target"), [(" c12 ", Target("C", 12)), ("张三", None), ("C12 张三", None)])
def test_a_text_that_is_an_id(text: str, target: Target | None) -> None:
    assert target_in(text) == target
