from typing import Any

import pytest
from pydantic import ValidationError

from channels import config_model
from channels.telegram.config import Config
from tests.channels.telegram.conftest import entry


def test_the_entry_of_the_example_is_taken_as_it_is() -> None:
    config = entry(mode="webhook", api_base="https://api.telegram.org/")
    assert config_model("telegram") is Config
    assert config.api_base == "https://api.telegram.org"
    assert config.bot_id == 10000001


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"token": "no token"}, "the token from BotFather"),
        ({"token": ""}, "the token from BotFather"),
        ({"webhook_secret": "not allowed!"}, "1 to 256 letters"),
        ({"webhook_secret": "x" * 257}, "1 to 256 letters"),
        ({"webhook_secret": ""}, "expected a webhook_secret"),
        ({"mode": "push"}, "'webhook' or 'polling'"),
        ({"api_base": "api.telegram.org"}, "begins with http"),
        ({"poll_seconds": 51}, "less than or equal to 50"),
        ({"name": "a/b"}, "match pattern"),
        ({"chat": 1}, "Extra inputs"),
    ],
)
def test_what_is_wrong_is_told_without_the_value(changes: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected) as found:
        entry(**changes)
    assert "sandbox-" not in str(found.value)
    assert "no token" not in str(found.value)


def test_a_polled_bot_needs_no_secret() -> None:
    assert entry(mode="polling", webhook_secret="").mode == "polling"
