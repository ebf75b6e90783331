"""Here lives what config.yaml may say of an official account."""

from typing import Any

import pytest
from pydantic import ValidationError

from channels import config_model

GOOD = {
    "name": "official",
    "kind": "wechat",
    "app_id": "wx0000000000000001",
    "app_secret": "made-up-secret",
    "token": "madeuptoken",
}


def test_plaintext_mode_a_service_account_and_the_real_platform_are_the_defaults() -> None:
    config = config_model("wechat")(**GOOD)
    assert (config.aes_key.get_secret_value(), config.api_base) == ("", "https://api.weixin.qq.com")
    assert config.account_type == "service"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("name", "a/b", "letters"),
        ("app_id", "ww0000000000000001", "wx and 16"),
        ("app_secret", "", "AppSecret"),
        ("token", "a b", "3 to 32"),
        ("aes_key", "short", "43 letters and digits"),
        ("aes_key", "=" * 43, "43 letters and digits"),
        ("account_type", "personal", "'service' or 'subscription'"),
        ("api_base", "api.weixin.qq.com", "http"),
        ("api_base", "https://api.weixin.qq.com/", "final /"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_wrong_values_are_named_and_never_repeated(key: str, value: Any, expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config_model("wechat")(**{**GOOD, key: value})
    (error,) = caught.value.errors()
    assert error["loc"] == (key,)
    assert expected in error["msg"]
    assert not value or value not in error["msg"]


def test_secrets_are_not_shown() -> None:
    assert "made-up-secret" not in repr(config_model("wechat")(**GOOD))
