"""Here lives the reading of the trail: what was done to a customer, a lead or a push, and what a colleague did."""

import re
from datetime import UTC, datetime, timedelta

from domain.arguments import Arguments
from domain.autotags import giver
from domain.commands import Command, Invocation, Target, parse, target_in
from domain.errors import Refusal
from domain.moments import period
from domain.people import meant
from domain.permissions import Role
from handlers.context import Context
from handlers.help import MORE
from handlers.people import person
from handlers.router import colleague, command, table
from handlers.times import local
from models.audit import AuditEntry
from models.changes import TAG, Change
from models.dialogs import Dialog
from models.fields import instant, milliseconds
from models.staff import Staff
from models.trail import Step, about, of
from templates.terms import terms

PAGE = 6  # with a line above and a line below, what a phone shows
CHOICE = timedelta(minutes=2)
LINE, VALUE = 44, 24  # characters of what was typed, and of one value
NUMBER, MOMENT = re.compile(r"[1-9][0-9]{0,2}"), re.compile(r"[0-9]{1,13}")
EVER = datetime(1970, 1, 1, tzinfo=UTC)


@command(
    Command(
        "log",
        "admin",
        zh=("日志", "操作记录", "审计"),
        en=("log", "trail", "audit"),
        role=Role.ADMIN,
        takes="arguments",
    )
)
async def read(asked: Invocation, ctx: Context) -> None:
    """Later pages show what there was when the first was asked for, so that nothing is told twice."""
    if ctx.group:
        raise Refusal("refusals/private_only", typed=asked.verb)
    args = asked.args
    subject, staff = _subject(args), await _whose(args)
    since, until = _period(args, subject, ctx)
    page = int(found[0]) if (found := NUMBER.fullmatch(args.pairs.get("page", ""))) else 1
    limit = page * PAGE + 1
    if subject:
        steps = await about(str(subject), since, until, limit)
    else:
        steps = await of(staff.id if staff else None, since, until, limit)
    shown = steps[(page - 1) * PAGE :]
    later = {MORE: _again(asked, until, page + 1)} if len(shown) > PAGE else {}
    await Dialog.offer(colleague(ctx), ctx.chat, later, ctx.now + CHOICE)
    names = {each.id: each.name for each in await Staff.all()}
    lines = [_line(step, str(subject or ""), names, ctx) for step in shown[:PAGE]]
    ctx.reply("audit/log", lines=lines, about=str(subject or ""), who=staff.name if staff else "", more=bool(later))


def _subject(args: Arguments) -> Target | None:
    return target_in(args.words[0]) if args.words else None


async def _whose(args: Arguments) -> Staff | None:
    """Whoever it was, also somebody who has left."""
    if not args.people:
        return None
    everybody = {each.name: each for each in await Staff.all()}
    named = meant(args.people[0], everybody)
    return everybody[named[0]] if len(named) == 1 else await person(args.people[0])


def _period(args: Arguments, subject: Target | None, ctx: Context) -> tuple[datetime, datetime]:
    words = " ".join(args.words[1:] if subject else args.words)
    here = ctx.now + timedelta(milliseconds=1)  # the end is not included
    found = period(words, ctx.now, ctx.house.timezone) if words else (EVER, here)
    if found is None:
        raise Refusal("refusals/bad_argument", command="log", what=words)
    before = MOMENT.fullmatch(args.pairs.get("until", ""))
    return found[0], min(found[1], instant(int(before[0])) if before else here)


def _again(asked: Invocation, until: datetime, page: int) -> str:
    """The same command for a later page of what there is now."""
    kept = asked.text.partition(" until=")[0]
    return f"log {kept} until={milliseconds(until)} page={page}"


def _line(step: Step, subject: str, names: dict[int, str], ctx: Context) -> str:
    match step:
        case AuditEntry():
            typed = _told(step)
            return ctx.words("audit/entry", at=local(step.at, ctx), result=step.result, entry=step, typed=typed)
        case Change():
            by = giver(step.cause)
            who = names.get(step.staff_id or 0, f"R{by}" if by else "")
            old, new = (_value(step.field, value, names, ctx) for value in (step.old, step.new))
            of_it = "" if step.subject == subject else step.subject
            return ctx.words(
                "audit/change", at=local(step.at, ctx), who=who, of=of_it, field=step.field, old=old, new=new
            )


def _told(entry: AuditEntry) -> str:
    """What was typed; where that alone says too little (a number, an answer to a question), what was understood."""
    try:
        is_said = parse(entry.typed, table()).line == entry.understood
    except Refusal:
        is_said = not entry.understood
    typed = _short(entry.typed, LINE)
    return typed if is_said or entry.typed == entry.understood else f"{typed} → {_short(entry.understood, LINE)}"


def _value(field: str, value: str, names: dict[int, str], ctx: Context) -> str:
    if field.endswith("_id") and value.isdecimal():
        return names.get(int(value), value) if field in ("owner_id", "attendant_id") else value
    if field.endswith("_at") and value:
        return local(datetime.fromisoformat(value), ctx)
    if field == TAG:
        return _short(value, LINE)
    return _short(str(terms(ctx.language)["stages"][value]) if field == "stage" else value, VALUE)


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
