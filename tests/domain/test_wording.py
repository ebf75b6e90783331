"""Here lives the proof that every kind of content is filled, and that its addresses are known."""

import pytest

from domain.errors import Refusal
from domain.messages import Content, File, Image, Link, Location, Notice, Text
from domain.wording import Person, addresses, blanks, check, personal, readdressed, values_for, written

ZHANG = Person("张三", "星辰科技", "上海", "李雷")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (Text("{{ 客户 }}，{{ 折扣 }}"), Text("张三，五折")),
        (
            Image(url="https://a.cn/{{x}}.png", caption="{{ name }}"),
            Image(url="https://a.cn/{{x}}.png", caption="张三"),
        ),
        (File("M1", name="价目.pdf", caption="{{ 公司 }}"), File("M1", name="价目.pdf", caption="星辰科技")),
        (
            Link("{{ 城市 }}站", "https://a.cn/?n={{ 客户 }}&d={{ 折扣 }}", "{{ 顾问 }}", "https://a.cn/p.png"),
            Link("上海站", "https://a.cn/?n=%E5%BC%A0%E4%B8%89&d=五折", "李雷", "https://a.cn/p.png"),
        ),
        (
            Notice("T1", (("first", "{{ 客户 }}"), ("thing1", "{{ 折扣 }}")), "https://a.cn", "{{ 客户 }}\n{{ 折扣 }}"),
            Notice("T1", (("first", "张三"), ("thing1", "五折")), "https://a.cn", "张三\n五折"),
        ),
        (Location(1.0, 2.0, "{{ 客户 }}"), Location(1.0, 2.0, "{{ 客户 }}")),
    ],
)
def test_written(content: Content, expected: Content) -> None:
    check(content)
    assert written(content, {"折扣": "五折"}, ZHANG) == expected


def test_people_are_called_in_both_languages() -> None:
    text = Text(
        "{{ 客户 }}{{ 姓名 }}{{ name }}{{ Customer }}|{{ 公司 }}{{ company }}|{{ city }}|{{ 顾问 }}{{ 我 }}{{ me }}"
    )
    assert written(text, {}, ZHANG) == Text("张三张三张三张三|星辰科技星辰科技|上海|李雷李雷李雷")


def test_nothing_known_is_as_good_as_no_value() -> None:
    nobody = Person()
    assert written(Text('{{ 客户 or "您" }}好'), {}, nobody) == Text("您好")
    assert written(Text('{{ 客户|default("您") }}好'), {}, nobody) == Text("您好")
    assert written(Text("{{ 客户 }}，您好"), {}, nobody) == Text("您好")
    assert written(Text("{{ 客户 }}，您好"), {}, Person(name=" \n")) == Text("您好")
    assert written(Text("{{ 客户 }}，您好"), {"name": "朋友"}, nobody) == Text("朋友，您好")
    assert written(Text("{{ 客户 }}，您好"), {"name": "朋友"}, ZHANG) == Text("张三，您好")


def test_the_same_words_for_everybody_need_defaults() -> None:
    assert written(Text('{{ 客户 or "您" }}好'), {}) == Text("您好")
    assert written(Text("{{ name }}好"), {"客户": "朋友"}) == Text("朋友好")
    with pytest.raises(Refusal) as refused:
        written(Text("{{ 客户 }}好"), {})
    assert (refused.value.key, refused.value.values) == ("refusals/blank_missing", {"name": "客户", "personal": True})


def test_a_value_is_one_line_and_no_words() -> None:
    assert written(Text("{{ 客户 }}"), {}, Person(name="{{ x }}\n\ue000张 三")) == Text("{{ x }} 张 三")


def test_blanks_are_told() -> None:
    content = Link("{{ 客户 }}", "https://a.cn/{{ 期数 }}", "{% if 城市 == '上海' %}{{ Ｘ or 'y' }}{% endif %}")
    assert blanks(content) == {"客户", "期数", "城市", "x"}
    assert personal(content) == {"客户", "城市"}
    assert values_for(content, {"X": "1"}) == {"x": "1"}
    with pytest.raises(Refusal) as refused:
        values_for(content, {"折扣": "1"})
    assert refused.value.values == {"name": "折扣", "there": ["x", "城市", "客户", "期数"]}


@pytest.mark.parametrize(
    "url",
    [
        "https://{{ 客户 }}.cn",
        "{{ 客户 }}",
        "javascript:alert(1)",
        "{{ x }}{{ name }}",
        "https://a.cn@{{ 公司 }}/",
        "a b",
    ],
)
def test_whose_address_it_is_is_never_a_customers_word(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        check(Link("题", url))
    assert refused.value.key == "refusals/push_address"


@pytest.mark.parametrize("value", ["javascript:alert(1)", "https://a.cn/\nx y", "a"])
def test_a_value_that_is_no_address_is_refused(value: str) -> None:
    link = Link("题", "{{ 页面 }}")
    check(link)
    with pytest.raises(Refusal):
        written(link, {"页面": value}, ZHANG)
    assert written(link, {"页面": "https://a.cn/x"}, ZHANG) == Link("题", "https://a.cn/x")


def test_addresses_that_can_be_opened_are_told_and_replaced() -> None:
    link = Link("看 https://a.cn", "https://b.cn/x", "又 https://a.cn！", "https://c.cn/p.png")
    assert addresses(link) == ("https://a.cn", "https://b.cn/x")
    ours = {"https://a.cn": "https://t/1", "https://b.cn/x": "https://t/2", "https://c.cn/p.png": "https://t/3"}
    assert readdressed(link, ours) == Link("看 https://t/1", "https://t/2", "又 https://t/1！", "https://c.cn/p.png")
    assert readdressed(link, {}) is link
    assert addresses(Image(url="https://a.cn/x.png")) == ()
    assert addresses(Link("题", "https://a.cn/{{ x }}")) == ()
