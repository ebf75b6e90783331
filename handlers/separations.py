"""Here lives the taking of one account out of a customer, into a customer of its own."""

from datetime import timedelta

from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.permissions import Role
from domain.pool import KINDS
from handlers.contacts import index
from handlers.context import Context
from handlers.customers import meant
from handlers.marks import want
from handlers.plans import effect, propose
from handlers.router import colleague, command
from models.customers import Customer, Identity
from models.dialogs import Dialog
from models.identities import apart, held
from models.merges import Merge
from models.messages import Message
from models.plans import Plan
from models.staff import Staff
from models.sync import Mark
from models.tags import Tag, Tagging

CHOICE = timedelta(minutes=2)
PAGE = 6


@command(
    Command(
        "unlink",
        "admin",
        zh=("解除", "解绑账号"),
        en=("unlink",),
        role=Role.ADMIN,
        tier="danger",
        targets="CL",
        takes="arguments",
    )
)
async def unlink(asked: Invocation, ctx: Context) -> None:
    if not asked.args.words:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if customer := await meant(asked, ctx):
        identities = await Identity.filter(customer_id=customer.id).order_by("id")
        meant_ones = _meant(identities, asked.args.words, ctx)
        if not meant_ones:
            raise Refusal("refusals/no_such_account", id=customer.short_id, channels=_channels(identities, ctx))
        if len(identities) == 1:
            raise Refusal("refusals/only_account", id=customer.short_id)
        if len(meant_ones) == 1:
            await _propose(customer, meant_ones[0], ctx)
        else:
            await _offer(customer, meant_ones, ctx)


@effect("unlink")
async def part(plan: Plan, ctx: Context) -> None:
    row = await Merge.get(id=plan.payload["merge"])
    customer = (await held([row.kept_id]))[0]
    identity = await Identity.get(id=plan.payload["identity"])
    if identity.customer_id != customer.id:
        raise Refusal("refusals/merge_over", id=row.short_id)
    if await Identity.filter(customer_id=customer.id).count() == 1:
        raise Refusal("refusals/only_account", id=customer.short_id)
    tags = await Tag.of(await _tags_there(identity))
    alone, lead = await apart(customer, identity, ctx.now)
    await row.part(identity, alone, ctx.actor)
    await Tagging.give([(alone.id, tag) for tag in tags.values()], "sync", ctx.actor)
    await want((customer.id, alone.id), ctx)
    for each in (customer, alone):
        await index(each)
        ctx.about(each.short_id)
    about = {"id": customer.short_id, "name": customer.name, "other": alone.short_id, "other_name": alone.name}
    ctx.reply("merges/parted", buttons=(ctx.button("show", f"show {alone.short_id}"),), lead=lead.short_id, **about)


async def _propose(customer: Customer, identity: Identity, ctx: Context) -> None:
    row = await Merge.planned(customer.id, customer.id, "unlink", ctx.now)
    owner = await Staff.get_or_none(id=customer.owner_id) if customer.owner_id else None
    ctx.about(customer.short_id)
    await propose(
        ctx,
        "unlink",
        row.short_id,
        {"merge": row.id, "identity": identity.id},
        "merges/parting",
        needs_approval=False,
        merge=row.short_id,
        id=customer.short_id,
        name=customer.name,
        channel=_kind(identity, ctx),
        account=_name(identity),
        messages=await Message.filter(identity_id=identity.id).count(),
        tags=len(await _tags_there(identity)),
        owner=owner.name if owner else "",
    )


async def _tags_there(identity: Identity) -> set[int]:
    """Our tags that this very account has on its platform, as far as its customer still carries them."""
    agreed = await Mark.filter(identity_id=identity.id, agreed=True).select_related("binding")
    there = {mark.binding.tag_id for mark in agreed if mark.binding.tag_id}
    return there & (await Tagging.tags_of([identity.customer_id]))[identity.customer_id]


async def _offer(customer: Customer, identities: list[Identity], ctx: Context) -> None:
    shown = identities[:PAGE]
    line = f"unlink {customer.short_id}"
    choices = {str(n): f'{line} {each.account} "{each.external_id}"' for n, each in enumerate(shown, 1)}
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    rows = [{"number": n, "channel": _kind(each, ctx), "account": _name(each)} for n, each in enumerate(shown, 1)]
    ctx.reply("merges/which", id=customer.short_id, name=customer.name, rows=rows)


def _meant(identities: list[Identity], words: tuple[str, ...], ctx: Context) -> list[Identity]:
    """Those on a channel, by its name or kind, and of several the one with this id or name."""
    channel, *rest = words
    kind = next((kind for kind, names in KINDS.items() if channel.lower() in names), channel.lower())
    there = [each for each in identities if kind in (each.account.lower(), _kind(each, ctx))]
    wanted = " ".join(rest)
    return [each for each in there if wanted in (each.external_id, each.name, each.username)] if wanted else there


def _channels(identities: list[Identity], ctx: Context) -> list[str]:
    return list(dict.fromkeys(_kind(each, ctx) for each in identities))


def _kind(identity: Identity, ctx: Context) -> str:
    return ctx.house.accounts.get(identity.account, identity.account)


def _name(identity: Identity) -> str:
    return identity.name or identity.username or identity.external_id
