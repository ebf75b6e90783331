"""Here lives a push that is under way: its ledger as rows, and what was promised to a platform for it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.database import transaction
from domain.media import Medium
from domain.messages import Text
from domain.outgoing import GroupPush, GroupPushEdit
from domain.push_events import PushAsked, PushSettled
from handlers import push_batches
from handlers.context import Context, House
from models.batches import Batch
from models.customers import Customer, Identity, Relation
from models.database import insert_many
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.handlers.phone import Phone

TASK = Medium("task", 4000, "bytes", "", personal=False, most=100, chats=20)
MASS = Medium("mass", 2048, "bytes", "", personal=False, least=2, most=100)
CHAT = Medium("message", 4096, "utf16", "")
COLUMNS = ("push_id", "customer_id", "identity_id", "account", "address", "way", "member", "state", "reason", "sent_at")


def with_media(house: House) -> House:
    return replace(house, media={"wecom": (TASK,), "official": (MASS,), "telegram": (CHAT,)})


async def push(phone: Phone, **told: object) -> Push:
    """Somebody's, running since now."""
    staff = await Staff.behind(phone.address)
    assert staff
    place = {"account": phone.address.account, "chat": phone.address.id, "language": staff.language or "zh-CN"}
    usual = {"labels": [], "accounts": ["wecom", "official", "telegram"], "values": {}, "created_at": phone.clock()}
    known = {**place, **usual, "state": "running", "turn": 1, "started_at": phone.clock(), "audience": "#老客"}
    return await Push.drafted(Text("周年庆开始了"), staff_id=staff.id, **{**known, **told})


async def people(number: int, account: str, now: datetime, members: Sequence[str] = ()) -> list[tuple[int, int, str]]:
    """Customers with an account each, in the care of these members in turn: their ids, their accounts' ids, what these
    are called.
    """
    rows = await insert_many(Customer, ("created_at", "seen_at"), [(now, now)] * number)
    customers = sorted(row[0] for row in rows)
    columns = ("customer_id", "account", "external_id", "state_at", "added_at")
    made = await insert_many(
        Identity,
        columns,
        [(each, account, f"u{each}", now, now) for each in customers],
        returning=("id", "customer_id"),
    )
    identities = {customer: identity for identity, customer in made}
    if members:
        follows = [(identities[each], members[n % len(members)], now) for n, each in enumerate(customers)]
        await insert_many(Relation, ("identity_id", "userid", "added_at"), follows)
    return [(each, identities[each], f"u{each}") for each in customers]


async def ledger(
    made: Push,
    number: int,
    now: datetime,
    *,
    way: str = "task",
    account: str = "wecom",
    members: Sequence[str] = ("lilei",),
    state: str = "waiting",
    reason: str = "",
) -> list[tuple[int, int, str]]:
    """So many more rows of this kind."""
    some = await people(number, account, now, members if way == "task" else ())
    sent = now if state in {"sent", "delivered", "read", "unsure"} else None
    rows = [
        (made.id, *who, account, address, way, members[n % len(members)] if way == "task" else "", state, reason, sent)
        for n, (*who, address) in enumerate(some)
    ]
    columns = ("push_id", "customer_id", "identity_id", *COLUMNS[3:])
    await insert_many(Recipient, columns, rows)
    return some


async def promised(made: Push, phone: Phone) -> list[GroupPush]:
    """What a round of it promises, as it is in the outbox."""
    now = phone.clock()
    ctx = Context(now, now, now, phone.house, "round", phone.address, "zh-CN")
    async with transaction():
        await push_batches.promise(made, ctx)
        for promise in ctx.promises:
            await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id)
    return [promise.outgoing for promise in ctx.promises if isinstance(promise.outgoing, GroupPush)]


async def settled(made: GroupPush | GroupPushEdit, phone: Phone, **told: object) -> str:
    """The outbox tells what came of it; what somebody reads then."""
    items = await OutboxItem.filter(lane=f"{made.to.account}:{made.to.id}").order_by("id")
    item = next(item for item in items if item.outgoing == made)
    await OutboxItem.filter(id=item.id).update(state="done")
    return await phone.meet(PushSettled(phone.clock(), made.to.account, item.id, made.batch, **told))  # type: ignore[arg-type]


async def counts(made: Push) -> dict[str, int]:
    rows = await Recipient.filter(push_id=made.id).values_list("state", flat=True)
    return dict(Counter(str(state) for state in rows))


async def asked(made: Push) -> list[PushAsked]:
    """What platforms are to be asked, in the order of the moments."""
    rows = await InboxEvent.filter(key__startswith=f"push:{made.id}:asked:", state="waiting").order_by("due_at", "id")
    found = [row.own() for row in rows]
    return [event for event in found if isinstance(event, PushAsked)]


async def batches(made: Push) -> dict[int, str]:
    return {batch.id: batch.state for batch in await Batch.filter(push_id=made.id).order_by("id")}


async def state_of(made: Push) -> tuple[str, int]:
    row = await Push.get(id=made.id)
    return row.state, row.turn


async def chatting(boss: Phone, **told: object) -> Push:
    """A push by messages: some have it, some wait, some will not get it."""
    made = await push(boss, **told)
    for state, reason, number in (
        ("sent", "", 4),
        ("waiting", "", 3),
        ("failed", "blocked", 2),
        ("skipped", "opted_out", 1),
        ("unsure", "no_answer", 1),
    ):
        await ledger(made, number, boss.clock(), way="message", account="telegram", state=state, reason=reason)
    return made
