"""The simulated WeChat official account: its followers, and what they do."""

from sandbox.wechat.actors import WeChat

__all__ = ["WeChat"]
