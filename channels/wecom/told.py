"""Here lives a callback that has been taken apart: its elements, when it happened, and on which account."""

from dataclasses import dataclass
from datetime import UTC, datetime

from channels.envelope import Element, tree
from domain.errors import Malformed, Unreadable
from domain.events import Sender
from domain.messages import Address


@dataclass(frozen=True, slots=True)
class Told:
    account: str
    at: datetime
    xml: Element

    def get(self, *path: str) -> str:
        return self.xml.get(*path)

    def address(self, name: str) -> Address:
        return Address(self.account, self.get(name))

    @property
    def sender(self) -> Sender:
        return Sender(self.address("FromUserName"))

    @property
    def what(self) -> str:
        """The platform's name of an event, such as `click` or `change_contact/create_user`."""
        return "/".join(filter(None, (self.get("Event").lower(), self.get("ChangeType"))))


def take_apart(account: str, payload: str, now: datetime) -> Told:
    """`now` stands in where the callback does not say when. Raises Unreadable when it is not XML."""
    try:
        xml = tree(payload.encode("utf-8", "surrogatepass"))
    except Malformed as error:
        raise Unreadable("not XML", retry=False) from error
    return Told(account, _moment(xml.get("CreateTime"), now), xml)


def _moment(seconds: str, now: datetime) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return now
