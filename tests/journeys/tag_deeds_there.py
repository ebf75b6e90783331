"""Here lives what may happen to tags on the platforms in a random history; of some of it nobody tells us."""

from typing import Any

from domain.tags import Level
from sandbox.wecom.corp import Follow
from tests.journeys.histories import KEPT, MEMBERS
from tests.journeys.tag_deeds import Deed, History

FIRST = 2  # the platform's own tag
NAMES, FANS = ("甲", "乙", "丙", "丁"), ("乙", "丁")


async def make_in_wecom(story: History) -> None:
    name, told = story.name(), story.chance.random() < 0.7
    story.say(name, told)
    await story.land.wecom.admin.create_tags(f"组{story.chance.randrange(3)}", name, told=told)


def _things(story: History, level: Level) -> list[str]:
    found = [(group.id, tag.id) for group, tag in story.land.wecom.tags.all() if tag.name != KEPT]
    return list(dict.fromkeys(group for group, _ in found)) if level == "group" else [tag for _, tag in found]


async def rename_in_wecom(story: History) -> None:
    level: Level = "group" if story.chance.random() < 0.2 else "tag"
    if thing := story.one(_things(story, level)):
        name, told = f"新{story.name()}", story.chance.random() < 0.7
        if all(name not in (group.name, *(tag.name for tag in group.tags.values())) for group in _groups(story)):
            story.say(thing[:6], name, told)
            await story.land.wecom.admin.rename(thing, name, told=told)


def _groups(story: History) -> list[Any]:
    return list(story.land.wecom.tags.groups.values())


async def reorder_in_wecom(story: History) -> None:
    if thing := story.one(_things(story, "tag") + _things(story, "group")):
        order = story.chance.randrange(100)
        story.say(thing[:6], order)
        await story.land.wecom.admin.reorder(thing, order, told=story.chance.random() < 0.7)


async def delete_in_wecom(story: History) -> None:
    level: Level = "group" if story.chance.random() < 0.1 else "tag"
    if thing := story.one(_things(story, level)):
        story.say(level, thing[:6])
        await story.land.wecom.admin.delete(thing, told=story.chance.random() < 0.7)


def _follow(story: History) -> tuple[str, Follow] | None:
    found = [(key, each) for key, contact in story.land.wecom.contacts.items() for each in contact.follows.values()]
    return story.one(each for each in found if each[0].startswith("wm"))  # type: ignore[no-any-return]


async def give_in_wecom(story: History) -> None:
    if (found := _follow(story)) and (tag := story.one(_things(story, "tag"))):
        told = story.chance.random() < 0.7
        story.say(found[0], found[1].userid, tag[:6], told)
        await story.land.wecom.member_tags(found[1].userid, found[0], add=[tag], told=told)


async def take_in_wecom(story: History) -> None:
    if (found := _follow(story)) and (tag := story.one(found[1].tags)):
        told = story.chance.random() < 0.7
        story.say(found[0], found[1].userid, tag[:6], told)
        await story.land.wecom.member_tags(found[1].userid, found[0], drop=[tag], told=told)


async def leave_in_wecom(story: History) -> None:
    if found := _follow(story):
        story.say(found[0], found[1].userid)
        await story.land.wecom.member_deletes_contact(found[1].userid, found[0])


async def come_in_wecom(story: History) -> None:
    contact, member = story.one(key for key in story.land.wecom.contacts if key.startswith("wm")), story.one(MEMBERS)
    if member not in story.land.wecom.contacts[contact].follows:
        story.say(contact, member)
        await story.land.wecom.add_contact(member, contact, story.land.wecom.contacts[contact].name)


async def make_official(story: History) -> None:
    name = story.name()
    if name not in story.land.wechat.tags.values():
        story.say(name)
        story.land.wechat.make_tag(name)


def _own(story: History) -> list[int]:
    return [tag for tag, name in story.land.wechat.tags.items() if tag > FIRST and name != KEPT]


async def rename_official(story: History) -> None:
    name = f"新{story.name()}"
    if (tag := story.one(_own(story))) and name not in story.land.wechat.tags.values():
        story.say(tag, name)
        story.land.wechat.rename_tag(tag, name)


async def delete_official(story: History) -> None:
    if tag := story.one(_own(story)):
        story.say(tag)
        story.land.wechat.delete_tag(tag)


async def give_official(story: History) -> None:
    fan = story.one(user for user in story.land.wechat.users.values() if user.is_follower and user.openid[1:] in NAMES)
    if fan and (tag := story.one(_own(story))):
        story.say(fan.openid, tag)
        fan.tag(tag)


async def take_official(story: History) -> None:
    fan = story.one(user for user in story.land.wechat.users.values() if user.openid[1:] in NAMES)
    if fan and (tag := story.one(fan.tags)):
        story.say(fan.openid, tag)
        fan.untag(tag)


async def leave_official(story: History) -> None:
    await story.land.wechat.unfollow(story.one(f"o{name}" for name in FANS))


async def come_official(story: History) -> None:
    story.land.deaf = False  # nothing else tells who follows
    await story.land.wechat.follow(story.one(f"o{name}" for name in FANS))


WECOM: tuple[Deed, ...] = (make_in_wecom, rename_in_wecom, reorder_in_wecom, give_in_wecom)
WECOM_GOING: tuple[Deed, ...] = (delete_in_wecom, take_in_wecom)
MEETING: tuple[Deed, ...] = (leave_in_wecom, come_in_wecom, leave_official, come_official)
OFFICIAL: tuple[Deed, ...] = (make_official, rename_official, give_official)
OFFICIAL_GOING: tuple[Deed, ...] = (delete_official, take_official)
