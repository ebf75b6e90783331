"""Here lives a platform of our own: it says what a test tells it to say, and remembers what it was asked to do."""

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.channel import (
    Answer,
    CallbackRequest,
    Delivered,
    DeliveryResult,
    Finding,
    Intake,
    Limits,
    RawEvent,
)
from domain.errors import Malformed, NotAuthentic
from domain.events import Chat, InboundEvent, MessageReceived, Sender
from domain.messages import Address, OutboundMessage, Text, words
from domain.outgoing import Outgoing
from models.signals import Signal, Wake, hear, shard_of
from models.sql import dialect, select
from tests.clock import Clock

Result = DeliveryResult | Exception


@dataclass
class PostOffice:
    """A callback's body is one text; `results` are what the next deliveries come to, then they succeed."""

    clock: Clock
    account: str = "post"
    kind: str = "post"
    limits: Limits = field(default_factory=Limits)
    results: list[Result] = field(default_factory=list)
    delivered: list[tuple[str, str]] = field(default_factory=list)
    harmless: bool = False
    before: Callable[[], None] = lambda: None

    async def start(self) -> None: ...

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...

    async def check(self) -> tuple[Finding, ...]:
        return ()

    async def receive(self, request: CallbackRequest) -> Intake:
        text = request.body.decode()
        if text == "forged":
            raise NotAuthentic
        if text == "garbled":
            raise Malformed
        return Intake((self.raw(text),), Answer(b"taken"))

    def raw(self, text: str) -> RawEvent:
        """A text from the person whose name is its first word."""
        return RawEvent(f"k:{text}", f"{self.account}:{text.partition(' ')[0]}", text)

    async def read(self, raw: RawEvent) -> InboundEvent | None:
        person = Address(self.account, raw.payload.partition(" ")[0])
        return MessageReceived(self.clock(), Sender(person, person.id), Chat(person), Text(raw.payload), raw.key)

    def parts(self, outgoing: Outgoing) -> tuple[Outgoing, ...]:
        return (outgoing,)

    async def deliver(self, key: str, outgoing: Outgoing) -> DeliveryResult:
        self.before()
        text = words(outgoing.content) if isinstance(outgoing, OutboundMessage) else outgoing.kind
        self.delivered.append((key, text))
        result = self.results.pop(0) if self.results else Delivered("p1")
        if isinstance(result, Exception):
            raise result
        return result

    def repeatable(self, _: Outgoing) -> bool:
        return self.harmless

    def is_group(self, _: str) -> bool:
        return False


@dataclass
class Speaking(PostOffice):
    """One that takes a reply in its answer, if it comes soon."""

    passive_seconds: float = 0.05

    def passive(self, _: RawEvent, outgoing: OutboundMessage) -> Answer | None:
        return Answer(words(outgoing.content).encode())


class Bell:
    """Nobody drains the lanes: which of them were woken is all there is to see."""

    def __init__(self) -> None:
        self.heard: list[Signal] = []
        hear(self.heard.append)

    async def rang(self, queue: str, lane: str) -> bool:
        """Whether somebody was told of this lane; on PostgreSQL, of its shard."""
        if dialect() == "sqlite":
            return any(isinstance(signal, Wake) and signal[:2] == (queue, lane) for signal in self.heard)
        job = f"SELECT 1 AS one FROM procrastinate_jobs WHERE lock = $1 || ':' || {shard_of('$2')}"  # noqa: S608 - an expression of ours
        return bool(await select(job, queue, lane))
