"""Here lives the shape of one Telegram bot in config.yaml."""

import re
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

OFFICIAL: Final = "https://api.telegram.org"


class Config(BaseModel):
    """`poll_seconds` is how long Telegram may hold one getUpdates open; it counts in polling mode only.

    Source: https://core.telegram.org/bots/api#setwebhook (the characters of a secret)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    kind: Literal["telegram"]
    token: SecretStr
    mode: Literal["webhook", "polling"] = "webhook"
    webhook_secret: SecretStr = SecretStr("")
    api_base: str = OFFICIAL
    poll_seconds: int = Field(default=25, ge=0, le=50)

    @field_validator("token")
    @classmethod
    def _from_botfather(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[0-9]{1,19}:[A-Za-z0-9_-]+", value.get_secret_value()):
            raise ValueError("expected the token from BotFather: digits, a colon, letters and digits")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _allowed_characters(cls, value: SecretStr) -> SecretStr:
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value.get_secret_value()):
            raise ValueError("expected 1 to 256 letters, digits, - or _")
        return value

    @field_validator("api_base")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s?#]+", value):
            raise ValueError("expected an address that begins with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.mode == "webhook" and not self.webhook_secret.get_secret_value():
            raise ValueError("expected a webhook_secret: in webhook mode anybody could send events without it")
        return self

    @property
    def bot_id(self) -> int:
        """Our own user id: Telegram writes it in front of the token's colon."""
        return int(self.token.get_secret_value().partition(":")[0])
