"""Here lives the library as text: packs of tags by trade, and what was written out before."""

from dataclasses import replace

from domain.errors import Refusal
from domain.messages import Text
from domain.naming import Wanted, folded, scope_in
from domain.packs import tags_in, text_of
from handlers.context import Context
from handlers.naming import make, troubles
from models.identities import alone
from models.tags import Tag
from templates import LANGUAGES, render
from templates.terms import terms


async def bring_in(name: str, body: str, ctx: Context) -> None:
    """What a pack or a text has and the library has not; without either, the packs are named."""
    if body.strip():
        await _read(body, "", ctx)
    elif name:
        pack = _pack(name)
        await _read(render(f"packs/{ctx.house.language}/{pack}.yaml"), pack, ctx)
    else:
        ctx.reply("packs/list", packs=list(terms(ctx.language)["trades"]))


async def write_out(ctx: Context) -> None:
    """All of it, in a form that can be brought in again, here or elsewhere."""
    tags = [Wanted(tag.group.name, tag.name, tag.description, tuple(tag.scope)) for tag in await Tag.living()]
    if not tags:
        raise Refusal("refusals/tags_none")
    ctx.say(Text(text_of(tags, terms(ctx.language)["pack_keys"]).rstrip("\n")))


async def _read(text: str, pack: str, ctx: Context) -> None:
    wanted = [
        replace(each, scope=scope_in(each.scope, ctx.house.accounts, ctx.house.tags)) if each.scope else each
        for each in tags_in(text)
    ]
    await alone("tags")
    made = await make(wanted, "import", ctx)
    ctx.reply(
        "packs/brought",
        pack=pack,
        new=len(made.new),
        there=len(made.there),
        groups=len({tag.group_id for tag in made.new}),
        troubles=await troubles(made.new, ctx),
    )


def _pack(name: str) -> str:
    """Its file, by its name in any language."""
    for language in LANGUAGES:
        for pack, word in terms(language)["trades"].items():
            if folded(name) in (pack, folded(word)):
                return str(pack)
    raise Refusal("refusals/no_such_pack", what=name)
