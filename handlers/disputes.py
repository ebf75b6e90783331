"""Here live the tags that were changed differently on both sides: a person is asked which of both it shall be."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from domain.reconcile import Disputed
from handlers.context import Context
from handlers.libraries import Picture
from handlers.notices import tell
from models.adoptions import changed
from models.staff import Staff
from models.sync import Binding
from models.tasks import Task
from templates import LANGUAGES, render

FEW = 5  # so many are asked one by one; of more than that the list tells


async def ask_people(steps: Sequence[Disputed], picture: Picture, ctx: Context) -> None:
    """Each once, unless the platform has changed it again; what is no dispute any more nobody need decide."""
    open_ones = {step.bound.id: asdict(step.theirs) if step.theirs else {} for step in steps}
    bounds = picture.bounds()
    over = [picture.bindings[each.id] for each in bounds if each.id not in open_ones and not each.busy]
    await settled([row for row in over if row.theirs is not None], ctx)
    new = [picture.bindings[key] for key, theirs in open_ones.items() if picture.bindings[key].theirs != theirs]
    for row in new:
        row.theirs = open_ones[row.id]
    await changed(new, "theirs")
    if len(new) > FEW:
        channel = ctx.house.accounts.get(picture.account, "")
        await _tell_all("sync/disputes", ctx, account=picture.account, channel=channel, count=len(new))
    else:
        for row in new:
            await _ask(row, ctx)


async def settled(rows: Collection[Binding], ctx: Context) -> None:
    """It is decided, or nothing is left to be: nobody has to do anything about it."""
    for row in rows:
        row.theirs = None
        for language in LANGUAGES:
            mark = render(f"chat/{language}/sync/mark.txt", id=row.id).strip()
            for task in await Task.filter(state="open", text__startswith=mark).order_by("id"):
                task.staff = await Staff.get(id=task.staff_id)
                await task.finish(ctx.actor)
    await changed(rows, "theirs")


def values(row: Binding, ctx: Context) -> dict[str, Any]:
    """What the templates of disputes are filled with; an empty `theirs` was deleted there, an empty `ours` here.

    The row has its tag with the group, or its group.
    """
    subject = row.tag or row.group
    return {
        "id": row.id,
        "account": row.account,
        "channel": ctx.house.accounts.get(row.account, ""),
        "name": row.tag.path if row.tag else subject.name if subject else "",
        "ours": subject.name if subject and not subject.gone_at else "",
        "theirs": (row.theirs or {}).get("name", ""),
    }


async def _ask(row: Binding, ctx: Context) -> None:
    """Everybody is told who may decide; it stays with one of them until it is."""
    told = values(await Binding.get(id=row.id).select_related("tag__group", "group"), ctx)
    managers = await Staff.managers()
    if managers:
        language = managers[0].language or ctx.house.language
        text = render(f"chat/{language}/sync/dispute_task.txt", **told).strip()
        await Task.planned(managers[0], text, None, None, ctx.now)
    offers = {"ours": f"sync take {row.id} ours", "theirs": f"sync take {row.id} theirs"}
    await _tell_all("sync/dispute", ctx, offers=offers, **told)


async def _tell_all(template: str, ctx: Context, **told: Any) -> None:
    for person in await Staff.managers():
        await tell(person, ctx, template, **told)
