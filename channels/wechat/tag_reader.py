"""Here lives how an official account is asked for its tags, and tag by tag for who has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

import orjson

from channels import Clock
from channels.wechat.api import Rejected
from channels.wechat.sender import SOON
from channels.wechat.tag_calls import PAGE, Carriers, Counted, TagCalls
from channels.wechat.tags import UNKNOWN, about_person, tag_meaning
from domain.channel import Deferred
from domain.errors import CallFailed
from domain.sync import ContactRead, TagContactsRead, TagLibraryRead, TagsAsked, TagsUnread
from domain.tags import Library, Remote, Shape

LATER: Final = timedelta(minutes=5)  # until people may have changed what the platform refuses
NOBODY: Final = 40003  # the follower after whom we ask on has left

TagsRead = TagLibraryRead | TagContactsRead | TagsUnread


@dataclass(frozen=True, slots=True)
class Place:
    """How far the reading is: the tags yet to be read, the first perhaps in part (`read` so far, up to `after`).

    Each has its number of followers as it was when the reading began.
    """

    tags: tuple[tuple[str, int], ...]
    after: str = ""
    read: int = 0

    @classmethod
    def at_start(cls, tags: tuple[Counted, ...]) -> Self:
        return cls(tuple((tag.id, tag.count) for tag in tags))

    @classmethod
    def at(cls, cursor: str) -> Self:
        tags, after, read = orjson.loads(cursor)
        return cls(tuple((tag, count) for tag, count in tags), after, read)

    @property
    def cursor(self) -> str:
        """Empty at the end of all."""
        return orjson.dumps([self.tags, self.after, self.read]).decode() if self.tags else ""

    @property
    def beyond(self) -> Self:
        """Where the next tag begins."""
        return type(self)(self.tags[1:])

    def past(self, page: Carriers) -> Self:
        return replace(self, after=page.after, read=self.read + len(page.openids))

    def ends_with(self, page: Carriers) -> bool:
        """The last page is empty; a short one that makes the number full spares us asking for it."""
        is_full = self.read + len(page.openids) >= self.tags[0][1]
        return not page.openids or not page.after or (len(page.openids) < PAGE and is_full)


class TagReader:
    """One call for the library, and one for each page of followers; see `domain.channel.Taggable`."""

    def __init__(self, calls: TagCalls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def look(self, asked: TagsAsked) -> TagsRead:
        at = self._clock()
        try:
            if asked.contacts:
                return await self._people(asked, at)
            return await (self._library(asked, at) if asked.part == "library" else self._carriers(asked, at))
        except Rejected as error:
            return self._unread(asked, error)
        except CallFailed:
            return TagsUnread(self._clock(), asked, "unreachable", SOON)

    async def _library(self, asked: TagsAsked, at: datetime) -> TagLibraryRead:
        """No answer without tags proves that there are none."""
        items = tuple(Remote("tag", tag.id, Shape(tag.name)) for tag in await self._calls.all())
        return TagLibraryRead(at, asked, Library(items, complete=bool(items)))

    async def _carriers(self, asked: TagsAsked, at: datetime) -> TagContactsRead:
        place = Place.at(asked.cursor) if asked.cursor else Place.at_start(await self._calls.all())
        if not place.tags:
            return TagContactsRead(at, asked, (), "")
        tag, count = place.tags[0]
        try:
            page = await self._calls.carriers(tag, place.after)
        except Rejected as error:
            if error.code == UNKNOWN or (error.code == NOBODY and place.after):
                return TagContactsRead(at, asked, (), place.beyond.cursor, tag)  # the next run reads what is left
            raise
        contacts = tuple(ContactRead(openid, (tag,)) for openid in page.openids)
        ended = place.ends_with(page)
        then = place.beyond if ended else place.past(page)
        whole = ended and place.read + len(contacts) >= count
        return TagContactsRead(at, asked, contacts, then.cursor, tag, whole=whole)

    async def _people(self, asked: TagsAsked, at: datetime) -> TagContactsRead:
        told = await self.told_of(asked.contacts)
        contacts = tuple(ContactRead(openid, tags) for openid, tags in told.items())
        return TagContactsRead(at, asked, contacts, asked.cursor)

    async def told_of(self, openids: Sequence[str]) -> Mapping[str, tuple[str, ...] | None]:
        """Whom the platform does not know refuses the call for all of them: each half is asked without the other."""
        try:
            return await self._calls.people(openids)
        except Rejected as error:
            if about_person(error.code) is None:
                raise
            middle = len(openids) // 2
            parts = (openids[:middle], openids[middle:]) if middle else ()
            return {openid: tags for part in parts for openid, tags in (await self.told_of(part)).items()}

    def _unread(self, asked: TagsAsked, error: Rejected) -> TagsUnread:
        now = self._clock()
        result = tag_meaning(error, now)
        wait = result.until - now if isinstance(result, Deferred) else LATER
        return TagsUnread(now, asked, getattr(result, "reason", ""), wait)
