"""The corp tag library and the tags on customers: get, add, edit, del, mark.

Source: https://developer.work.weixin.qq.com/document/path/92117, https://developer.work.weixin.qq.com/document/path/92118
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.cgi import Asked, CgiCall, found, need, refuse_if
from sandbox.wecom.corp import Corp
from sandbox.wecom.library import CorpTag, TagGroup

ALL: Final = 3000
NAME: Final = 30
ORDERS: Final = 2**32


def get_corp_tag_list(corp: Corp, asked: Asked) -> dict[str, Any]:
    """`group_id` wins over `tag_id`; both empty means all."""
    group_ids, tag_ids = set(asked.body.get("group_id") or []), set(asked.body.get("tag_id") or [])
    groups = list(corp.tags.groups.values())
    if group_ids:
        return {"tag_group": [group.as_json() for group in groups if group.id in group_ids]}
    if tag_ids:
        return {"tag_group": [group.as_json(tag_ids) for group in groups if tag_ids & set(group.tags)]}
    return {"tag_group": [group.as_json() for group in groups]}


def add_corp_tag(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Names the group by id or by name; the same name twice in one call makes one tag."""
    wanted = asked.need("tag", list, 40063)
    named = {_name(each): _order(each) for each in wanted}
    group = _group(corp, asked.body)
    refuse_if(named.keys() & {tag.name for tag in group.tags.values()}, 40071)
    refuse_if(sum(len(each.tags) for each in corp.tags.groups.values()) + len(named) > ALL, 40126)
    corp.tags.groups[group.id] = group
    added = set()
    for name, order in named.items():
        tag = CorpTag(corp.stage.ids.code("et", 15), name, corp.stage.now(), order)
        group.tags[tag.id] = tag
        added.add(tag.id)
    return {"tag_group": group.as_json(added)}


def _group(corp: Corp, body: Mapping[str, Any]) -> TagGroup:
    if body.get("group_id"):
        return found(corp.tags.groups.get(str(body["group_id"])), 40068)
    name = need(body, "group_name", str, 40063)
    refuse_if(len(name) > NAME, 40058)
    fresh = TagGroup(corp.stage.ids.code("et", 15), name, corp.stage.now(), _order(body))
    return corp.tags.group_named(name) or fresh


def _name(tag: Mapping[str, Any]) -> str:
    name = need(tag, "name", str, 40063)
    refuse_if(len(name) > NAME, 40058)
    return name


def _order(tag: Mapping[str, Any]) -> int:
    order = tag.get("order", 0)
    refuse_if(not isinstance(order, int) or not 0 <= order < ORDERS, 40058)
    return int(order)


def edit_corp_tag(corp: Corp, asked: Asked) -> dict[str, Any]:
    """Renames or orders a tag or a group; an app may edit and delete only what it has made."""
    tag_id = asked.need("id", str, 40068)
    group = corp.tags.groups.get(tag_id)
    if group is not None:
        taken = corp.tags.group_named(str(asked.body.get("name")))
        _edit(group, taken, asked)
        return {}
    group, tag = found(corp.tags.find(tag_id), 40068)
    _edit(tag, group.tag_named(str(asked.body.get("name"))), asked)
    return {}


def _edit(thing: TagGroup | CorpTag, taken: TagGroup | CorpTag | None, asked: Asked) -> None:
    refuse_if(thing.foreign, 301002)
    refuse_if(taken is not None and taken is not thing, 40071)
    if "name" in asked.body:
        thing.name = _name(asked.body)
    if "order" in asked.body:
        thing.order = _order(asked.body)


def del_corp_tag(corp: Corp, asked: Asked) -> dict[str, Any]:
    tag_ids, group_ids = asked.body.get("tag_id") or [], asked.body.get("group_id") or []
    refuse_if(not tag_ids and not group_ids, 40068)
    refuse_if(any(corp.tags.find(each) is None for each in tag_ids), 40068)
    refuse_if(any(each not in corp.tags.groups for each in group_ids), 40068)
    groups = [corp.tags.groups[each] for each in group_ids]
    gone = {*tag_ids, *(tag_id for group in groups for tag_id in group.tags)}
    refuse_if(any(group.foreign for group in groups), 301002)
    refuse_if(any(tag.foreign for _, tag in filter(None, map(corp.tags.find, gone))), 301002)
    corp.remove_tags(gone)
    return {}


def mark_tag(corp: Corp, asked: Asked) -> dict[str, Any]:
    follow = corp.follow_of(asked.body.get("userid"), asked.body.get("external_userid"))
    add, remove = asked.body.get("add_tag") or [], asked.body.get("remove_tag") or []
    refuse_if(not add and not remove, 40063)
    refuse_if(any(corp.tags.find(each) is None for each in [*add, *remove]), 40068)
    kept = [tag_id for tag_id in dict.fromkeys([*follow.tags, *add]) if tag_id not in remove]
    refuse_if(len(kept) > ALL, 40058)
    follow.tags = kept
    return {}


CALLS: Final[Mapping[str, CgiCall]] = {
    "externalcontact/get_corp_tag_list": CgiCall("POST", get_corp_tag_list),
    "externalcontact/add_corp_tag": CgiCall("POST", add_corp_tag),
    "externalcontact/edit_corp_tag": CgiCall("POST", edit_corp_tag),
    "externalcontact/del_corp_tag": CgiCall("POST", del_corp_tag),
    "externalcontact/mark_tag": CgiCall("POST", mark_tag),
}
