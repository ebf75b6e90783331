"""What the company's administrators do in WeCom's own console: the corp tag library.

Source: https://developer.work.weixin.qq.com/document/path/96361
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from sandbox.wecom.corp import Corp
from sandbox.wecom.library import CorpTag, TagGroup

Tell = Callable[[str, dict[str, Any]], Awaitable[Any]]
Change = Literal["create", "update", "delete", "shuffle"]


class Admin:
    """Every verb is a real callback, but with `told=False`: WeCom's server may be as deaf as ours may be down.

    Ids are those of tags and of groups alike.
    """

    def __init__(self, corp: Corp, tell: Tell) -> None:
        """`tell` sends a system event: its name and its fields."""
        self._corp = corp
        self._tell = tell

    def stock(self, group: str, names: Sequence[str], *, foreign: bool = False) -> list[CorpTag]:
        """Tags of a group, made without telling the server; those that are there already stay as they are.

        `foreign`: made by somebody whose tags our app may not edit.
        """
        held = self._group(group, foreign=foreign)
        known = {tag.name: tag for tag in held.tags.values()}
        for name in names:
            if name not in known:
                known[name] = CorpTag(self._corp.stage.ids.code("et", 15), name, self._corp.stage.now(), 0, foreign)
                held.tags[known[name].id] = known[name]
        return [known[name] for name in names]

    def _group(self, name: str, *, foreign: bool) -> TagGroup:
        library, stage = self._corp.tags, self._corp.stage
        held = library.group_named(name)
        if held is None:
            held = TagGroup(stage.ids.code("et", 15), name, stage.now(), foreign=foreign)
            library.groups[held.id] = held
        return held

    async def create_tags(self, group: str, *names: str, foreign: bool = False, told: bool = True) -> list[CorpTag]:
        """A new group is told before its tags."""
        known = {thing_id for held in self._corp.tags.groups.values() for thing_id in (held.id, *held.tags)}
        made = self.stock(group, names, foreign=foreign)
        held = self._group(group, foreign=foreign)
        for thing_id in (held.id, *(tag.id for tag in made)):
            if thing_id not in known:
                await self._say("create", thing_id, told=told)
        return made

    async def rename(self, thing_id: str, name: str, *, told: bool = True) -> None:
        self._thing(thing_id).name = name
        await self._say("update", thing_id, told=told)

    async def reorder(self, thing_id: str, order: int, *, told: bool = True) -> None:
        """The event names the group in which tags were moved, and nothing when groups were."""
        thing = self._thing(thing_id)
        thing.order = order
        group = "" if isinstance(thing, TagGroup) else self._home(thing_id).id
        if told:
            await self._tell("change_external_tag", {"Id": group, "ChangeType": "shuffle"})

    async def delete(self, thing_id: str, *, told: bool = True) -> None:
        """Of the tags that go with their group nothing is told, nor of the group that goes with its last tag."""
        level = self._level(thing_id)
        group = self._corp.tags.groups.get(thing_id)
        self._corp.remove_tags(list(group.tags) if group else [thing_id])
        self._corp.tags.groups.pop(thing_id, None)
        await self._say("delete", thing_id, level, told=told)

    async def _say(self, change: Change, thing_id: str, level: str = "", *, told: bool) -> None:
        if told:
            fields = {"Id": thing_id, "TagType": level or self._level(thing_id), "ChangeType": change}
            await self._tell("change_external_tag", fields)

    def _level(self, thing_id: str) -> str:
        return "tag_group" if thing_id in self._corp.tags.groups else "tag"

    def _thing(self, thing_id: str) -> TagGroup | CorpTag:
        return self._corp.tags.groups.get(thing_id) or self._home(thing_id).tags[thing_id]

    def _home(self, tag_id: str) -> TagGroup:
        """The group of a tag; KeyError when there is no such tag."""
        for group in self._corp.tags.groups.values():
            if tag_id in group.tags:
                return group
        raise KeyError(tag_id)
