"""Here lives a platform's side as tests tell of it, handed to us as the frame does it; nothing goes over a network."""

from dataclasses import dataclass, field, replace

from bot.database import transaction
from domain.events import InboundEvent
from domain.messages import Address
from domain.outgoing import Outgoing, TagEdit
from domain.sync import ContactRead, TagContactsRead, TagLibraryRead, TagsAsked, TagsSettled
from domain.tags import Library, Remote, Shape
from handlers import router
from handlers.context import Context, House
from handlers.sync import begin
from models.inbox import OWN
from models.outbox import OutboxItem
from models.sync import Sync
from tests.clock import Clock


@dataclass
class Platform:
    """One account's side; `groups` and `tags` by the platform's ids."""

    house: House
    clock: Clock
    account: str = "wecom"
    groups: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Shape] = field(default_factory=dict)
    sent: list[Outgoing] = field(default_factory=list)
    number: int = 0

    def add(self, group: str, *names: str) -> None:
        """Tags of a group; an account without groups calls it "". The ids are the names."""
        if group:
            self.groups[f"g-{group}"] = group
        for name in names:
            self.tags[f"t-{name}"] = Shape(name, f"g-{group}" if group else "")

    def rename(self, tag: str, name: str) -> None:
        self.tags[f"t-{tag}"] = replace(self.tags[f"t-{tag}"], name=name)

    @property
    def library(self) -> Library:
        groups = tuple(Remote("group", key, Shape(name)) for key, name in self.groups.items())
        tags = tuple(Remote("tag", key, shape) for key, shape in self.tags.items())
        return Library(groups + tags, complete=bool(tags))

    async def read(self, *, run: int = 0, dry: bool = False, library: Library | None = None) -> None:
        """We read it all, and hear of it; a moment passes before and after."""
        self.clock.forward(seconds=1)
        asked = TagsAsked(self.clock(), self.account, run, dry=dry)
        event = TagLibraryRead(self.clock(), asked, library or self.library)
        self.clock.forward(seconds=1)
        await self.happen(event)

    async def compare(self) -> Sync:
        """A run up to its contacts."""
        async with transaction():
            sync = await begin(self.account, self.context())
        await self.read(run=sync.run)
        return await Sync.get(account=self.account)

    async def page(self, *contacts: ContactRead, cursor: str = "", dry: bool = False, **told: object) -> None:
        """A page of the run that goes on."""
        self.clock.forward(seconds=1)
        run = (await Sync.get(account=self.account)).run
        asked = TagsAsked(self.clock(), self.account, run, "contacts", dry=dry)
        event = TagContactsRead(self.clock(), asked, contacts, cursor, **told)  # type: ignore[arg-type]
        self.clock.forward(seconds=1)
        await self.happen(event)

    async def carry_out(self) -> None:
        """What we promised to do there is done, and we hear of it, until nothing is left."""
        waiting = OutboxItem.filter(account=self.account, lane=f"{self.account}:tags", state="waiting")
        while item := await waiting.order_by("id").first():
            await OutboxItem.filter(id=item.id).update(state="done")
            self.clock.forward(seconds=1)
            made = self._edited(item.outgoing) if isinstance(item.outgoing, TagEdit) else ()
            await self.happen(TagsSettled(self.clock(), self.account, item.id, made))

    async def happen(self, event: InboundEvent) -> None:
        ctx = self.context()
        async with transaction():
            await router.dispatch(event, ctx)
            for promise in ctx.promises:
                await OutboxItem.enqueue(promise.outgoing, ctx.now, promise.message_id)
        self.sent = [promise.outgoing for promise in ctx.promises]

    def context(self) -> Context:
        self.number += 1
        now = self.clock()
        return Context(now, now, now, self.house, f"platform:{self.number}", Address(OWN, ""), self.house.language)

    def _edited(self, edit: TagEdit) -> tuple[tuple[int, str], ...]:
        match edit:
            case TagEdit(edit="create"):
                group = edit.remote or (f"g-{edit.name}" if edit.name else "")
                if edit.name:
                    self.groups[group] = edit.name
                self.tags |= {f"t-{tag.name}": Shape(tag.name, group, tag.order) for tag in edit.tags}
                made = [(edit.binding, group)] if edit.binding else []
                return (*made, *((tag.binding, f"t-{tag.name}") for tag in edit.tags))
            case TagEdit(edit="change", remote=remote, name=name) if remote in self.tags:
                self.tags[remote] = replace(self.tags[remote], name=name or self.tags[remote].name)
            case TagEdit(edit="delete"):
                self.tags = {key: shape for key, shape in self.tags.items() if key not in edit.remotes}
        return ()
