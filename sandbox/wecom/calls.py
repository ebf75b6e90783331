"""The table of all simulated WeCom API methods."""

from typing import Final

from sandbox.cgi import Calls
from sandbox.wecom import access, broadcasts, contacts, directory, files, messages, tags, welcome

CALLS: Final[Calls] = {
    **access.CALLS,
    **messages.CALLS,
    **contacts.CALLS,
    **welcome.CALLS,
    **tags.CALLS,
    **directory.CALLS,
    **files.CALLS,
    **broadcasts.CALLS,
}
