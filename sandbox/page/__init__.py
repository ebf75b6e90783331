"""The chat page: five phones on which a newcomer plays customers and staff."""

from sandbox.page.routes import Page

__all__ = ["Page"]
