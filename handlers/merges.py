"""Here lives the joining of two customers who are one person, its undoing, and the taking out of one account."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.commands import Command, Invocation, Target, target_in
from domain.errors import Refusal
from domain.merges import advanced, contradictions, filled, has_two_owners, returned
from domain.permissions import Role
from handlers.cards import phone_number
from handlers.contacts import index
from handlers.context import Context
from handlers.customers import meant
from handlers.marks import want
from handlers.notices import tell
from handlers.plans import Preview, effect, propose, recheck
from handlers.router import colleague, command
from models.belongings import Belongings
from models.cards import customer_of_lead
from models.customers import Customer, Identity
from models.identities import held
from models.leads import Lead
from models.merges import Merge, values
from models.plans import Plan
from models.staff import Staff

PASSING = {"seen_at", "followed_at"}  # change with every word; nobody needs to look again for them


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers as they are now, with their leads and what the second one brings."""

    kept: Customer
    absorbed: Customer
    leads: tuple[Lead, Lead]
    brings: Belongings

    @property
    def loses_owner(self) -> bool:
        return has_two_owners(values(self.kept), values(self.absorbed))

    @property
    def plan(self) -> dict[str, Any]:
        """What a preview promises, as far as it tells."""
        kept, absorbed = values(self.kept), values(self.absorbed)
        lead = advanced(values(self.leads[0]), values(self.leads[1]))
        told = {"customer": filled(kept, absorbed), "lead": lead}
        return {
            **{part: {name: pair for name, pair in told[part].items() if name not in PASSING} for part in told},
            "contradictions": {name: (kept[name], absorbed[name]) for name in contradictions(kept, absorbed)},
            "owners": (kept["owner_id"], absorbed["owner_id"]),
            "identities": [identity.id for identity in self.brings.identities],
        }


@command(
    Command(
        "merge",
        "admin",
        zh=("合并", "合并客户"),
        en=("merge",),
        role=Role.ADMIN,
        tier="danger",
        targets="CL",
        takes="arguments",
    )
)
async def merge(asked: Invocation, ctx: Context) -> None:
    absorbed = await _second(asked)
    if kept := await meant(asked, ctx):
        pair = await _pair(kept.id, absorbed.id)
        row = await Merge.planned(kept.id, absorbed.id, "command", ctx.now)
        ctx.about(kept.short_id, absorbed.short_id)
        preview = await _preview(row, pair, ctx)
        await propose(
            ctx,
            "merge",
            row.short_id,
            preview.payload,
            preview.template,
            needs_approval=pair.loses_owner,
            **preview.values,
        )


@recheck("merge")
async def look_again(plan: Plan, ctx: Context) -> Preview | None:
    """From here on nobody changes either of the two until they are one."""
    row = await _row(plan)
    pair = await _pair(row.kept_id, row.absorbed_id)
    if pair.loses_owner and not plan.needs_approval:
        raise Refusal("refusals/merge_owners", id=pair.kept.short_id, other=pair.absorbed.short_id)
    preview = await _preview(row, pair, ctx)
    return None if preview.payload == plan.payload else preview


@effect("merge")
async def join(plan: Plan, ctx: Context) -> None:
    row = await _row(plan)
    pair = await _pair(row.kept_id, row.absorbed_id)
    if not await row.join(ctx.actor):
        raise Refusal("refusals/merge_over", id=row.short_id)
    kept, absorbed = await Customer.get(id=row.kept_id).select_related("owner"), pair.absorbed
    await index(kept)
    await want((kept.id, absorbed.id), ctx)
    about = {"merge": row.short_id, **_both(kept, absorbed)}
    if pair.loses_owner and (loser := await Staff.get_or_none(id=absorbed.owner_id, active=True)):
        await tell(loser, ctx, "merges/lost", owner=kept.owner.name if kept.owner else "", **about)
    ctx.about(kept.short_id, absorbed.short_id)
    buttons = ctx.button("show", f"show {kept.short_id}"), ctx.button("undo", f"unmerge {row.short_id}")
    ctx.reply("merges/done", buttons=buttons, **about)


@command(
    Command(
        "unmerge",
        "admin",
        zh=("撤销合并", "取消合并"),
        en=("unmerge",),
        role=Role.ADMIN,
        tier="danger",
        targets="M",
    )
)
async def unmerge(asked: Invocation, ctx: Context) -> None:
    row = await _undoable(asked.target)
    kept, absorbed = await Customer.get(id=row.kept_id), await Customer.get(id=row.absorbed_id)
    back = returned(row.moved["customer"], values(kept)) | returned(row.moved["lead"], values(await Lead.of(kept.id)))
    ctx.about(kept.short_id, absorbed.short_id)
    await propose(
        ctx,
        "unmerge",
        row.short_id,
        {"merge": row.id},
        "merges/undoing",
        needs_approval=False,
        merge=row.short_id,
        **_both(kept, absorbed),
        **_brought(await Belongings.returning(row.moved, row.kept_id, row.absorbed_id), ctx),
        back=[name for name in back if name not in {*PASSING, "claimed_at", "first_words", "attendant_id"}],
    )


@effect("unmerge")
async def separate(plan: Plan, ctx: Context) -> None:
    row = await _undoable(Target("M", plan.payload["merge"]))
    if not await row.undo(ctx.actor):
        raise Refusal("refusals/not_merged", id=row.short_id)
    kept, absorbed = await Customer.get(id=row.kept_id), await Customer.get(id=row.absorbed_id)
    for customer in (kept, absorbed):
        await index(customer)
        ctx.about(customer.short_id)
    await want((kept.id, absorbed.id), ctx)
    ctx.reply("merges/undone", merge=row.short_id, **_both(kept, absorbed))


async def _second(asked: Invocation) -> Customer:
    """The customer who goes into the other; only an id says whom."""
    text = asked.text.strip()
    target = target_in(text)
    if not text:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if target is None or target.kind not in "CL":
        raise Refusal("refusals/wrong_target", command=asked.command.name, kinds="CL", what=text)
    found = await (customer_of_lead if target.kind == "L" else _customer)(target.number)
    if found is None:
        raise Refusal("refusals/no_such_id", what=str(target))
    return found


async def _customer(customer_id: int) -> Customer | None:
    """The very one, also when it was merged away."""
    return await Customer.get_or_none(id=customer_id)


async def _pair(kept_id: int, absorbed_id: int) -> Pair:
    """Both held; Refusal where they cannot become one."""
    if kept_id == absorbed_id:
        raise Refusal("refusals/same_customer", id=f"C{kept_id}")
    both = {row.id: row for row in await held((kept_id, absorbed_id))}
    for row in both.values():
        if row.merged_into_id:
            away = await Merge.away(row.id)
            into, by = f"C{row.merged_into_id}", away.short_id if away else ""
            raise Refusal("refusals/merged_already", id=row.short_id, into=into, merge=by)
    leads = await Lead.of(kept_id), await Lead.of(absorbed_id)
    return Pair(both[kept_id], both[absorbed_id], leads, await Belongings.of(absorbed_id, kept_id))


async def _preview(row: Merge, pair: Pair, ctx: Context) -> Preview:
    plan, staff = pair.plan, colleague(ctx)
    print_of = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:16]
    owners = {person.id: person.name for person in await Staff.filter(id__in=[i for i in plan["owners"] if i])}
    stage = plan["lead"].get("stage", ())
    told = {
        "merge": row.short_id,
        **_both(pair.kept, pair.absorbed),
        **_brought(pair.brings, ctx),
        "filled": [name for name in plan["customer"] if name not in {"owner_id", "attendant_id", "language"}],
        "differs": [
            {"field": name, "value": phone_number(other, pair.absorbed, staff, ctx) if name == "phone" else other}
            for name, (_, other) in plan["contradictions"].items()
            if name != "language"
        ],
        "owner": owners.get(plan["owners"][0] or plan["owners"][1], ""),
        "loser": owners.get(plan["owners"][1], "") if pair.loses_owner else "",
        "stages": [*stage],
    }
    return Preview({"merge": row.id, "print": print_of}, "merges/preview", told)


async def _row(plan: Plan) -> Merge:
    return await Merge.get(id=plan.payload["merge"])


async def _undoable(target: object) -> Merge:
    """Refusal unless this joining is done and nothing stands on it."""
    if not isinstance(target, Target):
        raise Refusal("refusals/wrong_target", command="unmerge", kinds="M", what=str(target))
    row = await Merge.get_or_none(id=target.number)
    if row is None:
        raise Refusal("refusals/no_such_id", what=str(target))
    if row.state != "done":
        raise Refusal("refusals/not_merged", id=row.short_id)
    if later := await Merge.away(row.kept_id):
        into = f"C{later.kept_id}"
        raise Refusal("refusals/merged_further", id=f"C{row.kept_id}", into=into, merge=later.short_id)
    return row


def _both(kept: Customer, absorbed: Customer) -> dict[str, Any]:
    return {"id": kept.short_id, "name": kept.name, "other": absorbed.short_id, "other_name": absorbed.name}


def _brought(brings: Belongings, ctx: Context) -> dict[str, Any]:
    return {
        "channels": _channels(brings.identities, ctx),
        "messages": brings.messages,
        "notes": brings.notes,
        "tasks": brings.tasks,
        "orders": brings.orders,
        "tags": brings.tags,
    }


def _channels(identities: Sequence[Identity], ctx: Context) -> list[tuple[str, int]]:
    """How many accounts on each kind of channel."""
    return [*Counter(ctx.house.accounts.get(each.account, each.account) for each in identities).items()]
