"""Here lives capture: an unknown sender becomes one customer with one lead, whatever repeats or races."""

from datetime import datetime, timedelta

from domain.contacts import Follow, Profile
from domain.events import ContactAdded, ContactRemoved, ContactReturned, ContactUpdated, SourceScanned
from domain.messages import Address, OutboundMessage, Text, Welcome
from handlers.context import Context
from handlers.identities import expect, joined
from handlers.marks import begun_anew, learned, want
from handlers.notices import tell_keepers
from handlers.optouts import begun_again
from handlers.router import on
from models.customers import Customer, Identity, Relation
from models.leads import Lead
from models.messages import Message
from models.search import Searchable
from models.staff import Staff

WELCOME_LIVES = timedelta(seconds=20)


@on(ContactAdded)
async def add(event: ContactAdded, ctx: Context) -> None:
    identity, is_new = await capture(
        event.contact, event.profile, ctx, at=event.at, source=event.source, owner=event.owner
    )
    if is_new:
        await announce(identity, ctx)
    else:
        await begun_anew(identity, event.owner, ctx)
        identity = await learn(identity, event.profile, ctx)
        await back(identity, event.at, ctx)
    await welcome(event, identity, ctx, await begun_again(event, identity, ctx))


@on(ContactUpdated)
async def update(event: ContactUpdated, ctx: Context) -> None:
    identity, is_new = await capture(event.contact, event.profile, ctx, at=event.at)
    if is_new:
        await announce(identity, ctx)
    else:
        await learn(identity, event.profile, ctx)


@on(ContactRemoved)
async def remove(event: ContactRemoved, ctx: Context) -> None:
    identity = await Identity.of(event.contact)
    if identity is None:
        return
    if event.owner:
        await Relation.end(identity.id, event.owner, event.at)
    if not event.owner or not await Relation.lasting(identity.id):
        await identity.reached(event.state, event.at)
    await want([identity.customer_id], ctx)


@on(ContactReturned)
async def come_back(event: ContactReturned, ctx: Context) -> None:
    identity, is_new = await capture(event.contact, Profile(), ctx, at=event.at)
    if is_new:
        await announce(identity, ctx)
    else:
        await back(identity, event.at, ctx)


@on(SourceScanned)
async def scan(event: SourceScanned, ctx: Context) -> None:
    identity, is_new = await capture(event.contact, Profile(), ctx, at=event.at, source=event.source)
    if is_new:
        await announce(identity, ctx)
    else:
        await back(identity, event.at, ctx)


async def back(identity: Identity, at: datetime, ctx: Context) -> None:
    """They can be reached; the tags that they could not be given meanwhile are."""
    await identity.reached("reachable", at)
    await want([identity.customer_id], ctx)


async def capture(
    contact: Address, profile: Profile, ctx: Context, *, at: datetime, source: str = "", owner: str = ""
) -> tuple[Identity, bool]:
    """Who is behind this contact, and whether they are new: then one customer, one identity and one lead are made.

    Of two who meet the same contact at the same moment one waits at the identity's unique key, and finds it taken.
    """
    if known := await Identity.of(contact):
        await expect(known, "unionid", profile.unionid)
        return known, False
    keeper = await Staff.behind(Address(contact.account, owner)) if owner else None
    source = source or next((follow.state for follow in profile.follows if follow.state), "") or "direct"
    customer = await _newcomer(profile, source, keeper, ctx)
    identity = await Identity.claim(
        customer,
        contact,
        name=profile.name,
        username=profile.username,
        unionid=profile.unionid,
        source=source,
        state_at=at,
        added_at=at,
    )
    if identity is None:
        await customer.delete()
        return await capture(contact, profile, ctx, at=at)
    claimed_at = ctx.now if keeper else None
    await Lead.create(customer=customer, owner=keeper, source=source, created_at=ctx.now, claimed_at=claimed_at)
    await Relation.keep(identity.id, profile.follows)
    identity.customer = await joined(customer, "unionid", profile.unionid, ctx)
    await index(identity.customer)
    await learned(identity, profile, ctx)
    return identity, identity.customer_id == customer.id


async def _newcomer(profile: Profile, source: str, keeper: Staff | None, ctx: Context) -> Customer:
    return await Customer.create(
        name=_name(profile),
        company=profile.company,
        language=profile.language,
        source=source,
        owner=keeper,
        created_at=ctx.now,
        seen_at=ctx.now,
    )


async def learn(identity: Identity, profile: Profile, ctx: Context) -> Identity:
    """Take over what a platform tells now; what it does not say stays as it was, and so does a name given here."""
    identity = await identity.held()
    customer = identity.customer
    news = profile.unionid if profile.unionid != identity.unionid else ""
    told = {"company": customer.company or profile.company}
    if customer.name in ("", identity.name, *await Relation.remarks(identity.id)):
        told["name"] = _name(profile) or customer.name
    identity.name = profile.name or identity.name
    identity.username = profile.username or identity.username
    identity.unionid = profile.unionid or identity.unionid
    await identity.save(update_fields=["name", "username", "unionid"])
    await customer.change(ctx.actor, **told)
    anew = await _begun_meanwhile(identity, profile, ctx)
    await Relation.keep(identity.id, profile.follows)
    identity.customer = await joined(customer, "unionid", news, ctx)
    await index(identity.customer)
    await learned(identity, profile, ctx)
    if anew:
        await want([identity.customer_id], ctx)
    return identity


def is_anew(row: Relation, follow: Follow) -> bool:
    """Whether this is not the relation that we knew: that one ended and this one began, and nobody told us."""
    return bool(row.added_at and follow.added_at and follow.added_at > row.added_at)


async def _begun_meanwhile(identity: Identity, profile: Profile, ctx: Context) -> bool:
    """What the platform tells of tags on such a relation takes none of them from the customer."""
    told = {follow.userid: follow for follow in profile.follows}
    rows = await Relation.filter(identity_id=identity.id, userid__in=list(told)) if told else []
    anew = [row.userid for row in rows if is_anew(row, told[row.userid])]
    for member in anew:
        await begun_anew(identity, member, ctx)
    return bool(anew)


async def index(customer: Customer) -> None:
    """Let `查` find a customer that is new or held by everything that is known of them."""
    identities = await Identity.filter(customer_id=customer.id).prefetch_related("relations")
    relations = [relation for identity in identities for relation in identity.relations]
    await Searchable.index(
        customer.id,
        names=[customer.name, *(i.name for i in identities), *(r.remark for r in relations)],
        phones=[customer.phone, *(phone for r in relations for phone in r.phones)],
        ids=[text for i in identities for text in (i.external_id, i.username)],
        company=" ".join(filter(None, [customer.company, *(r.company for r in relations)])),
    )


async def welcome(event: ContactAdded, identity: Identity, ctx: Context, instead: str = "") -> None:
    """The greeting of this source, by the welcome code where the platform wants one; or what is said instead."""
    template = ctx.house.welcome.get(event.source, ctx.house.welcome.get("default", ""))
    may_speak = event.welcome_code or ctx.house.accounts.get(event.contact.account) != "wecom"
    if not (template or instead) or not may_speak:
        return
    content = Text(instead or ctx.words(f"replies/{template}", name=identity.name))
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
    offers = {"show": f"show {customer.short_id}"}
    if customer.owner_id is None:
        offers["claim"] = f"claim {lead.short_id}"
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
        free=customer.owner_id is None,
        offers=offers,
    )


def _name(profile: Profile) -> str:
    return next((follow.remark for follow in profile.follows if follow.remark), "") or profile.name
