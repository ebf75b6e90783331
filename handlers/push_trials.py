"""Here lives how a colleague tries a push on themselves (试发): they read what a customer of theirs would."""

from collections.abc import Mapping

from domain.arguments import arguments
from domain.commands import Command, Invocation
from domain.errors import Refusal
from domain.lines import plainly
from domain.messages import Content, Notice, OutboundMessage, Text
from domain.permissions import Role
from domain.push_contents import content_of, is_whole
from domain.push_templates import KEYS
from domain.wording import Person, values_for
from handlers.context import Context
from handlers.push_templates import called
from handlers.push_words import NOBODY, tracked
from handlers.router import colleague, command
from models.customers import Customer
from models.samples import sample_for


@command(Command("test", "pushes", zh=("试发",), en=("test",), role=Role.MANAGER, tier="write", takes="text"))
async def send(asked: Invocation, ctx: Context) -> None:
    content, values = await _read(asked)
    customer = await _sample(ctx)
    prepared = await tracked(content, values, None, ctx)
    written = prepared.content(person_of(customer) if customer else Person(), NOBODY)
    ctx.reply("push_templates/tried", id=customer.short_id if customer else "", name=customer.name if customer else "")
    ctx.send(OutboundMessage(ctx.chat, _shown(written)))


def person_of(customer: Customer) -> Person:
    """What blanks can say of a customer whose owner is fetched."""
    return Person(customer.name, customer.company, customer.city, customer.owner.name if customer.owner else "")


async def _read(asked: Invocation) -> tuple[Content, Mapping[str, str]]:
    """A template with values of its blanks, or words below."""
    given = arguments(plainly(asked.text).plain, asked.command.name)
    pairs = dict(given.pairs)
    name = next((pairs.pop(key) for key in KEYS if key in pairs), "") or next(iter(given.words), "")
    if name and not asked.body.strip() and not is_whole(pairs):
        template = await called(name)
        return template.content, template.defaults | values_for(template.content, pairs)
    content, rest = content_of(pairs, asked.body)
    if content is None:
        raise Refusal("refusals/argument_needed", command=asked.command.name)
    if name:
        raise Refusal("refusals/push_content_two", first=name, second="")
    return content, values_for(content, rest)


async def _sample(ctx: Context) -> Customer | None:
    staff = colleague(ctx)
    scope = ctx.scope or await staff.scope()
    return await sample_for(staff.id, scope.owners)


def _shown(content: Content) -> Content:
    """A template message goes to followers only: a colleague reads its words."""
    if isinstance(content, Notice):
        return Text("\n".join(filter(None, (content.text, content.url))))
    return content
