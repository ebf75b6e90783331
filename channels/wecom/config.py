"""Here lives the shape of one `channels:` entry of kind wecom: a self-built app (自建应用) of one company."""

import re
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

AES_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}")


class Config(BaseModel):
    """`contact_secret` is the one of 客户联系, for companies from before 2023-12; empty means `secret` serves for both.

    Source: https://developer.work.weixin.qq.com/document/path/99547
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=64)
    kind: Literal["wecom"]
    corp_id: str = Field(min_length=1, max_length=64)
    agent_id: int = Field(gt=0)
    secret: SecretStr
    contact_secret: SecretStr = SecretStr("")
    token: SecretStr
    aes_key: SecretStr
    api_base: str = "https://qyapi.weixin.qq.com"

    @field_validator("secret", "token")
    @classmethod
    def _given(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            raise ValueError("expected a value, it is empty")
        return value

    @field_validator("aes_key")
    @classmethod
    def _whole_key(cls, value: SecretStr) -> SecretStr:
        if not AES_KEY.fullmatch(value.get_secret_value()):
            raise ValueError("expected 43 letters and digits (EncodingAESKey)")
        return value

    @field_validator("api_base")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s?#]+", value):
            raise ValueError("expected an address that begins with http:// or https://")
        return value.rstrip("/")
