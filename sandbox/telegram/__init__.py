"""The simulated Telegram: one bot, the people who talk to it, and what they do."""

from sandbox.telegram.actors import Telegram

__all__ = ["Telegram"]
