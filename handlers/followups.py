"""Here lives the following up of leads: what was said, where the lead stands now, what is to be done and when."""

from domain.commands import Command, Invocation
from domain.followups import FollowUp, follow_up
from domain.leads import NEXT, Stage, after_follow_up
from domain.messages import Button
from domain.moments import told as told_time
from domain.permissions import Role
from handlers.cards import excerpt
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.leads import at_hand, values
from handlers.router import colleague, command
from handlers.tasks import plan
from models.customers import Customer
from models.leads import Lead
from models.notes import Note
from models.staff import Staff
from models.tasks import Task
from templates.terms import terms


@command(
    Command(
        "follow",
        "leads",
        zh=("跟进", "跟"),
        en=("follow", "followup"),
        role=Role.SALES,
        tier="write",
        targets="CL",
        takes="text",
    )
)
async def follow(asked: Invocation, ctx: Context) -> None:
    if not (found := await meant(asked, ctx)):
        return
    customer, lead = await at_hand(found, ctx)
    check_writable(customer, ctx)
    told = follow_up(asked.words, ctx.now, ctx.house.timezone)
    if not told.note:
        await _ask_what(lead, customer, ctx)
    elif lead.stage is Stage.WON and told.stage is Stage.TALKING and not told.reason:
        begun = f"follow {lead.short_id} {told.stage.value} "
        await ask(ctx, begun, "leads/ask_reason", **values(customer, lead))
    else:
        await _keep(told, customer, lead, ctx)


async def _keep(told: FollowUp, customer: Customer, lead: Lead, ctx: Context) -> None:
    note = terms(ctx.language)["stages"][told.note]  # a stage alone, chosen by number, in the reader's words
    before = await lead.move(lambda stage: after_follow_up(stage, told.stage, told.reason), ctx.actor)
    await lead.change(ctx.actor, followed_at=ctx.now)
    await Note.written(customer, ctx.staff, note, ctx.now, lead.stage.value)
    task, keeper = await _plan(told, customer, ctx)
    ctx.reply(
        "leads/followed",
        note=excerpt(note),
        before=before.value,
        task=task.short_id if task else "",
        text=excerpt(task.text) if task else "",
        at=told_time(told.at, ctx.house.timezone) if told.at else "",
        keeper=keeper.name if keeper.id != colleague(ctx).id else "",
        **values(customer, lead),
    )


async def _plan(told: FollowUp, customer: Customer, ctx: Context) -> tuple[Task | None, Staff]:
    """A to-do for whoever looks after the customer: who asks, unless that is somebody else's part."""
    staff, owner = colleague(ctx), customer.owner
    keeps = staff.id in (customer.owner_id, customer.attendant_id)
    keeper = staff if keeps or owner is None or not owner.active else owner
    if told.at is None:
        return None, keeper
    text = told.task or ctx.words("leads/task", name=customer.name)
    return await plan(ctx, keeper, text, told.at, customer), keeper


async def _ask_what(lead: Lead, customer: Customer, ctx: Context) -> None:
    stages, following = terms(ctx.language)["stages"], NEXT[lead.stage]
    begun = f"follow {lead.short_id} "
    await ask(
        ctx,
        begun,
        "leads/ask_what",
        choices={str(number): begun + stage.value for number, stage in enumerate(following, 1)},
        buttons=tuple(Button(stages[stage.value], begun + stage.value) for stage in following),
        following=[stage.value for stage in following],
        **values(customer, lead),
    )
