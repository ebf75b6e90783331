"""The simulated WeCom: one company, its people, and what they do."""

from sandbox.wecom.actors import WeCom

__all__ = ["WeCom"]
