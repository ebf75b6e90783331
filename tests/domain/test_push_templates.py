"""Here lives the proof that people ask for templates in their own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Refusal
from domain.push_templates import Wish, check_name, names_template, wish


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Wish("list")),
        ("page=3", Wish("list", page=3)),
        ("page=0", Wish("list", page=1)),
        ("双十一", Wish("show", "双十一")),
        ("看 双十一", Wish("show", "双十一")),
        ("加　双十一： 图片=https://a.cn/x", Wish("add", "双十一", "图片=https://a.cn/x")),
        ("Add D11", Wish("add", "D11")),
        ("删 “双十一”", Wish("drop", "双十一")),
        ("del", Wish("drop")),
    ],
)
def test_wish(text: str, wanted: Wish) -> None:
    assert wish(text) == wanted


@pytest.mark.parametrize("name", ["", "加", "show", "C12", "a=b", "a b", "page=1", "长" * 33, 'a"'])
def test_names_that_could_not_be_called_by(name: str) -> None:
    with pytest.raises(Refusal):
        check_name(name)


@given(st.text(max_size=60))
def test_anything_is_read(text: str) -> None:
    assert wish(text).act in {"list", "show", "add", "drop"}
    names_template(text, "周报")


def test_a_push_names_its_template() -> None:
    assert names_template("人群=#老客 模板=周报 期数=12", "周报")
    assert names_template('to=#old tpl="D11"', "d11")
    assert not names_template("人群=#周报 模板=周报2", "周报")
    assert not names_template("模板=a 模板=周报", "周报")
