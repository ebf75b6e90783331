"""Here lives what a customer's card tells, as plain values for its template."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from domain.messages import Button, Other, words
from domain.permissions import Role, allows
from domain.phones import masked, shown
from domain.taggings import Known, labels
from handlers.bindings import Standing
from handlers.context import Context
from handlers.messages import has_chat
from handlers.times import local
from models.cards import Card
from models.customers import Customer, Identity
from models.messages import Message
from models.notes import Note
from models.staff import Staff
from models.tasks import Task

DIRECT = "direct"
EXCERPT = 40
NOTES = 2
ROOM = 3  # lines for to-dos, notes and messages: what is left of a phone's screen
TASKS = 2  # in their one line
TASK = 16
TAGS = 10  # in their one line
GROUPS = 3  # that are named
TROUBLES, NAMED = 2, 3  # that several tags share, and tags that are named of one
WORSE = ("synced", "pending", "conflict", "not_ours", "failed")

Standings = Mapping[int, Sequence[Standing]]  # by tag, on each account


def values(card: Card, viewer: Staff, ctx: Context, standing: Standings) -> dict[str, Any]:
    """For `customers/card`: phones as this colleague may see them, every source that was ever told."""
    customer, lead = card.customer, card.lead
    room = ROOM - bool(card.tasks) - bool(card.taggings)
    notes = card.notes[: max(1, min(NOTES, room - len(card.messages)))]
    messages = card.messages[: room - len(notes)]
    tags, troubles = _shared(_tags(card, standing))
    return {
        "id": customer.short_id,
        "name": customer.name,
        "company": customer.company or next(filter(None, (each.company for each in card.relations)), ""),
        **{each: getattr(customer, each) for each in ("position", "email", "city", "gender")},
        "birthday": customer.birthday.removeprefix("--"),
        "owner": customer.owner.name if customer.owner else "",
        "attendant": customer.attendant.name if customer.attendant else "",
        "phones": [phone_number(phone, customer, viewer, ctx) for phone in _phones(card)],
        "identities": [_identity(identity, ctx) for identity in card.identities],
        "sources": _sources(card),
        "groups": [title or number for number, title in card.groups[:GROUPS]],
        "more_groups": max(0, len(card.groups) - GROUPS),
        "lead": lead.short_id if lead else "",
        "stage": lead.stage.value if lead else "",
        "first_words": excerpt(lead.first_words) if lead else "",
        "tags": tags[:TAGS],
        "troubles": troubles,
        "more_tags": max(0, len(card.taggings) - TAGS),
        "tasks": [_task(task, ctx) for task in card.tasks[:TASKS]],
        "more_tasks": len(card.tasks) > TASKS,
        "notes": [_note(note, ctx) for note in notes],
        "messages": [_message(message, ctx) for message in reversed(messages)],
        "claimable": _claimable(card, viewer),
        "way": _way(card, viewer, ctx),
    }


def buttons(card: Card, viewer: Staff, ctx: Context) -> tuple[Button, ...]:
    """What this colleague is likely to do next."""
    number = card.customer.short_id
    offered = [ctx.button("talk", f"talk {number}")]
    if _way(card, viewer, ctx) == "reply":
        offered.insert(0, ctx.button("reply", f"reply {number}"))
    if card.lead and _claimable(card, viewer):
        offered.append(ctx.button("claim", f"claim {card.lead.short_id}"))
    return tuple(offered)


def phone_number(phone: str, customer: Customer, viewer: Staff, ctx: Context) -> str:
    """A customer's number as this colleague may see it: whoever looks after them the whole; in a group nobody."""
    keeps = viewer.id in (customer.owner_id, customer.attendant_id)
    return masked(phone) if ctx.group else shown(phone, viewer.role, own=keeps)


def excerpt(text: str, longest: int = EXCERPT) -> str:
    """One line of a long text."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _way(card: Card, viewer: Staff, ctx: Context) -> Literal["reply", "wecom", ""]:
    """How this colleague answers the customer, if they may."""
    if not allows(viewer.role, Role.SALES):
        return ""
    return "reply" if has_chat(card.identities, ctx) else "wecom"


def _claimable(card: Card, viewer: Staff) -> bool:
    return card.lead is not None and card.customer.owner_id is None and allows(viewer.role, Role.SALES)


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
    return {
        "channel": channel,
        "name": identity.name or identity.username,
        "state": identity.state,
        "opted_out": identity.opted_out_at is not None,
    }


def _tags(card: Card, standing: Standings) -> list[dict[str, Any]]:
    """In the order of the library; of what is in step nothing is said, else the worst of all accounts."""
    names = labels(Known(tag.id, tag.group.name, tag.name) for tag in card.namesakes)
    told: list[dict[str, Any]] = []
    for each in card.taggings:
        worst = max(standing.get(each.tag_id, ()), key=lambda there: WORSE.index(there.word), default=None)
        told.append(
            {
                "name": names.get(each.tag_id, each.tag.path),
                "rule": each.source == "rule",
                "word": worst.word if worst else "synced",
                "channel": worst.kind if worst else "",
                "reason": worst.reason if worst else "",
            }
        )
    return told


def _shared(tags: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The tags, and what is the matter with several of them, which is said once and not of each."""
    whose: dict[tuple[str, str, str], list[str]] = {}
    for tag in tags:
        whose.setdefault(_matter(tag), []).append(tag["name"])
    several = (matter for matter, names in whose.items() if matter[0] != "synced" and names[1:])
    common = sorted(several, key=lambda matter: -len(whose[matter]))[:TROUBLES]
    single = [{**tag, "word": "synced"} if _matter(tag) in common else tag for tag in tags]
    return single, [_trouble(*matter, whose[matter]) for matter in common]


def _matter(tag: Mapping[str, Any]) -> tuple[str, str, str]:
    """What is pending is so wherever it is to go."""
    return tag["word"], tag["channel"] if tag["word"] != "pending" else "", tag["reason"]


def _trouble(word: str, channel: str, reason: str, names: Sequence[str]) -> dict[str, Any]:
    first = names if len(names) <= NAMED else names[: NAMED - 1]
    return {"word": word, "channel": channel, "reason": reason, "names": first, "number": len(names)}


def _task(task: Task, ctx: Context) -> dict[str, object]:
    due = local(task.due_at, ctx) if task.due_at else ""
    return {"id": task.short_id, "due": due, "text": excerpt(task.text, TASK)}


def _note(note: Note, ctx: Context) -> dict[str, object]:
    who = note.staff.name if note.staff else ""
    return {"at": local(note.at, ctx), "who": who, "stage": note.stage, "text": excerpt(note.text)}


def _message(message: Message, ctx: Context) -> dict[str, object]:
    content = message.content
    label = content.label if isinstance(content, Other) else ""
    told = ctx.words("messages/content", kind=content.kind, label=label, text=words(content))
    return {
        "at": local(message.at, ctx),
        "ours": message.direction == "out",
        "who": message.staff.name if message.staff else "",
        "content": excerpt(told),
    }
