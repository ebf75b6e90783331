"""Here lives what staff have to do: kept, listed, done, put off, and reminded of in time."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.commands import Command, Invocation, Target, target_in
from domain.errors import Refusal
from domain.lines import plainly
from domain.messages import Button
from domain.moments import leading, moment_in, told
from domain.own_events import TaskDue
from domain.permissions import Role, Scope
from domain.tasks import WHOLE, addition, outline, wish
from handlers.cards import excerpt
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.help import MORE
from handlers.notices import tell
from handlers.people import person
from handlers.router import colleague, command, scope
from handlers.times import local
from models.customers import Customer
from models.dialogs import Dialog
from models.fields import milliseconds
from models.inbox import InboxEvent
from models.staff import Staff
from models.tasks import Task, kept

PAGE = 6  # with a line above and a line below, what a phone shows
CHOICE = timedelta(minutes=10)
SEARCHED = 100  # of a person's own to-dos, where one is meant by a word of its text
LIST = re.compile(r"(?P<who>@.+?)?\s*(?:page=(?P<page>[0-9]{1,3}))?")
# What is offered where somebody does not say until when, each as it would be typed.
WHENS: Mapping[str, str] = {"hour": "in 1 hour", "morning": "tomorrow morning", "monday": "next mon"}


@command(
    Command(
        "todo",
        "leads",
        zh=("待办", "待办事项", "任务"),
        en=("todo", "todos", "task", "tasks"),
        role=Role.SALES,
        tier="write",
        takes="text",
    )
)
async def look_after(asked: Invocation, ctx: Context) -> None:
    """The list, one of it, or something new."""
    plain = plainly(asked.text).plain.strip()
    new = addition(asked.words, ctx.now, ctx.house.timezone)
    if new is not None:
        await _add(new, ctx)
    elif target := target_in(plain):
        await _show(await _exactly(target, ctx), ctx)
    elif found := LIST.fullmatch(plain):
        whose = await person(found["who"]) if found["who"] else colleague(ctx)
        await _list(whose, int(found["page"] or 1), ctx)
    else:
        raise Refusal("refusals/todo_unclear", command=asked.command.name, what=excerpt(asked.text))


@command(
    Command(
        "done",
        "leads",
        zh=("完成", "做完", "办完"),
        en=("done", "finish"),
        role=Role.SALES,
        tier="write",
        targets="T",
    )
)
async def finish(asked: Invocation, ctx: Context) -> None:
    task = await _meant(asked, ctx)
    if task is None:
        return
    if await task.finish(ctx.actor):
        ctx.reply("tasks/done", id=task.short_id, text=excerpt(task.text))
        await _tell_whose(task, "done", ctx)
    else:
        await _say_already(task, ctx)


@command(
    Command(
        "defer",
        "leads",
        zh=("改期", "延期", "推迟"),
        en=("defer", "postpone", "snooze"),
        role=Role.SALES,
        tier="write",
        targets="T",
        takes="text",
    )
)
async def defer(asked: Invocation, ctx: Context) -> None:
    task = await _meant(asked, ctx)
    if task is None:
        return
    if task.state == "done":
        await _say_already(task, ctx)
    elif not asked.words.strip():
        await _ask_when(task, ctx)
    else:
        await _put_off(task, _moment(asked, ctx), ctx)


async def plan(ctx: Context, staff: Staff, text: str, at: datetime | None, customer: Customer | None) -> Task:
    """Give somebody something to do, and remind them of it at `at`."""
    task = await Task.planned(staff, text, at, customer, ctx.now)
    await _wake(task, ctx)
    ctx.about(task.short_id)
    await _tell_whose(task, "planned", ctx)
    return task


async def _wake(task: Task, ctx: Context) -> None:
    if task.due_at:
        key = f"task:{task.id}:{milliseconds(task.due_at)}"
        await InboxEvent.remind(TaskDue(task.due_at, task.id), key, task.due_at, ctx.now)


async def _add(typed: str, ctx: Context) -> None:
    asked = wish(typed, ctx.now, ctx.house.timezone)
    customer = await _customer(asked.customer, ctx) if asked.customer else None
    if not asked.text:
        known = (f"{asked.at:%Y-%m-%d %H:%M}" if asked.at else "", customer.short_id if customer else "")
        begun = " ".join(("todo add", *filter(None, known)))
        await ask(ctx, f"{begun} ", "tasks/ask_what", timed=asked.at is not None)
        return
    task = await plan(ctx, colleague(ctx), asked.text, asked.at, customer)
    if not asked.at:
        await Dialog.offer(colleague(ctx), ctx.chat, _whens(task), ctx.now + CHOICE)
    ctx.reply("tasks/added", **values(task, scope(ctx), ctx))


async def _customer(target: Target, ctx: Context) -> Customer | None:
    aim = Invocation(Command("todo", "leads", (), ()), "todo", target)
    customer = await meant(aim, ctx)
    if customer:
        check_writable(customer, ctx)
        ctx.about(customer.short_id)
    return customer


async def _list(whose: Staff, page: int, ctx: Context) -> None:
    me = colleague(ctx)
    if not scope(ctx).sees(whose.id):
        raise Refusal("refusals/not_your_task", id="", owner=whose.name)
    name = "" if whose.id == me.id else whose.name
    found = await Task.open_of(whose.id, PAGE + 1, (page - 1) * PAGE)
    choices = {str(number): f"todo {task.short_id}" for number, task in enumerate(found[:PAGE], 1)}
    if len(found) > PAGE:
        choices[MORE] = " ".join(filter(None, ("todo", name and f"@{name}", f"page={page + 1}")))
    await Dialog.offer(me, ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("tasks/list", name=name, rows=_rows(found[:PAGE], ctx), more=len(found) > PAGE)


async def _show(task: Task, ctx: Context) -> None:
    if task.state == "done":
        await _say_already(task, ctx)
        return
    mine = task.staff_id == colleague(ctx).id
    about = values(task, scope(ctx), ctx) | {"text": outline(task.text, WHOLE)}
    ctx.reply("tasks/one", buttons=buttons(task, ctx), **about, owner="" if mine else task.staff.name)


async def _put_off(task: Task, at: datetime, ctx: Context) -> None:
    await _ask_no_more(task, ctx)
    if await task.defer(at, ctx.actor):
        await _wake(task, ctx)
        ctx.reply("tasks/deferred", **values(task, scope(ctx), ctx))
        await _tell_whose(task, "deferred", ctx)
        return
    now = await _exactly(Target("T", task.id), ctx)
    if now.state == "done":
        await _say_already(now, ctx)
    else:
        ctx.reply("tasks/moved", **values(now, scope(ctx), ctx), who=await now.changed_by("due_at"))


async def _say_already(task: Task, ctx: Context) -> None:
    """Done is done; by whom and since when is worth knowing for who comes second."""
    task = await _exactly(Target("T", task.id), ctx)
    at = local(task.done_at, ctx) if task.done_at else ""
    ctx.reply("tasks/already", id=task.short_id, at=at, who=await task.changed_by("state"), text=excerpt(task.text))


async def _ask_when(task: Task, ctx: Context) -> None:
    offered = tuple(ctx.button(word, f"defer {task.short_id} {when}") for word, when in WHENS.items())
    about = {"id": task.short_id, "text": excerpt(task.text)}
    await ask(ctx, f"defer {task.short_id} ", "tasks/ask_when", choices=_whens(task), buttons=offered, **about)


async def _ask_no_more(task: Task, ctx: Context) -> None:
    """A number chosen leaves the question open, which would take the next command for its answer."""
    dialog = await Dialog.at(colleague(ctx), ctx.chat, ctx.now)
    if dialog and dialog.choices == _whens(task):
        await Dialog.close(colleague(ctx), ctx.chat)


def _whens(task: Task) -> dict[str, str]:
    return {str(number): f"defer {task.short_id} {when}" for number, when in enumerate(WHENS.values(), 1)}


def _moment(asked: Invocation, ctx: Context) -> datetime:
    now, zone = ctx.now, ctx.house.timezone
    found = leading(asked.words, now, zone) or moment_in(asked.words, now, zone)
    if found is None:
        raise Refusal("refusals/no_time", command=asked.command.name, what=excerpt(asked.words))
    return kept(found.at)


async def _meant(asked: Invocation, ctx: Context) -> Task | None:
    """The to-do that a command is aimed at; None when several match and the choice has been offered."""
    if isinstance(asked.target, Target):
        return await _exactly(asked.target, ctx)
    word = str(asked.target)
    mine = await Task.open_of(colleague(ctx).id, SEARCHED)
    found = [task for task in mine if word.casefold() in task.text.casefold()]
    if not found:
        raise Refusal("refusals/no_such_task", what=word)
    if len(found) == 1:
        ctx.about(found[0].short_id)
        return found[0]
    choices = {str(n): asked.aimed_at(task.short_id) for n, task in enumerate(found[:PAGE], 1)}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("tasks/choice", query=word, rows=_rows(found[:PAGE], ctx), many=len(found) > PAGE)
    return None


async def _exactly(target: Target, ctx: Context) -> Task:
    task = await Task.of(target.number) if target.kind == "T" else None
    if task is None:
        raise Refusal("refusals/no_such_task", what=str(target))
    if not scope(ctx).sees(task.staff_id):
        raise Refusal("refusals/not_your_task", id=task.short_id, owner=task.staff.name)
    ctx.about(task.short_id)
    return task


async def _tell_whose(task: Task, what: str, ctx: Context) -> None:
    """Whoever has to do it learns that a colleague planned, finished or deferred it."""
    if ctx.staff and ctx.staff.id != task.staff_id and task.staff.active:
        about = values(task, await task.staff.scope(), ctx)
        await tell(task.staff, ctx, "tasks/by_colleague", **about, what=what, who=ctx.staff.name)


def buttons(task: Task, ctx: Context, language: str = "") -> tuple[Button, ...]:
    clock = f" {task.due_at.astimezone(ctx.house.timezone):%H:%M}" if task.due_at else ""
    return (
        ctx.button("done", f"done {task.short_id}", language),
        ctx.button("later", f"defer {task.short_id} tomorrow{clock}", language),
    )


def _rows(found: Sequence[Task], ctx: Context) -> list[dict[str, Any]]:
    rows = [values(task, scope(ctx), ctx) for task in found]
    return [
        row | {"number": number, "text": excerpt(task.text), "at": local(task.due_at, ctx) if task.due_at else ""}
        for number, (task, row) in enumerate(zip(found, rows, strict=True), 1)
    ]


def values(task: Task, viewer: Scope, ctx: Context) -> dict[str, Any]:
    """What a template may tell to somebody who sees as far as `viewer`; of a colleague's customer only the id."""
    customer = task.customer
    seen = customer is not None and viewer.sees(customer.owner_id, customer.attendant_id)
    return {
        "id": task.short_id,
        "text": outline(task.text),
        "at": told(task.due_at, ctx.house.timezone) if task.due_at else "",
        "overdue": task.is_overdue(ctx.now),
        "customer": customer.short_id if customer else "",
        "name": customer.name if customer and seen else "",
    }
