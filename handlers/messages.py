"""Here lives the conversation with customers: heard, answered by keyword, handed to their keeper, replied to."""

from collections.abc import Iterable
from datetime import UTC, datetime

from domain.contacts import Profile
from domain.errors import Refusal
from domain.events import ButtonPressed, MenuClicked, MessageEdited, MessageReceived, Sender
from domain.leads import after_inbound, after_reply
from domain.messages import Acknowledge, Content, Other, OutboundMessage, SharedContact, Text, words
from domain.phones import kept
from handlers.contacts import announce, capture, index, learn
from handlers.context import Context
from handlers.identities import expect, joined
from handlers.notices import tell_keepers
from handlers.optouts import heed
from handlers.router import on
from models.customers import Customer, Identity
from models.leads import Lead
from models.messages import Message

NEVER = datetime.min.replace(tzinfo=UTC)


@on(MessageReceived)
async def hear(event: MessageReceived, ctx: Context) -> None:
    identity, is_new = await capture(event.sender.address, _profile(event.sender), ctx, at=event.at)
    if isinstance(event.content, SharedContact) and event.content.own:
        await expect(identity, "phone", event.content.phone)
    if not is_new and _goes_by_another_name(event.sender, identity):
        identity = await learn(identity, _profile(event.sender), ctx)
    captured = identity.customer_id
    customer = await _record(event, identity, ctx)
    if reply := await heed(identity, event.content, ctx) or keyword_reply(words(event.content), ctx):
        await say(identity, Text(reply), ctx)
    elif is_new:
        await say(identity, Text(_greeting(event, ctx)), ctx)
    if is_new and customer.id == captured:
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
    await say(await chat_with(customer, ctx), content, ctx)
    if lead := await Lead.get_or_none(customer_id=customer.id):
        await lead.move(after_reply, ctx.actor)


async def chat_with(customer: Customer, ctx: Context) -> Identity:
    """Where an answer goes; raises Refusal where there is no chat with the customer, or they cannot be reached."""
    identities = await Identity.filter(customer_id=customer.id).order_by("id")
    chats = [identity for identity in identities if has_chat([identity], ctx)]
    if not chats:
        raise Refusal("refusals/no_chat_with_external_contact", id=customer.short_id)
    chats.sort(key=lambda identity: identity.heard_at or NEVER, reverse=True)
    reachable = (identity for identity in chats if identity.state == "reachable")
    if not (chat := next(reachable, None)):
        raise Refusal("refusals/unreachable", id=customer.short_id, state=chats[0].state)
    return chat


def has_chat(identities: Iterable[Identity], ctx: Context) -> bool:
    """Whether we may write to one of these; a mere contact of a WeCom member never wrote to us and cannot read us."""
    return any(each.heard_at or ctx.house.accounts.get(each.account) != "wecom" for each in identities)


async def hand_over(customer: Customer, content: Content, ctx: Context) -> None:
    """Show a customer's words to whoever keeps them, with the way to answer."""
    await tell_keepers(
        customer,
        ctx,
        "messages/heard",
        offers={"reply": f"reply {customer.short_id}"},
        id=customer.short_id,
        name=customer.name,
        channel=ctx.house.accounts.get(ctx.chat.account, ""),
        kind=content.kind,
        label=content.label if isinstance(content, Other) else "",
        text=words(content),
    )


def keyword_reply(text: str, ctx: Context) -> str:
    """The answer of the first keyword found in `text`, empty when there is none."""
    lowered = text.casefold()
    for keywords, template in ctx.house.keywords:
        if any(word.casefold() in lowered for word in keywords):
            return ctx.words(f"replies/{template}")
    return ""


async def _record(event: MessageReceived, identity: Identity, ctx: Context) -> Customer:
    message = await Message.heard(identity, event.content, event.at, event.message_id)
    await identity.hear(event.at)
    await message.follow(identity)
    customer = identity.customer
    await customer.heard(event.at)
    if isinstance(event.content, SharedContact) and event.content.own:
        customer = (await identity.held()).customer
        phone = event.content.phone
        await customer.change(ctx.actor, phone=kept(phone) or phone)
        customer = identity.customer = await joined(customer, "phone", event.content.phone, ctx)
        await index(customer)
    lead = await Lead.of(customer.id)
    await lead.hear(words(event.content))
    await lead.move(after_inbound, ctx.actor)
    return customer


def _goes_by_another_name(sender: Sender, identity: Identity) -> bool:
    return sender.name not in ("", identity.name) or sender.username not in ("", identity.username)


def _greeting(event: MessageReceived, ctx: Context) -> str:
    if ctx.house.accounts.get(event.sender.address.account) == "wecom":
        return ctx.words("replies/bind_hint")
    return ctx.words(f"replies/{ctx.house.welcome.get('default') or 'welcome'}", name=event.sender.name)


def _profile(sender: Sender) -> Profile:
    return Profile(name=sender.name, username=sender.username, language=sender.language)
