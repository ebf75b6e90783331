"""Here lives a dangerous command for tests: a plan to keep a note, done when it is confirmed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from domain.messages import Address, Card, OutboundMessage, words
from domain.plans import Stage
from handlers.context import Context
from handlers.plans import Preview, effect, propose, recheck
from handlers.router import on
from models.audit import Entry
from models.customers import Customer
from models.notes import Note
from models.plans import Plan
from models.staff import Staff
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]


@dataclass(frozen=True, slots=True)
class NoteWanted:
    """Somebody asks for a note in a dangerous way; `subject` is what the plan is called by."""

    sender: Address
    customer: int
    subject: str = "M1"
    needs_approval: bool = False
    kind: str = "note"


@on(NoteWanted)
async def want(event: NoteWanted, ctx: Context) -> None:
    staff = ctx.staff = await Staff.behind(event.sender)
    assert staff is not None
    ctx.language, ctx.scope = staff.language or ctx.language, await staff.scope()
    who = {"staff_id": staff.id, "staff_name": staff.name, "sender": event.sender.id}
    ctx.entry = Entry(at=ctx.now, account=ctx.chat.account, chat=ctx.chat.id, cause="", typed="dangerous note", **who)
    customer = await Customer.get(id=event.customer)
    payload = {"customer": customer.id, "name": customer.name}
    told = {"id": customer.short_id, "name": customer.name}
    await propose(ctx, event.kind, event.subject, payload, "notes/kept", needs_approval=event.needs_approval, **told)


@recheck("note")
async def fits(plan: Plan, ctx: Context) -> Preview | None:
    """A note on somebody who has another name by now is no longer the note that was previewed."""
    customer = await Customer.get(id=plan.payload["customer"])
    told = {"id": customer.short_id, "name": customer.name}
    payload = {"customer": customer.id, "name": customer.name}
    return None if payload == plan.payload else Preview(payload, "notes/kept", told)


@effect("approve")  # as a command that takes a manager
@effect("note")
async def keep(plan: Plan, ctx: Context) -> None:
    customer = await Customer.get(id=plan.payload["customer"])
    await Note.written(customer, ctx.staff, f"planned by {plan.staff.name}", ctx.now)
    ctx.about(customer.short_id)
    ctx.reply("notes/kept", id=customer.short_id, name=f"{customer.name}!")


async def plan_note(
    phone: Phone, customer: Customer, subject: str = "M1", *, approval: bool = False, kind: str = "note"
) -> str:
    """What its preview says; the code is in its button: `code_of`."""
    return await phone.meet(NoteWanted(phone.address, customer.id, subject, approval, kind))  # type: ignore[arg-type]


def cards(phone: Phone, to: Address | None = None) -> list[Card]:
    """What was last shown with buttons, here or at another address."""
    place = to or phone.address
    sent = [out for out in phone.sent if isinstance(out, OutboundMessage) and out.to == place]
    return [out.content for out in sent if isinstance(out.content, Card)]


def commands_of(phone: Phone, to: Address | None = None) -> list[str]:
    """What the buttons of the last card stand for."""
    return [button.data for button in cards(phone, to)[-1].buttons]


def code_of(phone: Phone, to: Address | None = None) -> str:
    return commands_of(phone, to)[0].removeprefix("confirm ")


def told(phone: Phone, to: Phone) -> str:
    """What somebody else is told by what was just done."""
    sent = [out for out in phone.sent if isinstance(out, OutboundMessage) and out.to == to.address]
    return "\n".join(words(out.content) for out in sent)


def other_than(code: str) -> str:
    return "2AAB" if code == "2AAA" else "2AAA"


async def stage_of(phone: Phone, subject: str = "M1") -> Stage:
    plan = await Plan.called(subject)
    assert plan
    return plan.stage(phone.clock())
