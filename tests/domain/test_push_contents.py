"""Here lives the proof that the content of a push is what was typed, and that contradictions are refused."""

from collections.abc import Mapping

import pytest

from domain.errors import Refusal
from domain.messages import Content, File, Image, Link, Notice, Text
from domain.push_contents import content_of, is_whole

A = "https://a.cn/x"


@pytest.mark.parametrize(
    ("pairs", "body", "content", "rest"),
    [
        ({}, " 您好，\n{{ 客户 }} ", Text(" 您好，\n{{ 客户 }} "), {}),
        ({"人群": "#老客"}, "  \n", None, {"人群": "#老客"}),
        ({"图片": f"{A}.png", "限速": "1/秒"}, "看", Image(url=f"{A}.png", caption="看"), {"限速": "1/秒"}),
        ({"picture": "MEDIA_1"}, "", Image("MEDIA_1"), {}),
        (
            {"文件": "https://a.cn/%E4%BB%B7%E7%9B%AE.pdf"},
            "",
            File(url="https://a.cn/%E4%BB%B7%E7%9B%AE.pdf", name="价目.pdf"),
            {},
        ),
        ({"链接": A, "标题": "双十一", "封面": f"{A}.png"}, "五折", Link("双十一", A, "五折", f"{A}.png"), {}),
        ({"link": A, "title": "T", "desc": "D", "折扣": "5"}, "", Link("T", A, "D"), {"折扣": "5"}),
        ({"标题": "T", "说明": "D"}, "{{ 标题 }}", Text("{{ 标题 }}"), {"标题": "T", "说明": "D"}),
        (
            {"模板消息": "TPL_1", "链接": A},
            "first: {{ 客户 }}\n\n keyword1：五 折 \n",
            Notice("TPL_1", (("first", "{{ 客户 }}"), ("keyword1", "五 折")), A, "{{ 客户 }}\n五 折"),
            {},
        ),
        ({}, "a\0b", Text("ab"), {}),
    ],
)
def test_read(pairs: Mapping[str, str], body: str, content: Content | None, rest: Mapping[str, str]) -> None:
    assert content_of(pairs, body) == (content, rest)


@pytest.mark.parametrize(
    ("pairs", "body", "key"),
    [
        ({"图片": A, "文件": A}, "", "push_content_two"),
        ({"图片": A, "image": A}, "", "push_content_two"),
        ({"链接": A, "图片": A, "标题": "T"}, "", "push_content_two"),
        ({"模板消息": "TPL_1", "图片": A}, "a: b", "push_content_two"),
        ({"链接": A, "标题": "T", "说明": "D"}, "又", "push_content_two"),
        ({"链接": A}, "", "push_link_title"),
        ({"链接": "", "标题": "T"}, "", "push_address"),
        ({"链接": "a.cn", "标题": "T"}, "", "push_address"),
        ({"链接": A, "标题": "T", "封面": "a.png"}, "", "push_address"),
        ({"图片": "a b"}, "", "push_address"),
        ({"图片": "file:///etc/passwd"}, "", "push_address"),
        ({"模板消息": "TPL_1"}, "", "push_field"),
        ({"模板消息": "TPL_1"}, "没有冒号", "push_field"),
        ({"模板消息": "TPL_1"}, "a: b\na: c", "push_field"),
        ({"模板消息": "T 1"}, "a: b", "push_field"),
        ({}, "{{ x.y }}", "blank_not_allowed"),
    ],
)
def test_refused(pairs: Mapping[str, str], body: str, key: str) -> None:
    with pytest.raises(Refusal) as refused:
        content_of(pairs, body)
    assert refused.value.key == f"refusals/{key}"


def test_what_needs_no_words_below() -> None:
    assert is_whole({"图片": A})
    assert is_whole({"链接": A, "标题": "T"})
    assert not is_whole({"标题": "T"})
    assert not is_whole({"模板消息": "TPL_1", "链接": A})
