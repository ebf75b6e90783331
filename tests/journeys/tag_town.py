"""Here lives a town whose tags are seen from both sides: what people type, what platforms have and are told."""

import re
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.permissions import Role
from models.limits import RateLimit
from models.sync import Sync
from models.tags import Tag, Tagging
from sandbox import Call
from sandbox.wecom.library import CorpTag
from tests.journeys.conftest import FAST, Build
from tests.journeys.town import BOSS, Town

WANG, LI = "wangfang", "lilei"
LIU = "wmSandboxContact0000000000001"
FAN = "oSandboxCustomer00000000001"
UNIONID = "oSandboxUnion00000000000001"
CODE = re.compile(r"确认 \w{4}$", re.MULTILINE)
MARK, ADD = "externalcontact/mark_tag", "externalcontact/add_corp_tag"
EDIT, DELETE = "externalcontact/edit_corp_tag", "externalcontact/del_corp_tag"
LISTING, RELATIONS = "externalcontact/get_corp_tag_list", "externalcontact/batch/get_by_user"
WRITES = {
    *(MARK, ADD, EDIT, DELETE, "tags/create", "tags/update", "tags/delete"),
    *("tags/members/batchtagging", "tags/members/batchuntagging"),
}
HURRY = FAST | {"wecom.tags_per_minute": 600_000, "wecom.tags_per_hour": 6_000_000}
TROUBLES = ("待发", "失败", "冲突", "不是我们建的", "读不到", "正在", "还没对过")
NAMES = {"wecom": "企业微信", "official": "公众号"}


@dataclass(slots=True)
class TagTown:
    """The boss types in Telegram; 王芳 and 李雷 have customers in WeCom."""

    town: Town

    @classmethod
    async def begun(cls, build: Build, **changes: Any) -> "TagTown":
        town = await build(limits=HURRY, **changes)
        await town.hire("王芳", Role.SALES, wecom=WANG)
        await town.hire("李雷", Role.SALES, wecom=LI)
        await town.settled()
        return cls(town)

    async def liu_comes(self) -> None:
        """C1: 王芳's customer in WeCom, and a follower of the official account."""
        self.town.wechat.add_user(FAN).unionid = UNIONID
        await self.town.wechat.follow(FAN)
        await self.town.settled()
        await self.town.wecom.add_contact(WANG, LIU, "刘洋", unionid=UNIONID)
        await self.town.settled()

    async def guests_come(self, count: int, member: str = WANG) -> list[str]:
        """More of a member's customers, whom the next comparison meets."""
        ids = [f"wmGuest{number:023}" for number in range(count)]
        for number, contact in enumerate(ids):
            self.town.wecom.befriend(member, contact, f"客人{number}")
        await self.compared()
        return ids

    async def says(self, text: str) -> str:
        return await self.town.staff_says(text)

    async def confirmed(self, text: str) -> str:
        """What is read after the code of the preview was typed."""
        found = CODE.search(preview := await self.says(text))
        assert found, preview
        return await self.says(found.group())

    async def compared(self, typed: str = "同步 现在") -> str:
        """Both accounts are read to the end; what 同步 says then."""
        await self.says(typed)
        return await self.says("同步")

    async def heard(self, **later: float) -> None:
        """What was told of the library is looked up once it has been quiet; after a minute a quota is there again."""
        await self.town.settled()
        self.town.clock.forward(**(later or {"seconds": 4}))
        if "minutes" in later:
            await RateLimit.all().update(paused_until=0)  # several processes go by the database's clock
        await self.town.looked_around()
        await self.town.settled()

    async def member_tags(
        self, add: Sequence[str] = (), drop: Sequence[str] = (), contact: str = LIU, member: str = WANG
    ) -> None:
        """In WeCom, by the names of tags; the server is told."""
        self.town.clock.forward(seconds=1)  # two changes of one second are one to WeCom's server
        gained, lost = ([self.tag(name).id for name in names] for names in (add, drop))
        await self.town.wecom.member_tags(member, contact, gained, lost)
        await self.town.settled()

    async def in_step(self) -> None:
        """Both sides have the same, 同步 says so, and comparing once more changes nothing anywhere."""
        told = await self.compared()
        assert not [word for word in TROUBLES if word in told], told
        before = len(self.town.sandbox.calls)
        told = await self.compared()
        assert not [word for word in TROUBLES if word in told], told
        assert self.written(before) == []
        assert await self.ours() == self.theirs()
        paths, carried = await self.ours()
        assert self.on_official() == sorted(path.partition("/")[2] for path in paths)
        assert sorted(self.followed()) == sorted({path.partition("/")[2] for path in carried.get(LIU, ())})

    async def ours(self) -> tuple[list[str], dict[str, list[str]]]:
        """Our library, and who carries what, by the id in WeCom."""
        paths = sorted(tag.path for tag in await Tag.living())
        carried: dict[str, list[str]] = {}
        for row in await Tagging.all().prefetch_related("tag__group", "customer__identities"):
            for identity in row.customer.identities:
                if identity.account == "wecom":
                    carried.setdefault(identity.external_id, []).append(row.tag.path)
        return paths, {contact: sorted(tags) for contact, tags in carried.items()}

    def theirs(self) -> tuple[list[str], dict[str, list[str]]]:
        """WeCom's library, and who carries what there, whosever relation it is on."""
        carried: dict[str, list[str]] = {}
        for contact in self.town.wecom.contacts:
            if tags := sorted({tag for tags in self.on_relations(contact).values() for tag in tags}):
                carried[contact] = tags
        return sorted(f"{group.name}/{tag.name}" for group, tag in self.town.wecom.tags.all()), carried

    def on_relations(self, contact: str = LIU) -> dict[str, list[str]]:
        """By member, what a customer carries in WeCom."""
        paths = {tag.id: f"{group.name}/{tag.name}" for group, tag in self.town.wecom.tags.all()}
        follows = self.town.wecom.contacts[contact].follows.values()
        return {follow.userid: sorted(paths[tag] for tag in follow.tags) for follow in follows}

    def on_official(self) -> list[str]:
        return sorted(name for key, name in self.town.wechat.tags.items() if key > 2)

    def followed(self, openid: str = FAN) -> list[str]:
        """What a follower carries on the official account."""
        return sorted(self.town.wechat.tags[key] for key in self.town.wechat.users[openid].tags)

    def tag(self, name: str) -> CorpTag:
        """WeCom's only tag of this name."""
        (found,) = (tag for _, tag in self.town.wecom.tags.all() if tag.name == name)
        return found

    def group_id(self, name: str) -> str:
        group = self.town.wecom.tags.group_named(name)
        assert group
        return group.id

    def written(self, since: int = 0, *paths: str) -> list[Call]:
        """Calls that change something on a platform, or only those of `paths`."""
        wanted = set(paths) or WRITES
        return [call for call in self.town.sandbox.calls[since:] if call.method_or_path in wanted]

    def asked(self, path: str, since: int = 0) -> list[Call]:
        return [call for call in self.town.sandbox.calls[since:] if call.method_or_path == path]

    async def carries(self, contact: str = LIU) -> list[str]:
        return (await self.ours())[1].get(contact, [])

    async def sync(self, account: str = "wecom") -> Sync:
        return await Sync.get(account=account)

    async def boss_reads(self, deed: Awaitable[object]) -> str:
        """What the boss is told, in Telegram and WeCom, because of what happens."""
        before = len(self.town.telegram_texts()), len(self.town.wecom_texts(BOSS))
        await deed
        await self.town.settled()
        return "\n".join((*self.town.telegram_texts()[before[0] :], *self.town.wecom_texts(BOSS)[before[1] :]))


def bodies(calls: Iterable[Call]) -> list[Any]:
    return [call.body for call in calls]
