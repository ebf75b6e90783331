"""Here live the accounts of the histories: both platforms that keep tags, without limits of pace."""

from collections.abc import Iterator
from dataclasses import replace

from channels import Tools, open_channel
from channels.wechat.config import Config as WeChatConfig
from channels.wecom.config import Config as WeComConfig
from domain.channel import Channel
from sandbox import SandboxSettings


def tagged_channels(settings: SandboxSettings, base: str, tools: Tools) -> Iterator[Channel]:
    wecom = WeComConfig(
        name="wecom",
        kind="wecom",
        corp_id=settings.corp_id,
        agent_id=settings.agent_id,
        secret=settings.wecom_secret,
        token=settings.wecom_token,
        aes_key=settings.wecom_aes_key,
        api_base=f"{base}/wecom",
    )
    official = WeChatConfig(
        name="official",
        kind="wechat",
        app_id=settings.app_id,
        app_secret=settings.wechat_secret,
        token=settings.wechat_token,
        aes_key=settings.wechat_aes_key,
        api_base=f"{base}/wechat",
    )
    for config in (wecom, official):
        channel = open_channel(config, tools)
        channel.limits = replace(channel.limits, tags=())
        yield channel
