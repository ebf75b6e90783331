"""Here lives capture: an unknown sender becomes one customer with one lead, whatever repeats or races."""

from datetime import datetime, timedelta

from domain.events import (
    ContactAdded,
    ContactRemoved,
    ContactReturned,
    ContactUpdated,
    Profile,
    SourceScanned,
)
from domain.messages import Address, OutboundMessage, Text, Welcome
from handlers.context import Context
from handlers.notices import tell_keepers
from handlers.router import on
from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.messages import Message
from models.search import Searchable
from models.staff import Staff

WELCOME_LIVES = timedelta(seconds=20)


@on(ContactAdded)
async def add(event: ContactAdded, ctx: Context) -> None:
    identity = await Identity.of(event.contact)
    if identity is None:
        identity = await capture(event.contact, event.profile, ctx, at=event.at, source=event.source, owner=event.owner)
        await announce(identity, ctx)
    else:
        await identity.reached("reachable", event.at)
        await learn(identity, event.profile)
    await welcome(event, identity, ctx)


@on(ContactUpdated)
async def update(event: ContactUpdated, ctx: Context) -> None:
    identity = await Identity.of(event.contact)
    if identity is None:
        identity = await capture(event.contact, event.profile, ctx, at=event.at)
        await announce(identity, ctx)
    else:
        await learn(identity, event.profile)


@on(ContactRemoved)
async def remove(event: ContactRemoved, ctx: Context) -> None:  # noqa: ARG001 - every handler is given the context
    identity = await Identity.of(event.contact)
    if identity is None:
        return
    if event.owner:
        await Relation.end(identity.id, event.owner, event.at)
        if await Relation.lasting(identity.id):
            return
    await identity.reached(event.state, event.at)


@on(ContactReturned)
async def come_back(event: ContactReturned, ctx: Context) -> None:
    identity = await Identity.of(event.contact)
    if identity is None:
        await announce(await capture(event.contact, Profile(), ctx, at=event.at), ctx)
    else:
        await identity.reached("reachable", event.at)


@on(SourceScanned)
async def scan(event: SourceScanned, ctx: Context) -> None:
    identity = await Identity.of(event.contact)
    if identity is None:
        identity = await capture(event.contact, Profile(), ctx, at=event.at, source=event.source)
        await announce(identity, ctx)
    else:
        await identity.reached("reachable", event.at)


async def capture(
    contact: Address, profile: Profile, ctx: Context, *, at: datetime, source: str = "", owner: str = ""
) -> Identity:
    """One customer, one identity, one lead; a race for the same contact ends at the identity's unique key."""
    keeper = await Staff.behind(Address(contact.account, owner)) if owner else None
    source = source or next((follow.state for follow in profile.follows if follow.state), "") or "direct"
    customer = await Customer.create(
        name=_name(profile),
        company=profile.company,
        language=profile.language,
        source=source,
        owner=keeper,
        created_at=ctx.now,
        seen_at=ctx.now,
    )
    identity = await Identity.create(
        customer=customer,
        account=contact.account,
        external_id=contact.id,
        name=profile.name,
        username=profile.username,
        unionid=profile.unionid,
        source=source,
        state_at=at,
        added_at=at,
    )
    await Lead.create(
        customer=customer,
        owner=keeper,
        source=source,
        created_at=ctx.now,
        claimed_at=ctx.now if keeper else None,
    )
    await Relation.keep(identity.id, profile.follows)
    await index(customer)
    return identity


async def learn(identity: Identity, profile: Profile) -> None:
    """Take over what a platform tells now; what it does not say stays as it was, and so does a name given here."""
    customer = identity.customer
    if customer.name in ("", identity.name, *await Relation.remarks(identity.id)):
        customer.name = _name(profile) or customer.name
    customer.company = customer.company or profile.company
    identity.name = profile.name or identity.name
    identity.username = profile.username or identity.username
    identity.unionid = profile.unionid or identity.unionid
    await identity.save(update_fields=["name", "username", "unionid"])
    await customer.save(update_fields=["name", "company"])
    await Relation.keep(identity.id, profile.follows)
    await index(customer)


async def index(customer: Customer) -> None:
    """Let `查` find this customer by everything that is known of them."""
    identities = await Identity.filter(customer_id=customer.id).prefetch_related("relations")
    relations = [relation for identity in identities for relation in identity.relations]
    await Searchable.index(
        customer.id,
        names=[customer.name, *(i.name for i in identities), *(r.remark for r in relations)],
        phones=[customer.phone, *(phone for r in relations for phone in r.phones)],
        ids=[text for i in identities for text in (i.external_id, i.username)],
        company=" ".join(filter(None, [customer.company, *(r.company for r in relations)])),
    )


async def welcome(event: ContactAdded, identity: Identity, ctx: Context) -> None:
    """The greeting of this source, by the welcome code where the platform wants one."""
    template = ctx.house.welcome.get(event.source, ctx.house.welcome.get("default", ""))
    may_speak = event.welcome_code or ctx.house.accounts.get(event.contact.account) != "wecom"
    if not template or not may_speak:
        return
    content = Text(ctx.words(f"replies/{template}", name=identity.name))
    message = await Message.said(identity, content, ctx.now)
    if event.welcome_code:
        greeting = Welcome(event.contact, event.welcome_code, content, ctx.arrived + WELCOME_LIVES)
        ctx.send(greeting, message.id)
    else:
        ctx.send(OutboundMessage(event.contact, content, reply_to=ctx.key), message.id)


async def announce(identity: Identity, ctx: Context, words: str = "") -> None:
    """Tell whoever keeps this customer that there is a new lead."""
    customer = await Customer.get(id=identity.customer_id)
    lead = await Lead.get(customer_id=customer.id)
    await tell_keepers(
        customer,
        ctx,
        "leads/new",
        id=customer.short_id,
        lead=lead.short_id,
        name=customer.name,
        source=identity.source,
        channel=ctx.house.accounts.get(identity.account, ""),
        words=words,
    )


def _name(profile: Profile) -> str:
    return next((follow.remark for follow in profile.follows if follow.remark), "") or profile.name
