"""Here lives how an official account's tags are changed, and what its answers mean."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from channels import Clock
from channels.wechat.api import Rejected
from channels.wechat.limits import TAGS
from channels.wechat.sender import SOON, meaning
from channels.wechat.tag_calls import TagCalls
from domain.channel import Deferred, Delivered, DeliveryResult, Refused
from domain.errors import CallFailed
from domain.outgoing import NewTag, TagChange, TagEdit

Deed = Callable[[str, Sequence[str]], Awaitable[None]]
Failed = tuple[tuple[str, str], ...]

TAKEN: Final = 45157  # or a name that the platform does not like
UNKNOWN: Final = 45159
UNDELETABLE: Final = frozenset({45057, 45058})


class Tags:
    """Groups and orders are nothing here; whatever is done twice is the same as done once."""

    def __init__(self, calls: TagCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def deliver(self, outgoing: TagEdit | TagChange) -> DeliveryResult:
        try:
            return await self._deliver(outgoing)
        except Rejected as error:
            return tag_meaning(error, self._clock())
        except CallFailed:
            return Deferred(self._clock() + SOON, "unreachable")

    async def _deliver(self, outgoing: TagEdit | TagChange) -> DeliveryResult:
        match outgoing:
            case TagChange():
                return Delivered(failed=await self._change(outgoing))
            case TagEdit(edit="create", tags=tags):
                return Delivered(found=await self._create(tags))
            case TagEdit(edit="change", remote=remote, name=name) if name is not None:
                await self._rename(remote, name)
            case TagEdit(edit="delete", remotes=remotes):
                await self._delete(remotes)
        return Delivered()

    async def _create(self, tags: Sequence[NewTag]) -> tuple[tuple[int, str], ...]:
        """A name that is there already is what an earlier attempt made, or somebody else: it is taken over."""
        found: dict[str, str] = {}
        for tag in tags:
            if tag.name in found:
                continue
            try:
                found[tag.name] = await self._calls.create(tag.name)
            except Rejected as error:
                found |= await self._named() if error.code == TAKEN else {}
                if tag.name not in found:
                    raise
        return tuple((tag.binding, found[tag.name]) for tag in tags)

    async def _rename(self, remote: str, name: str) -> None:
        try:
            await self._calls.rename(remote, name)
        except Rejected as error:
            if error.code != TAKEN or (await self._named()).get(name) != remote:
                raise

    async def _named(self) -> dict[str, str]:
        return {tag.name: tag.id for tag in await self._calls.all()}

    async def _delete(self, remotes: Sequence[str]) -> None:
        """One that the platform keeps does not keep the others."""
        kept: Rejected | None = None
        for remote in remotes:
            try:
                await self._calls.delete(remote)
            except Rejected as error:
                if error.code in UNDELETABLE:
                    kept = error
                elif error.code != UNKNOWN:
                    raise
        if kept:
            raise kept

    async def _change(self, change: TagChange) -> Failed:
        deeds = [(self._calls.give, tag) for tag in change.add] + [(self._calls.take, tag) for tag in change.drop]
        batches = [change.contacts[at : at + TAGS.batch] for at in range(0, len(change.contacts), TAGS.batch)]
        return tuple([each for deed, tag in deeds for batch in batches for each in await _done(deed, tag, batch)])


async def _done(deed: Deed, tag: str, openids: Sequence[str]) -> Failed:
    """For whom it failed: where one person's sake refuses all, each half is tried without the other."""
    try:
        await deed(tag, openids)
    except Rejected as error:
        if (reason := about_person(error.code)) is None:
            raise
        if len(openids) == 1:
            return ((openids[0], reason),)
    else:
        return ()
    middle = len(openids) // 2
    return (*await _done(deed, tag, openids[:middle]), *await _done(deed, tag, openids[middle:]))


def about_person(code: int) -> str | None:
    """Why one follower cannot be given or relieved of a tag; None for what is about the call as a whole.

    Codes: binarywang/WxJava WxMpErrorMsgEnum, and the page of the calls.
    """
    match code:
        case 45059:  # has 20 tags already
            return "per_contact"
        case 43004 | 43005 | 50005:
            return "unfollowed"
        case 40003 | 46004 | 49003:  # nobody, or another account's follower
            return "no_such_contact"
        case _:
            return None


def tag_meaning(error: Rejected, now: datetime) -> DeliveryResult:  # noqa: PLR0911 - one line per meaning
    """What an error code says about a change of the library or of one tag; the rest is as with messages.

    Codes: binarywang/WxJava WxMpErrorMsgEnum, and the page of the calls.
    """
    match error.code:
        case 45056:  # 100 tags are there already
            return Refused("library_full")
        case 45057:  # over 100 000 followers have it
            return Refused("too_many_fans")
        case 45058:  # one of the platform's own
            return Refused("not_ours")
        case 45157:
            return Refused("name_taken")
        case 45158:
            return Refused("name_too_long")
        case 45159:
            return Refused("tag_gone")
        case 48001 | 50001:  # this kind of account may not
            return Refused("no_right")
        case _:
            return meaning(error, now)
