"""Here lives the proof that a customer who wants no more pushes is understood, and nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.optouts import wants_back, wants_out


@pytest.mark.parametrize(
    "text",
    ["退订", " 退订。", "TD", "td", "ＴＤ", "T", "“t”", "Unsubscribe!", "STOP", "/stop", "取消订阅\n", "【退订】"],
)
def test_out(text: str) -> None:
    assert wants_out(text)
    assert not wants_back(text)


@pytest.mark.parametrize("text", ["订阅", "恢复订阅！", "Subscribe", "ｓｕｂｓｃｒｉｂｅ"])
def test_back(text: str) -> None:
    assert wants_back(text)
    assert not wants_out(text)


@pytest.mark.parametrize(
    "text",
    ["", "。", "怎么退订", "退订了吗", "t恤", "stop it", "TDD", "不要退订", "退 订", "订阅号", "subscribed", "/start"],
)
def test_neither(text: str) -> None:
    assert not wants_out(text)
    assert not wants_back(text)


@given(st.text())
def test_anything_is_read(text: str) -> None:
    assert not (wants_out(text) and wants_back(text))
