"""Here lives the taking back of what a colleague last did to customers' tags."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role
from handlers.context import Context
from handlers.router import colleague, command, scope
from handlers.taggings import changed, tell
from models.changes import Change
from models.customers import Customer
from models.identities import held
from models.tags import Tag, Tagging
from models.trail import last_tagging, latest_taggings

WITHIN = timedelta(hours=24)
LINES = 2  # of what was not taken back
NUMBER = 18  # digits


@command(Command("undo", "tags", zh=("撤销", "撤回"), en=("undo",), role=Role.SALES, tier="write", takes="text"))
async def undo(asked: Invocation, ctx: Context) -> None:
    """What nobody changed since of one's last tagging; that is a tagging as well, and can be taken back."""
    number = asked.text[:NUMBER]
    if number and not (number.isascii() and number.isdecimal()):
        raise Refusal("refusals/bad_argument", command=asked.command.name, what=asked.text)
    changes = await last_tagging(colleague(ctx).id, ctx.now - WITHIN, number=int(number or 0))
    if not changes:
        raise Refusal("refusals/tagging_nothing")
    customers = {row.id: row for row in await held({change.customer_id for change in changes})}
    tags = await Tag.of({change.tag_id for change in changes if change.tag_id})
    why = await _why_not(changes, customers, tags, ctx)
    back = [change for change in changes if not why[change.id]]
    to_give, to_take = (
        [(change.customer_id, change.tag_id or 0) for change in back if bool(change.old) is gone]
        for gone in (True, False)
    )
    about = [customers[number] for number in dict.fromkeys(change.customer_id for change in back)]
    outcome = await changed(about, tags, to_give, to_take, ctx)
    left = [_left(change, why[change.id], tags.get(change.tag_id or 0)) for change in changes if why[change.id]]
    await tell(outcome, "taggings/undone", "redo", ctx, left=left[:LINES], more=max(0, len(left) - LINES))


def _left(change: Change, why: str, tag: Tag | None) -> dict[str, str]:
    """What a template tells of a change that stays; `into` is the tag that has taken over."""
    into = f"G{tag.merged_into_id}" if tag and tag.merged_into_id else ""
    return {"id": f"C{change.customer_id}", "path": change.new or change.old, "why": why, "into": into}


async def _why_not(
    changes: Sequence[Change], customers: Mapping[int, Customer], tags: Mapping[int, Tag], ctx: Context
) -> dict[int, str]:
    """By change: why it stays, or nothing."""
    carried, latest = await Tagging.tags_of(customers), await latest_taggings(customers)

    def why(change: Change) -> str:
        customer, tag = customers[change.customer_id], tags.get(change.tag_id or 0)
        if customer.merged_into_id:
            return "merged"
        if not scope(ctx).writes(customer.owner_id, customer.attendant_id):
            return "rights"
        if tag is None or tag.gone_at:
            return "gone"
        is_as_left = (tag.id in carried[customer.id]) is bool(change.new)
        return "" if is_as_left and latest[customer.id, tag.id] == change.id else "changed"

    return {change.id: why(change) for change in changes}
