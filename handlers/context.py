"""Here lives what a handler is given: the moment, the person, the words, and where promises are kept."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import NamedTuple

from domain.events import Chat
from domain.media import Medium
from domain.messages import Address, Button, Card, Content, OutboundMessage, Priority, Text
from domain.outgoing import Outgoing
from domain.permissions import Scope
from domain.pushes import PushRules
from domain.rules import Moment
from domain.tags import TagRules
from models.audit import Entry
from models.changes import Actor
from models.staff import Staff
from templates import render
from templates.terms import terms


@dataclass(frozen=True, slots=True)
class House:
    """What config.yaml says of the house, as far as handlers need it.

    `accounts` maps each channel's name to its kind; `welcome` each source (and `default`) to a template,
    `keywords` are words and the template that answers them, the first match wins. `tags` has the rules of every
    account whose platform keeps tags. More customers than `approval_over` take two managers where all change at once.
    `media` are the ways in which a push can reach people on each account, first the one that is taken by itself.
    """

    language: str
    timezone: tzinfo
    accounts: Mapping[str, str]
    welcome: Mapping[str, str]
    keywords: tuple[tuple[tuple[str, ...], str], ...]
    tags: Mapping[str, TagRules] = field(default_factory=dict)
    approval_over: int = 200
    currency: str = "CNY"
    push: PushRules = field(default_factory=PushRules)
    media: Mapping[str, tuple[Medium, ...]] = field(default_factory=dict)


class Promise(NamedTuple):
    """Something to be sent once the transaction is committed; `message_id` is the conversation's line it says."""

    outgoing: Outgoing
    message_id: int | None


class Unasked(Exception):  # noqa: N818 - named for what happened
    """The answer takes longer than a transaction may last: it is asked for beside it, and the event handled anew."""

    def __init__(self, question: str, ask: Callable[[], Awaitable[object]]) -> None:
        super().__init__(question)
        self.question = question
        self.ask = ask


@dataclass(slots=True)
class Context:
    """Mutable on purpose: replying and sending only append to `promises`; the frame stores them with all the rest.

    `arrived` is when the event came to our door, by our clock: platforms' clocks are others. `read_at` is when the
    look-up for it began: what a platform told may be older than what we have agreed with it since. `entry` is what the
    audit trail will tell of this event, where a colleague asked for something. `group` is the group chat in which it
    happened: what is answered there, everybody in it reads. `asked`: this answers a question of ours, which stays
    open if it is refused; `overruled`: a command has put an end to the question, even if the command is refused.
    `answers` are those to what was Unasked when the event was handled before.
    """

    now: datetime
    arrived: datetime
    read_at: datetime
    house: House
    key: str
    chat: Address
    language: str
    staff: Staff | None = None
    scope: Scope | None = None
    entry: Entry | None = None
    group: Chat | None = None
    asked: bool = False
    overruled: bool = False
    promises: list[Promise] = field(default_factory=list)
    answers: Mapping[str, object] = field(default_factory=dict)

    @property
    def moment(self) -> Moment:
        """When and where rules are asked."""
        return Moment(self.now, self.house.timezone, self.house.currency)

    @property
    def actor(self) -> Actor:
        """Who changes what this event changes."""
        return Actor(self.staff.id if self.staff else None, f"{self.chat.account}:{self.key}", self.now)

    def about(self, *subjects: str) -> None:
        """Let the trail find this command under these short ids, too."""
        if self.entry:
            self.entry = self.entry.about(*subjects)

    def words(self, template: str, **values: object) -> str:
        """A template in the language of this conversation."""
        return render(f"chat/{self.language}/{template}.txt", **values)

    def reply(self, template: str, *, buttons: tuple[Button, ...] = (), **values: object) -> None:
        """Answer where the event came from; with buttons the first line becomes the title of a card."""
        self.say(_content(self.words(template, **values), buttons))

    def button(self, label: str, data: str, language: str = "") -> Button:
        """A button with a word of the table `buttons`; `data` is the command that it stands for."""
        return Button(terms(language or self.language)["buttons"][label], data)

    def say(self, content: Content) -> None:
        self.send(OutboundMessage(self.chat, content, reply_to=self.key))

    def tell(
        self, to: Address, language: str, template: str, *, buttons: tuple[Button, ...] = (), **values: object
    ) -> None:
        """Alert somebody who did not ask."""
        text = render(f"chat/{language or self.house.language}/{template}.txt", **values)
        self.send(OutboundMessage(to, _content(text, buttons), Priority.ALERT))

    def send(self, outgoing: Outgoing, message_id: int | None = None) -> None:
        self.promises.append(Promise(outgoing, message_id))


def _content(text: str, buttons: tuple[Button, ...]) -> Content:
    title, _, rest = text.partition("\n")
    return Card(title, rest, buttons) if buttons else Text(text)
