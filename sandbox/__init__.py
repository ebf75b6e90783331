"""A strict simulator of WeCom, WeChat official accounts and Telegram, and a page to play with it."""

from sandbox.ledger import Call, Failure
from sandbox.postman import Answer
from sandbox.settings import SandboxSettings
from sandbox.simulator import Sandbox

__all__ = ["Answer", "Call", "Failure", "Sandbox", "SandboxSettings"]
