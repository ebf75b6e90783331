"""Here lives what a handler is given: the moment, the person, the words, and where promises are kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from domain.messages import Address, Button, Card, Content, OutboundMessage, Outgoing, Priority, Text
from models.staff import Staff
from templates import render


@dataclass(frozen=True, slots=True)
class House:
    """What config.yaml says of the house, as far as handlers need it.

    `accounts` maps each channel's name to its kind; `welcome` each source (and `default`) to a template,
    `keywords` are words and the template that answers them, the first match wins.
    """

    language: str
    timezone: tzinfo
    accounts: Mapping[str, str]
    welcome: Mapping[str, str]
    keywords: tuple[tuple[tuple[str, ...], str], ...]


class Promise(NamedTuple):
    """Something to be sent once the transaction is committed; `message_id` is the conversation's line it says."""

    outgoing: Outgoing
    message_id: int | None


@dataclass(slots=True)
class Context:
    """Mutable on purpose: replying and sending only append to `promises`; the frame stores them with all the rest.

    `arrived` is when the event came to our door, by our clock: platforms' clocks are others.
    """

    now: datetime
    arrived: datetime
    house: House
    key: str
    chat: Address
    language: str
    staff: Staff | None = None
    promises: list[Promise] = field(default_factory=list)

    def words(self, template: str, **values: object) -> str:
        """A template in the language of this conversation."""
        return render(f"chat/{self.language}/{template}.txt", **values)

    def reply(self, template: str, *, buttons: tuple[Button, ...] = (), **values: object) -> None:
        """Answer where the event came from; with buttons the first line becomes the title of a card."""
        text = self.words(template, **values)
        title, _, rest = text.partition("\n")
        self.say(Card(title, rest, buttons) if buttons else Text(text))

    def say(self, content: Content) -> None:
        self.send(OutboundMessage(self.chat, content, reply_to=self.key))

    def tell(self, to: Address, language: str, template: str, **values: object) -> None:
        """Alert somebody who did not ask."""
        text = render(f"chat/{language or self.house.language}/{template}.txt", **values)
        self.send(OutboundMessage(to, Text(text), Priority.ALERT))

    def send(self, outgoing: Outgoing, message_id: int | None = None) -> None:
        self.promises.append(Promise(outgoing, message_id))
