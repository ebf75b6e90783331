"""Here lives what a group or tag may be called."""

import pytest

from domain.errors import Refusal
from domain.tags import name_in, path, path_in


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("意向/高", ("意向", "高")),
        ("意向／高", ("意向", "高")),
        (" 意向 / 很  高 ", ("意向", "很 高")),
        ("高", ("", "高")),
    ],
)
def test_a_path_is_a_group_and_a_name(typed: str, names: tuple[str, str]) -> None:
    assert path_in(typed) == names


@pytest.mark.parametrize("typed", ["意向/", "/高", "a/b/c", "", "长" * 31])
def test_what_cannot_be_a_name_is_refused(typed: str) -> None:
    with pytest.raises(Refusal):
        path_in(typed)


@pytest.mark.parametrize("typed", ["G12", "其他/C3", "ｇ１２", "l1"])
def test_a_tag_is_never_called_like_an_id(typed: str) -> None:
    with pytest.raises(Refusal) as caught:
        path_in(typed)
    assert caught.value.key == "refusals/tag_name_id"
    assert path_in("G12/C3型") == ("G12", "C3型")


def test_a_name_has_no_more_characters_than_a_platform_takes() -> None:
    assert name_in(" 长  " + "长" * 28) == "长 " + "长" * 28
    with pytest.raises(Refusal) as caught:
        name_in("长长", longest=1)
    assert caught.value.values == {"what": "长长", "most": 1}


def test_a_path_is_read_as_it_is_written() -> None:
    assert path_in(path("意向", "高")) == ("意向", "高")
