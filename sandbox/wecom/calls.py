"""The table of all simulated WeCom API methods."""

from typing import Final

from sandbox.cgi import Calls
from sandbox.wecom import access, contacts, messages, welcome

CALLS: Final[Calls] = {
    **access.CALLS,
    **messages.CALLS,
    **contacts.CALLS,
    **welcome.CALLS,
}
