"""The corp tag library (企业标签库) of the simulated company."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class CorpTag:
    """`foreign`: made by somebody whose tags our app may not edit."""

    id: str
    name: str
    create_time: int
    order: int = 0
    foreign: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "create_time": self.create_time,
            "order": self.order,
            "deleted": False,
        }


@dataclass(slots=True)
class TagGroup:
    id: str
    name: str
    create_time: int
    order: int = 0
    tags: dict[str, CorpTag] = field(default_factory=dict)
    foreign: bool = False

    def as_json(self, only: set[str] | None = None) -> dict[str, Any]:
        """The group with all its tags, or with only those named."""
        shown = [tag for tag in self.tags.values() if only is None or tag.id in only]
        return {
            "group_id": self.id,
            "group_name": self.name,
            "create_time": self.create_time,
            "order": self.order,
            "deleted": False,
            "tag": [tag.as_json() for tag in sorted(shown, key=lambda tag: -tag.order)],
        }

    def tag_named(self, name: str) -> CorpTag | None:
        return next((tag for tag in self.tags.values() if tag.name == name), None)


@dataclass(slots=True)
class TagLibrary:
    groups: dict[str, TagGroup] = field(default_factory=dict)

    def all(self) -> Iterator[tuple[TagGroup, CorpTag]]:
        return ((group, tag) for group in self.groups.values() for tag in group.tags.values())

    def find(self, tag_id: object) -> tuple[TagGroup, CorpTag] | None:
        held = ((group, group.tags.get(str(tag_id))) for group in self.groups.values())
        return next(((group, tag) for group, tag in held if tag is not None), None)

    def group_named(self, name: str) -> TagGroup | None:
        return next((group for group in self.groups.values() if group.name == name), None)

    def remove(self, tag_id: str) -> None:
        """Take a tag out; its group goes with the last one."""
        held = self.find(tag_id)
        if held is None:
            return
        group, _ = held
        del group.tags[tag_id]
        if not group.tags:
            del self.groups[group.id]
