"""Here lives the shape of one official account in config.yaml."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def _matching(pattern: str, expected: str) -> AfterValidator:
    """A check whose sentence tells what was expected and never what was found."""

    def check(value: Any) -> Any:  # a str or a SecretStr, and the same again
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {expected}")
        return value

    return AfterValidator(check)


class Config(BaseModel):
    """An empty `aes_key` is plaintext mode (明文模式); with one, only encrypted callbacks are accepted.

    `account_type`: a service account (服务号), or a subscription account (订阅号, called 公众号 since 2025).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, _matching(r"[A-Za-z0-9_-]{1,32}", "1 to 32 letters, digits, - or _")]
    kind: Literal["wechat"]
    app_id: Annotated[str, _matching(r"wx[A-Za-z0-9]{16}", "wx and 16 letters or digits")]
    app_secret: Annotated[SecretStr, _matching(r"\S+", "the AppSecret of the account")]
    token: Annotated[SecretStr, _matching(r"[A-Za-z0-9]{3,32}", "3 to 32 letters and digits")]
    aes_key: Annotated[SecretStr, _matching(r"(?:[A-Za-z0-9]{43})?", "43 letters and digits, or nothing")] = Field(
        default=SecretStr("")
    )
    account_type: Literal["service", "subscription"] = "service"
    api_base: Annotated[str, _matching(r"https?://[^\s?#]*[^\s?#/]", "an http or https address without a final /")] = (
        "https://api.weixin.qq.com"
    )
