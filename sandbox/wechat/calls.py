"""The table of all simulated API methods of the official account."""

from typing import Final

from sandbox.cgi import Calls
from sandbox.wechat import access, entrances, files, messages, notices, tags, users

CALLS: Final[Calls] = {
    **access.CALLS,
    **messages.CALLS,
    **users.CALLS,
    **tags.CALLS,
    **notices.CALLS,
    **entrances.CALLS,
    **files.CALLS,
}
