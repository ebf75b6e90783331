"""Here lives the conversation with customers: heard, answered by keyword, handed to their keeper, replied to."""

from domain.errors import Refusal
from domain.events import ButtonPressed, MenuClicked, MessageEdited, MessageReceived, Profile, Sender
from domain.leads import after_inbound, after_reply
from domain.messages import Acknowledge, Content, OutboundMessage, SharedContact, Text, words
from handlers.contacts import announce, capture, index, learn
from handlers.context import Context
from handlers.notices import tell_keepers
from handlers.router import on
from models.customers import Customer, Identity
from models.leads import Lead
from models.messages import Message


@on(MessageReceived)
async def hear(event: MessageReceived, ctx: Context) -> None:
    identity = await Identity.of(event.sender.address)
    is_new = identity is None
    if identity is None:
        identity = await capture(event.sender.address, _profile(event.sender), ctx, at=event.at)
    elif _goes_by_another_name(event.sender, identity):
        await learn(identity, _profile(event.sender))
    customer = await _record(event, identity)
    if reply := keyword_reply(words(event.content), ctx):
        await say(identity, Text(reply), ctx)
    elif is_new:
        await say(identity, Text(_greeting(event, ctx)), ctx)
    if is_new:
        await announce(identity, ctx, words(event.content))
    elif not reply:
        await hand_over(customer, event.content, ctx)


@on(MessageEdited)
async def correct(event: MessageEdited, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the context
    identity = await Identity.of(event.sender.address)
    message = identity and await Message.filter(identity_id=identity.id, platform_id=event.message_id).first()
    if message:
        await message.amend(event.content, event.at)


@on(MenuClicked)
async def choose(event: MenuClicked, ctx: Context) -> None:
    identity = await Identity.of(event.sender.address)
    reply = keyword_reply(event.key, ctx)
    if identity and reply:
        await say(identity, Text(reply), ctx)


@on(ButtonPressed)
async def press(event: ButtonPressed, ctx: Context) -> None:
    """A customer's press has no meaning of its own here, but the platform wants it acknowledged."""
    ctx.send(Acknowledge(event.chat.address, event.press, message=event.message_id))


async def say(identity: Identity, content: Content, ctx: Context) -> None:
    """Say something to a customer, as a line of their conversation."""
    message = await Message.said(identity, content, ctx.now, ctx.staff)
    reply_to = ctx.key if identity.address == ctx.chat else ""
    ctx.send(OutboundMessage(identity.address, content, reply_to=reply_to), message.id)


async def answer(customer: Customer, content: Content, ctx: Context) -> None:
    """A staff member replies: there where the customer was last heard and can be reached."""
    if not words(content).strip():
        raise Refusal("refusals/nothing_to_say", id=customer.short_id)
    identities = await Identity.filter(customer_id=customer.id).order_by("-heard_at", "id")
    chats = [i for i in identities if i.heard_at or ctx.house.accounts.get(i.account) != "wecom"]
    if not chats:
        raise Refusal("refusals/no_chat_with_external_contact", id=customer.short_id)
    open_chats = [identity for identity in chats if identity.state == "reachable"]
    if not open_chats:
        raise Refusal("refusals/unreachable", id=customer.short_id, state=chats[0].state)
    await say(open_chats[0], content, ctx)
    if lead := await Lead.get_or_none(customer_id=customer.id):
        await lead.move(after_reply(lead.stage))


async def hand_over(customer: Customer, content: Content, ctx: Context) -> None:
    """Show a customer's words to whoever keeps them, with the way to answer."""
    await tell_keepers(
        customer,
        ctx,
        "messages/heard",
        id=customer.short_id,
        name=customer.name,
        channel=ctx.house.accounts.get(ctx.chat.account, ""),
        kind=content.kind,
        text=words(content),
    )


def keyword_reply(text: str, ctx: Context) -> str:
    """The answer of the first keyword found in `text`, empty when there is none."""
    lowered = text.casefold()
    for keywords, template in ctx.house.keywords:
        if any(word.casefold() in lowered for word in keywords):
            return ctx.words(f"replies/{template}")
    return ""


async def _record(event: MessageReceived, identity: Identity) -> Customer:
    await Message.heard(identity, event.content, event.at, event.message_id)
    await identity.hear(event.at)
    customer = identity.customer
    await customer.heard(event.at)
    if isinstance(event.content, SharedContact) and event.content.own:
        await customer.shared(event.content.phone)
        await index(customer)
    lead = await Lead.of(customer.id)
    await lead.hear(words(event.content))
    await lead.move(after_inbound(lead.stage))
    return customer


def _goes_by_another_name(sender: Sender, identity: Identity) -> bool:
    return sender.name not in ("", identity.name) or sender.username not in ("", identity.username)


def _greeting(event: MessageReceived, ctx: Context) -> str:
    if ctx.house.accounts.get(event.sender.address.account) == "wecom":
        return ctx.words("replies/bind_hint")
    return ctx.words(f"replies/{ctx.house.welcome.get('default') or 'welcome'}", name=event.sender.name)


def _profile(sender: Sender) -> Profile:
    return Profile(name=sender.name, username=sender.username, language=sender.language)
