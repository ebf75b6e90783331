"""Here lives the proof that addresses are found where they end, and replaced whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import found, is_address, replaced


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("看 https://a.cn/x，快来", ["https://a.cn/x"]),
        ("https://a.cn/x。", ["https://a.cn/x"]),
        ("https://a.cn/x查看", ["https://a.cn/x"]),
        ("https://a.cn/页面。好", ["https://a.cn/页面"]),
        ("https://a.cn/?q=双十一&p=1 ", ["https://a.cn/?q=双十一&p=1"]),
        ("See (https://a.cn/x_(y)), or <HTTPS://b.cn>.", ["https://a.cn/x_(y)", "HTTPS://b.cn"]),
        ('"https://a.cn/x?b=c&d=%E4#e"!', ["https://a.cn/x?b=c&d=%E4#e"]),
        ("【https://a.cn/x】", ["https://a.cn/x"]),
        ("ftp://a.cn javascript:alert(1) www.a.cn http:// http://?", []),
        ("https://good.cn@evil.cn/x", []),
        ("https://a.cn/{{ x }} https://b.cn{% if y %}", ["https://a.cn/", "https://b.cn"]),
    ],
)
def test_found(text: str, urls: list[str]) -> None:
    assert list(found(text)) == urls


def test_replaced_whole_and_never_a_part_of_a_longer_one() -> None:
    names = {"https://a.cn/x": "https://t/1", "https://a.cn": "https://t/2"}
    assert (
        replaced("https://a.cn/x，https://a.cn/xy https://a.cn.", names) == "https://t/1，https://a.cn/xy https://t/2."
    )
    assert replaced("https://a.cn/x{1}", names) == "https://a.cn/x{1}"


@given(st.text(max_size=60))
def test_what_is_found_is_an_address_that_is_there(text: str) -> None:
    whole = f"看 https://a.cn/{text} http://b.cn"
    for url in found(whole):
        assert is_address(url)
        assert url in whole
    assert replaced(whole, {}) == whole


@pytest.mark.parametrize(
    "text", ["https://a.cn/x\ny", "https://a.cn/ x", "//a.cn", "https://", "http://a\u202eb.cn", ""]
)
def test_what_is_no_address(text: str) -> None:
    assert not is_address(text)
