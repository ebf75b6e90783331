"""Here lives a private chat in which a test can type."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.database import transaction
from domain.errors import Refusal
from domain.events import ButtonPressed, Chat, InboundEvent, MessageReceived, Sender
from domain.messages import Address, Content, OutboundMessage, Text, words
from domain.outgoing import Outgoing
from handlers import router
from handlers.context import Context, House, Unasked
from models.audit import AuditEntry
from models.customers import Customer, Identity
from models.dialogs import Dialog
from models.messages import Message
from models.outbox import OutboxItem
from tests.clock import Clock

KEY = b"a key of thirty-two bytes, no more"


@dataclass
class Phone:
    """One person's private chat with us: what is typed is dispatched as the frame does it, answers are kept."""

    address: Address
    clock: Clock
    house: House
    key: int = 0
    sent: list[Outgoing] = field(default_factory=list)

    async def say(self, text: str) -> str:
        return await self.meet(MessageReceived(self.clock(), Sender(self.address), Chat(self.address), Text(text)))

    async def press(self, data: str) -> str:
        return await self.meet(ButtonPressed(self.clock(), Sender(self.address), Chat(self.address), data, "press-1"))

    async def meet(self, event: InboundEvent) -> str:
        """Everything that is answered here, as it is read."""
        self.key += 1
        return await self._handled(event, self._context())

    async def _handled(self, event: InboundEvent, ctx: Context) -> str:
        try:
            async with transaction():
                await router.dispatch(event, ctx)
                for promise in ctx.promises:
                    await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id)
                await AuditEntry.append([ctx.entry] if ctx.entry else [], KEY)
        except Unasked as wanted:
            answers = {**ctx.answers, wanted.question: await wanted.ask()}
            return await self._handled(event, replace(self._context(), answers=answers))
        except Refusal as refusal:
            await self._refuse(ctx, refusal)
        self.sent = [promise.outgoing for promise in ctx.promises]
        return "\n".join(
            words(out.content) for out in self.sent if isinstance(out, OutboundMessage) and out.to == self.address
        )

    async def _refuse(self, ctx: Context, refusal: Refusal) -> None:
        ctx.promises = router.still_said(ctx)
        ctx.say(Text(router.why(refusal, ctx)))
        if ctx.overruled and ctx.staff:
            await Dialog.close(ctx.staff, ctx.chat)
        if ctx.entry:
            entry = replace(ctx.entry, result=refusal.key.removeprefix("refusals/"))
            async with transaction():
                await AuditEntry.append([entry], KEY)

    def _context(self) -> Context:
        return Context(
            now=self.clock(),
            arrived=self.clock(),
            read_at=self.clock(),
            house=self.house,
            key=f"k{self.key}",
            chat=self.address,
            language=self.house.language,
        )


async def heard(customer: Customer, content: Content, at: datetime) -> Message:
    """The customer says something, there where they are known."""
    identity = await Identity.get(customer_id=customer.id)
    await identity.hear(at)
    return await Message.heard(identity, content, at, "")
