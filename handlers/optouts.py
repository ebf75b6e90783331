"""Here lives what happens when a customer wants no more pushes on a channel, or wants them again."""

from domain.events import ContactAdded
from domain.messages import Content, Text
from domain.optouts import wants_back, wants_out
from handlers.context import Context
from models.customers import Identity
from models.recipients import Recipient
from templates import LANGUAGES, render

REASON = "opted_out"


async def heed(identity: Identity, content: Content, ctx: Context) -> str:
    """What is answered to such a word, empty where it is none; what waits to be sent to them is taken back."""
    if not isinstance(content, Text):
        return ""
    if wants_out(content.text):
        new = await identity.opt_out(ctx.now)
        await Recipient.withdraw(identity.id, REASON)
        return _words("optouts/out" if new else "optouts/out_already", identity, ctx)
    if wants_back(content.text) and await identity.opt_in():
        return _words("optouts/back", identity, ctx)
    return ""


async def begun_again(event: ContactAdded, identity: Identity, ctx: Context) -> str:
    """The same for Telegram's bare /start: who comes by a link with a source did not ask for pushes."""
    telegram = ctx.house.accounts.get(identity.account) == "telegram"
    if telegram and not event.source and await identity.opt_in():
        return _words("optouts/back", identity, ctx)
    return ""


def _words(template: str, identity: Identity, ctx: Context) -> str:
    """In the customer's language where they have one of ours, else in the house's."""
    told = identity.customer.language.partition("-")[0].lower()
    language = next((each for each in LANGUAGES if told and each.startswith(told)), ctx.house.language)
    kind = ctx.house.accounts.get(identity.account, "")
    return render(f"chat/{language}/{template}.txt", channel=kind)
