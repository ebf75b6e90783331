"""The names, ids and secrets that the simulated platforms share with the server under test."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """All values are made up; only `server_url` must be given.

    `server_url`: where callbacks go (`{server_url}/callbacks/{name}`), without a trailing slash.
    `base_url`: how the sandbox itself is reached, for the links it hands out.
    `wechat_aes_key`: empty means the official account runs in plaintext mode.
    """

    server_url: str
    base_url: str = ""
    wecom_name: str = "wecom"
    corp_id: str = "ww0000000000000001"
    agent_id: int = 1000002
    wecom_secret: str = "sandbox-wecom-secret"  # noqa: S105 -- opens nothing but the simulator
    wecom_token: str = "sandboxwecomtoken"  # noqa: S105 -- as above
    wecom_aes_key: str = "c2FuZGJveC13ZWNvbS1lbmNvZGluZy1hZXMta2V5LTE"
    wechat_name: str = "official"
    app_id: str = "wx0000000000000001"
    gh_id: str = "gh_000000000001"
    wechat_secret: str = "sandbox-wechat-secret"  # noqa: S105 -- as above
    wechat_token: str = "sandboxwechattoken"  # noqa: S105 -- as above
    wechat_aes_key: str = "c2FuZGJveC13ZWNoYXQtZW5jb2RpbmctYWVzLWtleTE"
    telegram_name: str = "telegram"
    telegram_token: str = "10000001:sandbox-telegram-token-000000000000"  # noqa: S105 -- as above
    webhook_secret: str = "sandbox-webhook-secret"  # noqa: S105 -- as above
    bot_username: str = "guanxi_bot"

    def callback_url(self, name: str) -> str:
        return f"{self.server_url.rstrip('/')}/callbacks/{name}"
