"""Here lives how the words of a push are written for each recipient: blanks filled, addresses tracked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.links import PATH, Opening, code_of
from domain.messages import Content
from domain.pushes import PushRules
from domain.wording import Person, addresses, readdressed, written
from handlers.context import Context
from models.links import Link
from models.pushes import Push

NOBODY = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a push says, ready to be written many times; `links` are the numbers of its addresses."""

    words: Content
    values: Mapping[str, str]
    rules: PushRules = field(default_factory=PushRules)
    links: Mapping[str, int] = field(default_factory=dict)

    def content(self, person: Person, recipient_id: int) -> Content:
        """For one recipient. Raises Refusal where it cannot be written for them: it gets too long, or is no address."""
        return self._tracked(written(self.words, self.values, person), recipient_id)

    def common(self) -> Content:
        """The same for everybody: blanks about a person get their defaults, opened addresses are nobody's."""
        return self._tracked(written(self.words, self.values), NOBODY)

    def _tracked(self, content: Content, recipient_id: int) -> Content:
        rules, key = self.rules, self.rules.link_key
        ours = {
            url: f"{rules.public_url}{PATH}{code_of(Opening(link, recipient_id), key)}"
            for url, link in self.links.items()
        }
        return readdressed(content, ours)


async def prepared(push: Push, ctx: Context) -> Prepared:
    """Keeps the push's links, in the caller's transaction."""
    return await tracked(push.content, push.values, push.id, ctx)


async def tracked(content: Content, values: Mapping[str, str], push_id: int | None, ctx: Context) -> Prepared:
    """The same for words of a push, or of a test where there is none. An address that differs by person is let be."""
    rules = ctx.house.push
    if not rules.public_url:
        return Prepared(content, values)
    urls = [*addresses(content), *addresses(written(content, values, Person()))]
    own = [url for url in dict.fromkeys(urls) if not url.startswith(f"{rules.public_url}{PATH}")]
    return Prepared(content, values, rules, await Link.kept(push_id, own))
