"""Here lives the reminding of what is to be done, at the time that was set for it, once."""

from domain.own_events import TaskDue
from domain.tasks import LATE
from handlers.context import Context
from handlers.notices import tell
from handlers.router import on
from handlers.tasks import buttons, values
from models.staff import Staff
from models.tasks import Task


@on(TaskDue)
async def remind(event: TaskDue, ctx: Context) -> None:
    """Whoever has to do it; of a colleague who left, whoever looks after the customer now; else the managers."""
    task = await Task.due(event.task_id, event.at)
    if task is None:
        return
    late = ctx.now - event.at > LATE
    if task.staff.active and await _tell(task.staff, task, ctx, late=late):
        return
    left = task.staff
    heir = None if left.active else await _keeper(task)
    if heir and await task.entrust(heir, ctx.actor) and await _tell(heir, task, ctx, late=late, of=left.name):
        return
    for manager in await Staff.managers():
        if (await manager.scope()).sees(task.staff_id):
            await _tell(manager, task, ctx, late=late, of=left.name)


async def _tell(to: Staff, task: Task, ctx: Context, *, late: bool, of: str = "") -> bool:
    about = values(task, await to.scope(), ctx)
    return await tell(to, ctx, "tasks/due", buttons=buttons(task, ctx, to.language), **about, late=late, of=of)


async def _keeper(task: Task) -> Staff | None:
    """Who stands in for the owner of its customer, or the owner."""
    customer = task.customer
    for keeper_id in filter(None, (customer.attendant_id, customer.owner_id) if customer else ()):
        if keeper := await Staff.get_or_none(id=keeper_id, active=True):
            return keeper
    return None
