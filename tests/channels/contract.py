"""Here lives what every channel must keep, whatever its platform; each platform's tests hand in a Subject."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from channels.parts import is_said
from domain.channel import CallbackRequest, Channel, Deferred, Delivered, RawEvent, Refused, Unsure
from domain.errors import Malformed, NotAuthentic, Unreadable
from domain.events import MessageReceived
from domain.messages import Acknowledge, Address, CommandMenu, MessageEdit, Notice, OutboundMessage, Text, words
from domain.outgoing import GroupPush, GroupPushEdit


@dataclass(frozen=True)
class Subject:
    """A channel that is joined to a fake platform, and what its platform would do.

    `sign` makes the authentic request that carries a payload (as a repeat would: each call may sign anew), `forge`
    the same with a wrong signature or secret; `message(id, text)` is the payload of a private text message, always of
    the same sender and second; `payloads` are all recorded callbacks by file name; `reachable` can be written to.
    `order_*` tell the fake what the next delivery of a text comes to.
    """

    channel: Channel
    sign: Callable[[str], CallbackRequest]
    forge: Callable[[str], CallbackRequest]
    message: Callable[[str, str], str]
    payloads: dict[str, str]
    reachable: Address
    order_wait: Callable[[], None]
    order_refusal: Callable[[], None]
    order_hang_up: Callable[[], None]
    secrets: tuple[str, ...] = field(default=())


class ChannelContract(ABC):
    """Inherit in `tests/channels/<platform>/test_contract.py` and give the fixture `subject`."""

    @abstractmethod
    def subject(self) -> Subject:
        """A pytest fixture."""

    async def test_a_wrong_signature_stores_nothing(self, subject: Subject) -> None:
        with pytest.raises(NotAuthentic):
            await subject.channel.receive(subject.forge(subject.message("1", "hi")))

    async def test_the_same_payload_has_the_same_key(self, subject: Subject) -> None:
        payload = subject.message("1", "hi")
        assert await _only(subject, payload) == await _only(subject, payload)

    async def test_another_event_of_the_same_sender_and_second_has_another_key(self, subject: Subject) -> None:
        first, second = (
            await _only(subject, subject.message("1", "hi")),
            await _only(subject, subject.message("2", "hi")),
        )
        assert first.key != second.key
        assert first.lane == second.lane

    async def test_keys_and_lanes_fit_their_columns(self, subject: Subject) -> None:
        for payload in subject.payloads.values():
            raw = await _only(subject, payload)
            assert 0 < len(raw.key) <= 200
            assert raw.lane.startswith(f"{subject.channel.account}:")
            assert len(raw.lane) <= 200

    async def test_every_recorded_callback_is_understood_or_passed_over(self, subject: Subject) -> None:
        for name, payload in subject.payloads.items():
            event = await subject.channel.read(await _only(subject, payload))
            assert event is None or event.at.tzinfo is not None, name

    async def test_a_message_is_read_as_it_was_written(self, subject: Subject) -> None:
        text = "  价格 <b>&amp;</b> ]]> 😀\n\t第二行  "
        event = await subject.channel.read(await _only(subject, subject.message("7", text)))
        assert isinstance(event, MessageReceived)
        assert event.content == Text(text)
        assert event.sender.address.account == event.chat.address.account == subject.channel.account
        assert event.chat.kind == "private"

    @pytest.mark.parametrize("payload", ["", "{}", "[]", "<xml/>", "<xml><a>1</a></xml>", "null", "no", "\ud800"])
    async def test_a_payload_that_is_something_else_is_no_crash(self, subject: Subject, payload: str) -> None:
        try:
            assert await subject.channel.read(RawEvent("k", "l", payload)) is None
        except Unreadable as error:
            assert not error.retry  # noqa: PT017 - either answer is right

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<xml>", b"{", b"[]", b"\x00" * 64])
    async def test_a_body_that_is_something_else_is_refused(self, subject: Subject, body: bytes) -> None:
        good = subject.sign(subject.message("1", "hi"))
        with pytest.raises((Malformed, NotAuthentic)):
            await subject.channel.receive(CallbackRequest("POST", good.query, good.headers, body))

    async def test_deliver_says_that_it_is_done(self, subject: Subject) -> None:
        assert isinstance(await subject.channel.deliver("k1", _text(subject)), Delivered)

    async def test_a_long_text_is_said_in_parts_that_each_are_delivered(self, subject: Subject) -> None:
        short = _text(subject)
        assert subject.channel.parts(short) == (short,)
        parts = subject.channel.parts(_text(subject, "long " * 1000))
        assert len(parts) > 1
        for number, part in enumerate(parts[:2]):
            assert isinstance(await subject.channel.deliver(f"k{number}", part), Delivered)

    async def test_a_text_without_end_is_cut_in_its_last_part_and_refused_as_one(self, subject: Subject) -> None:
        endless = _text(subject, "长" * 50_000)
        *parts, last = subject.channel.parts(endless)
        assert all(is_said(part, subject.channel.parts(part)) for part in (*parts, last))
        assert not is_said(endless, (*parts, last))
        assert isinstance(last, OutboundMessage)
        assert words(last.content).endswith("长…")
        assert await subject.channel.deliver("k1", endless) == Refused("too_long")

    async def test_deliver_says_how_long_to_wait(self, subject: Subject) -> None:
        subject.order_wait()
        result = await subject.channel.deliver("k2", _text(subject))
        assert isinstance(result, Deferred)
        assert result.until.tzinfo is not None
        assert isinstance(await subject.channel.deliver("k2", _text(subject)), Delivered)

    async def test_deliver_says_that_it_never_will(self, subject: Subject) -> None:
        subject.order_refusal()
        assert isinstance(await subject.channel.deliver("k3", _text(subject)), Refused)

    async def test_deliver_says_that_it_does_not_know(self, subject: Subject) -> None:
        subject.order_hang_up()
        result = await subject.channel.deliver("k4", _text(subject))
        assert isinstance(result, Deferred if subject.channel.repeatable(_text(subject)) else Unsure)

    async def test_results_name_no_person_and_no_secret(self, subject: Subject) -> None:
        for order in (subject.order_wait, subject.order_refusal, subject.order_hang_up):
            order()
            said = repr(await subject.channel.deliver("k5", _text(subject, "a private word")))
            assert not [word for word in (*subject.secrets, subject.reachable.id, "a private word") if word in said]

    async def test_everything_that_can_go_out_has_an_outcome(self, subject: Subject) -> None:
        to = subject.reachable
        for outgoing in (
            MessageEdit(to, "1", Text("new")),
            Acknowledge(to, ""),
            CommandMenu(Address(to.account, ""), "en", (("help", "what I can do"),)),
            OutboundMessage(to, Notice("T1", (("first", "hi"),), text="hi")),
            GroupPush(Address(to.account, "push:1:1"), 1, (to.id, "nobody"), Text("hi")),
            GroupPushEdit(Address(to.account, "push:1:1"), 1, "1", "remind"),
            GroupPushEdit(Address(to.account, "push:1:1"), 1, "1", "cancel"),
        ):
            result = await subject.channel.deliver("k6", outgoing)
            assert isinstance(result, Delivered | Deferred | Refused | Unsure)

    async def test_a_working_account_passes_its_check(self, subject: Subject) -> None:
        findings = await subject.channel.check()
        assert findings
        assert all(finding.ok for finding in findings), findings


def _text(subject: Subject, text: str = "你好") -> OutboundMessage:
    return OutboundMessage(subject.reachable, Text(text))


async def _only(subject: Subject, payload: str) -> RawEvent:
    """The one event that a callback with this payload brings."""
    intake = await subject.channel.receive(subject.sign(payload))
    assert len(intake.events) == 1
    return intake.events[0]
