"""Here lives the carrying out of changes of tags; each is the same done twice as done once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from channels.wecom.api import CallRefused
from channels.wecom.library import CorpTags
from domain.channel import Delivered
from domain.outgoing import TagChange, TagEdit
from domain.tags import Remote

GONE: Final = 40068  # no such tag or group
TAKEN: Final = 40071  # another tag of the group, or another group, has this name
NOT_OURS: Final = 301002  # somebody else has made it


class Tags:
    """For one account. Whatever is refused in the end is raised as CallRefused; CallFailed as from every call."""

    def __init__(self, corp_tags: CorpTags) -> None:
        self._corp_tags = corp_tags

    async def carry_out(self, outgoing: TagEdit | TagChange) -> Delivered:
        match outgoing:
            case TagChange():
                await self._mark(outgoing)
            case TagEdit(edit="create"):
                return Delivered(found=await self._create(outgoing))
            case TagEdit(edit="change"):
                await self._change(outgoing)
            case TagEdit(edit="delete", remotes=remotes) if remotes:
                await self._delete(remotes)
        return Delivered()

    async def _create(self, edit: TagEdit) -> tuple[tuple[int, str], ...]:
        """Where a name is taken, the tag of that name is the one: we have made it before, or somebody has for us."""
        try:
            made = (await self._corp_tags.add(edit, edit.tags)).items
        except CallRefused as error:
            if error.code != TAKEN:
                raise
            made = ()
        names = {each.shape.name for each in made if each.level == "tag"}
        if any(tag.name not in names for tag in edit.tags):
            made = await self._completed(edit)
        return _found(edit, made)

    async def _completed(self, edit: TagEdit) -> tuple[Remote, ...]:
        """The group as it is there, and then with what it lacks."""
        there = _of_group(edit, (await self._corp_tags.listing()).items)
        if edit.remote and not there:
            raise CallRefused(GONE)
        names = {each.shape.name for each in there if each.level == "tag"}
        missing = [tag for tag in edit.tags if tag.name not in names]
        if not missing:
            return there
        into = replace(edit, remote=there[0].id) if there else edit
        return (*there, *(await self._corp_tags.add(into, missing)).items)

    async def _change(self, edit: TagEdit) -> None:
        """A name that is taken by the very tag that is to have it is as it should be."""
        try:
            await self._corp_tags.edit(edit.remote, edit.name, edit.order)
        except CallRefused as error:
            if error.code != TAKEN or not await self._is_named(edit):
                raise
            if edit.order is not None:
                await self._corp_tags.edit(edit.remote, None, edit.order)

    async def _is_named(self, edit: TagEdit) -> bool:
        items = (await self._corp_tags.listing()).items
        return any((each.id, each.shape.name) == (edit.remote, edit.name) for each in items)

    async def _delete(self, remotes: Sequence[str]) -> None:
        """What is gone already is done; of those that somebody else has made none keeps ours from going."""
        try:
            await self._corp_tags.delete(remotes)
        except CallRefused as error:
            if error.code == GONE:
                await self._delete_rest(remotes, error)
            elif error.code == NOT_OURS and len(remotes) > 1:
                await self._delete_each(remotes)
            else:
                raise

    async def _delete_rest(self, remotes: Sequence[str], error: CallRefused) -> None:
        rest = await self._there(remotes)
        if len(rest) == len(remotes):
            raise error
        if rest:
            await self._delete(rest)

    async def _delete_each(self, remotes: Sequence[str]) -> None:
        refused: CallRefused | None = None
        for remote in remotes:
            try:
                await self._delete([remote])
            except CallRefused as error:
                if error.code != NOT_OURS:
                    raise
                refused = error
        if refused:
            raise refused

    async def _mark(self, change: TagChange) -> None:
        """A tag that is gone need not be taken from anybody; one that was to be given cannot be."""
        try:
            await self._put(change, change.drop)
        except CallRefused as error:
            if error.code != GONE or not change.drop:
                raise
            await self._put(change, await self._there(change.drop))

    async def _put(self, change: TagChange, drop: Sequence[str]) -> None:
        if change.add or drop:
            await self._corp_tags.mark(change.member, change.contacts[0], change.add, drop)

    async def _there(self, remotes: Iterable[str]) -> list[str]:
        there = {each.id for each in (await self._corp_tags.listing()).items}
        return [remote for remote in remotes if remote in there]


def _of_group(edit: TagEdit, items: Sequence[Remote]) -> tuple[Remote, ...]:
    """The group that is meant, first, and its tags; nothing where it is not there."""
    for group in items:
        is_meant = group.id == edit.remote if edit.remote else group.shape.name == edit.name
        if group.level == "group" and is_meant:
            return (group, *(each for each in items if each.shape.group == group.id))
    return ()


def _found(edit: TagEdit, items: Sequence[Remote]) -> tuple[tuple[int, str], ...]:
    """Our bindings, and what the platform calls each."""
    group = next((each.id for each in items if each.level == "group"), "")
    ids = {each.shape.name: each.id for each in items if each.level == "tag"}
    tags = tuple((tag.binding, ids[tag.name]) for tag in edit.tags if tag.name in ids)
    return ((edit.binding, group), *tags) if edit.binding and group else tags
