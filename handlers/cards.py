"""Here lives what a customer's card tells, as plain values for its template."""

from typing import Any

from domain.phones import shown
from handlers.context import Context
from handlers.times import local
from models.cards import Card
from models.customers import Identity
from models.staff import Staff

DIRECT = "direct"
EXCERPT = 40
NOTES = 2  # what is left of a phone's eight lines


def values(card: Card, viewer: Staff, ctx: Context) -> dict[str, Any]:
    """For `customers/card`: phones as this colleague may see them, every source that was ever told."""
    customer, lead = card.customer, card.lead
    return {
        "id": customer.short_id,
        "name": customer.name,
        "company": customer.company or next(filter(None, (each.company for each in card.relations)), ""),
        "owner": customer.owner.name if customer.owner else "",
        "phones": [shown(phone, viewer.role, own=customer.owner_id == viewer.id) for phone in _phones(card)],
        "identities": [_identity(identity, ctx) for identity in card.identities],
        "sources": _sources(card),
        "lead": lead.short_id if lead else "",
        "stage": lead.stage.value if lead else "",
        "first_words": excerpt(lead.first_words) if lead else "",
        "notes": [
            {"at": local(note.at, ctx), "who": note.staff.name if note.staff else "", "text": excerpt(note.text)}
            for note in card.notes[:NOTES]
        ],
    }


def excerpt(text: str) -> str:
    """One line of a long text."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def _phones(card: Card) -> list[str]:
    told = (phone for relation in card.relations for phone in relation.phones)
    return list(dict.fromkeys(filter(None, (card.customer.phone, *told))))


def _sources(card: Card) -> list[str]:
    """As they were told; "direct" only where nothing else is known."""
    told = (*(each.source for each in card.identities), *(each.source for each in card.relations))
    sources = dict.fromkeys(filter(None, (card.customer.source, *told)))
    return [source for source in sources if source != DIRECT] or [DIRECT]


def _identity(identity: Identity, ctx: Context) -> dict[str, object]:
    channel = ctx.house.accounts.get(identity.account, identity.account)
    return {"channel": channel, "name": identity.name or identity.username, "state": identity.state}
