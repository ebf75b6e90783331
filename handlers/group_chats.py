"""Here lives what staff see of group chats (群), and the labels by which pushes choose them.

Where they may give commands in one is in handlers/groups.py (群聊).
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.group_wishes import LONGEST_LABEL, MOST_LABELS, Wish, is_label, wish
from domain.messages import Address
from domain.permissions import Role, allows
from domain.pool import accounts_named
from handlers.context import Context
from handlers.group_readings import ask_for
from handlers.help import MORE
from handlers.router import colleague, command, scope
from handlers.times import local
from models import group_members
from models.dialogs import Dialog
from models.group_members import Seen
from models.groups import Group
from models.staff import Staff

PAGE = 6  # with a line above and a line below, what a phone shows
LASTS = timedelta(minutes=10)
CHOICE = timedelta(minutes=2)
LATELY = 3  # who came and who left that are named
NAMED = 4  # labels in one line of a list
APP = "chat:"  # before the platform's id of an app's own group chat
APP_CHAT = re.compile(r"[0-9A-Za-z]{1,32}", re.ASCII)
WITH_APPS = "wecom"  # the kind of channel whose apps have such chats


@command(
    Command(
        "groups",
        "customers",
        zh=("群", "群组", "客户群"),
        en=("groups",),
        role=Role.SALES,
        tier="write",
        takes="text",
    )
)
async def use(asked: Invocation, ctx: Context) -> None:
    wanted = wish(asked.text)
    match wanted.act:
        case "list":
            await _list(wanted, ctx)
        case "add":
            await _add(wanted, ctx)
        case _:
            if group := await _meant(wanted, asked, ctx):
                await (_label(group, wanted, ctx) if wanted.act == "label" else _show(group, ctx))


async def _list(wanted: Wish, ctx: Context) -> None:
    found = await Group.labelled(wanted.labels)
    if not found:
        ctx.reply("groups/none", labels=wanted.labels)
        return
    page = min(wanted.page, -(-len(found) // PAGE))
    shown, more = found[(page - 1) * PAGE : page * PAGE], len(found) > page * PAGE
    rows = await _rows(shown, ctx)
    choices = {str(row["number"]): f"groups {row['id']}" for row in rows}
    if more:
        again = " ".join([*(f"#{label}" for label in wanted.labels), f"page={page + 1}"])
        choices[MORE] = f"groups {again}"
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + LASTS)
    ctx.reply("groups/list", rows=rows, total=len(found), labels=wanted.labels, more=more)


async def _show(group: Group, ctx: Context) -> None:
    ctx.about(group.short_id)
    came, left = [
        [_named(one, ctx) for one in await group_members.lately(group, LATELY, came=came)] for came in (True, False)
    ]
    row = (await _rows([group], ctx))[0]
    gone = local(group.gone_at, ctx) if group.gone_at else ""
    ctx.reply("groups/one", row=row, gone=gone, came=came, left=left, manages=_manages(ctx))


async def _label(group: Group, wanted: Wish, ctx: Context) -> None:
    """Both at once; without a sign in front nothing is changed."""
    ctx.about(group.short_id)
    if not wanted.added and not wanted.dropped:
        await _show(group, ctx)
        return
    _check_manages(ctx)
    if wrong := [label for label in wanted.added if not is_label(label)]:
        raise Refusal("refusals/group_label", what=wrong[0], most=LONGEST_LABEL)
    if len(wanted.added) > MOST_LABELS:
        raise Refusal("refusals/group_labels", most=MOST_LABELS)
    await group.label(wanted.added, wanted.dropped)
    ctx.reply("groups/labelled", row=(await _rows([group], ctx))[0])


async def _add(wanted: Wish, ctx: Context) -> None:
    """An app's own group chats are in no list: their platform is asked for the one whose id somebody knows."""
    _check_manages(ctx)
    if not APP_CHAT.fullmatch(wanted.chat.removeprefix(APP)):
        raise Refusal("refusals/group_chat_id", what=wanted.chat)
    chat = Address(_account(wanted.via, ctx), f"{APP}{wanted.chat.removeprefix(APP)}")
    group, is_new = await Group.met(chat, ctx.now, "app", wanted.name)
    if is_new:
        await group.learn(writable=False)  # until its platform says that it is there
    elif wanted.name:
        await group.learn(title=wanted.name)
    ctx.about(group.short_id)
    await ask_for(chat, ctx)
    ctx.reply("groups/adding", chat=wanted.chat.removeprefix(APP))


def _account(via: str, ctx: Context) -> str:
    known = [account for account, kind in ctx.house.accounts.items() if kind == WITH_APPS]
    named = accounts_named(via, ctx.house.accounts) if via else known
    if found := [account for account in known if account in named]:
        return found[0]
    raise Refusal("refusals/group_no_app", what=via)


async def _meant(wanted: Wish, asked: Invocation, ctx: Context) -> Group | None:
    """The group that is named; None where several are, and the choice has been offered."""
    if wanted.target:
        if group := await Group.numbered(wanted.target.number):
            return group
        raise Refusal("refusals/no_such_id", what=str(wanted.target))
    if not wanted.name:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    found = await Group.named(wanted.name)
    if not found:
        raise Refusal("refusals/no_such_group", name=wanted.name)
    if len(found) == 1:
        return found[0]
    rows = await _rows(found[:PAGE], ctx)
    rest = "".join([*(f" +{label}" for label in wanted.added), *(f" -{label}" for label in wanted.dropped)])
    choices = {str(row["number"]): f"groups {row['id']}{' labels' if rest else ''}{rest}" for row in rows}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    ctx.reply("groups/choice", rows=rows, name=wanted.name, many=len(found) > PAGE)
    return None


async def _rows(groups: Sequence[Group], ctx: Context) -> list[dict[str, Any]]:
    """Each as a line of a list tells it."""
    ids = [group.id for group in groups]
    members, labels = await group_members.counts(ids), await group_members.labels(ids)
    return [
        {
            "number": number,
            "id": group.short_id,
            "title": group.title,
            "channel": ctx.house.accounts.get(group.account, group.account),
            "kind": group.group,
            "members": members.get(group.id, 0),
            "labels": labels[group.id],
            "owner": await _owner(group),
            "writable": group.writable,
        }
        for number, group in enumerate(groups, 1)
    ]


async def _owner(group: Group) -> str:
    """By the name that we know the member by."""
    person = await Staff.behind(Address(group.account, group.owner)) if group.owner else None
    return person.name if person else group.owner


def _named(one: Seen, ctx: Context) -> dict[str, str]:
    """Who is a customer of somebody else's is told without the name."""
    hidden = one.customer_id is not None and not scope(ctx).sees(one.owner_id, one.attendant_id)
    number = f"C{one.customer_id}" if one.customer_id else ""
    return {"at": local(one.at, ctx), "id": number, "name": one.colleague or ("" if hidden else one.name)}


def _manages(ctx: Context) -> bool:
    return allows(colleague(ctx).role, Role.MANAGER)


def _check_manages(ctx: Context) -> None:
    if not _manages(ctx):
        raise Refusal("refusals/denied", command="groups", role=Role.MANAGER.value)
