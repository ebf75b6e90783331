"""Here lives the tagging of customers by staff."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from domain.audience_words import AUDIENCE, keyed
from domain.commands import Command, Invocation, Keyword, Target, target_in
from domain.errors import Refusal
from domain.permissions import Role, allows
from domain.taggings import Known, Meaning, Outcome, Pair, Wish, fitting, is_signed, labels, meanings, typed_out, wish
from handlers.context import Context
from handlers.customers import check_writable, meant
from handlers.dialogs import ask
from handlers.marks import standing, want
from handlers.router import colleague, command, obey
from models.cards import held_together
from models.customers import Customer
from models.dialogs import Dialog
from models.listings import troubled
from models.tags import Tag, Tagging
from models.trail import taggings_because_of

MOST = 50  # customers whom one command names
LINES = 2  # of what did not reach a platform
NAMED = 3  # customers in such a line
PAGE = 6
CHOICE = timedelta(minutes=2)
SEVERAL = re.compile(r"[\s,;、，；]+")  # what stands between names, or in one


@command(
    Command(
        "tag",
        "tags",
        zh=("打标", "打标签", "贴标签"),
        en=("tag",),
        role=Role.SALES,
        tier="write",
        targets="CL",
        takes="text",
        yields=True,
    )
)
async def tag(asked: Invocation, ctx: Context) -> None:
    """All of what was typed, to all who were named, or nothing."""
    if (audience := keyed(f"{asked.target} {asked.words}", AUDIENCE)) is not None:
        await obey(f"/tagall {audience}", ctx)
        return
    library = await _library()
    wanted = wish(asked.words)
    customers = await _whom(asked, wanted, library, ctx)
    if not customers:
        return
    if not (wanted.added or wanted.dropped):
        await _ask(customers, ctx)
        return
    customers = await held_together([customer.id for customer in customers])
    _check_all(customers, ctx)
    if chosen := await _chosen(wanted, customers, library, ctx):
        to_give, to_take = ([(customer.id, each) for customer in customers for each in part] for part in chosen)
        tags = await Tag.of({tag_id for part in chosen for tag_id in part})
        outcome = await changed(customers, tags, to_give, to_take, ctx)
        await tell(outcome, "taggings/done", "undo", ctx)


async def changed(
    customers: Sequence[Customer],
    tags: Mapping[int, Tag],
    to_give: Sequence[Pair],
    to_take: Sequence[Pair],
    ctx: Context,
) -> Outcome:
    """What is not so yet is done, here and on the platforms; the customers are held."""
    given = await Tagging.give([(customer_id, tags[each]) for customer_id, each in to_give], "staff", ctx.actor)
    taken = await Tagging.take([(customer_id, tags[each]) for customer_id, each in to_take], ctx.actor)
    names = labels(await _library())
    called = {each: names.get(each, row.path) for each, row in tags.items()}
    outcome = Outcome({row.id: row.name for row in customers}, called, to_give, to_take, given, taken)
    if outcome.changed:
        await want(outcome.changed, ctx)
    return outcome


async def tell(outcome: Outcome, template: str, back: str, ctx: Context, **more: object) -> None:
    """`back` is the word on the button that takes it back."""
    ctx.about(*(f"C{customer_id}" for customer_id in outcome.people))
    changes = await taggings_because_of(colleague(ctx).id, ctx.actor.cause) if outcome.changed else []
    buttons = (ctx.button(back, f"undo {changes[-1].id}"),) if changes else ()
    ctx.reply(template, buttons=buttons, misses=await _misses(outcome.given, ctx), **outcome.told, **more)


async def _whom(asked: Invocation, wanted: Wish, library: Sequence[Known], ctx: Context) -> list[Customer] | None:
    """All who are named, each of whom this colleague may change; None where a choice was offered."""
    typed = typed_out(wanted)
    stray = next((word for word in wanted.words if not typed and fitting(word, library)), None)
    if stray:
        raise Refusal("refusals/tagging_sign", what=stray)
    first, *others = _named(asked, wanted)
    if len(others) >= MOST:
        raise Refusal("refusals/tagging_many", most=MOST)
    plain = replace(asked, text=" ".join((*map(str, others), *typed)), body="")
    found: dict[int, Customer] = {}
    for target in (first, *others):
        customer = await _found(replace(plain, target=target), ctx)
        if customer is None:
            return None
        found[customer.id] = customer
    _check_all(list(found.values()), ctx)
    return list(found.values())


async def _found(asked: Invocation, ctx: Context) -> Customer | None:
    """Whoever writes several names may take them for several people; a name has blanks, too."""
    try:
        return await meant(asked, ctx)
    except Refusal as refusal:
        if refusal.key == "refusals/not_found" and len(SEVERAL.split(str(asked.target))) > 1:
            raise Refusal("refusals/tagging_names", **refusal.values) from refusal
        raise


def _check_all(customers: Sequence[Customer], ctx: Context) -> None:
    """Raise Refusal for the first whom this colleague may not change; then nobody is changed, which is said."""
    for customer in customers:
        try:
            check_writable(customer, ctx)
        except Refusal as refusal:
            raise Refusal(refusal.key, **refusal.values, together=len(customers) > 1) from refusal


def _named(asked: Invocation, wanted: Wish) -> list[Target | Keyword]:
    """One by a name, which ends at the first sign, or several by their ids."""
    if isinstance(asked.target, Keyword) and is_signed(str(asked.target)):
        raise Refusal("refusals/tagging_whom", command=asked.command.name)
    others = [target_in(word) for word in wanted.words]
    if isinstance(asked.target, Keyword) and not any(others):
        return [Keyword(" ".join((str(asked.target), *wanted.words)))]
    named: list[Target | Keyword] = [asked.target] if asked.target else []
    for word, target in zip(wanted.words, others, strict=True):
        if target is None or target.kind not in asked.command.targets:
            raise Refusal("refusals/wrong_target", command=asked.command.name, kinds=asked.command.targets, what=word)
        named.append(target)
    return named


async def _ask(customers: Sequence[Customer], ctx: Context) -> None:
    """What they carry, and what shall be different."""
    carried = await Tagging.of(customers[0].id) if len(customers) == 1 else []
    names = labels(await _library())
    await ask(
        ctx,
        f"tag {_ids(customers)} +",
        "taggings/ask",
        ids=[customer.short_id for customer in customers],
        name=customers[0].name,
        carried=[names.get(each.tag_id, each.tag.path) for each in carried],
    )


async def _library() -> list[Known]:
    """All tags, as far as names go."""
    return [Known(*row) for row in await Tag.names()]


def _ids(customers: Sequence[Customer]) -> str:
    return " ".join(customer.short_id for customer in customers)


async def _chosen(
    wanted: Wish, customers: Sequence[Customer], library: Sequence[Known], ctx: Context
) -> tuple[list[int], list[int]] | None:
    """The ids of the tags to give and to take; None where a name may be several and the choice was offered."""
    carried = set().union(*(await Tagging.tags_of([customer.id for customer in customers])).values())
    creates = allows(colleague(ctx).role, Role.MANAGER)
    found = meanings(wanted, library, carried, creates=creates)
    if unclear := next((each for each in found if len(each.fits) > 1), None):
        await _offer(unclear, found, customers, ctx)
        return None
    to_give, to_take = (
        list(dict.fromkeys(each.fits[0].id for each in found if each.sign == sign)) for sign in ("+", "-")
    )
    if both := set(to_give) & set(to_take):
        raise Refusal("refusals/tagging_both", what=labels(library)[min(both)])
    return to_give, to_take


async def _offer(unclear: Meaning, found: Sequence[Meaning], customers: Sequence[Customer], ctx: Context) -> None:
    shown = unclear.fits[:PAGE]
    choices = {
        str(number): " ".join(
            ("tag", _ids(customers), *(each.chosen(one) if each is unclear else str(each) for each in found))
        )
        for number, one in enumerate(shown, 1)
    }
    await Dialog.offer(colleague(ctx), ctx.chat, choices, ctx.now + CHOICE)
    rows = [{"number": number, "path": one.path} for number, one in enumerate(shown, 1)]
    ctx.reply("taggings/which", what=unclear.typed, rows=rows)


async def _misses(given: Sequence[Pair], ctx: Context) -> list[dict[str, object]]:
    """Where what was given cannot go, why, and of whom."""
    found: dict[tuple[str, str], dict[int, None]] = {}
    for customer_id, of_tags in (await standing(await troubled(given), ctx)).items():
        for tag_id, everywhere in of_tags.items():
            for there in everywhere:
                if (customer_id, tag_id) in given and there.word in ("failed", "not_ours"):
                    found.setdefault((there.kind, there.reason or there.word), {})[customer_id] = None
    return [
        {"channel": kind, "reason": reason, "ids": [f"C{each}" for each in [*whose][:NAMED]], "many": len(whose)}
        for (kind, reason), whose in found.items()
    ][:LINES]
