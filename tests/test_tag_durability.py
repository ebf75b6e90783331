"""Whatever is killed while tags are on their way: each is made once, and everybody has theirs, here and there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.pytest_plugin import AiohttpServer

from models.customers import Identity
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.sync import Binding, Mark, Sync
from models.tags import Tag, Tagging
from sandbox import Sandbox, SandboxSettings
from tests.ports import free_port
from tests.processes import ServerProcess, with_tags
from tests.tag_ordeal import MANY, MEMBERS, Ordeal

MARK, ADD = "externalcontact/mark_tag", "externalcontact/add_corp_tag"
CREATE, GIVE = "tags/create", "members/batchtagging"
PAGE = "externalcontact/batch/get_by_user"
SETTLING = ("handlers/settlements.py",)
TELLING = ("handlers/wants.py", "handlers/wishes.py", "models/marks.py")
SENDING = ("bot/outbox.py", "channels/wecom/tags.py", "channels/wechat/tags.py")


@pytest.fixture
async def ordeal(database: str, tmp_path: Path, aiohttp_server: AiohttpServer) -> AsyncIterator[Ordeal]:
    ports = free_port(), free_port()
    secrets = SandboxSettings(server_url=f"http://127.0.0.1:{ports[0]}", base_url=f"http://127.0.0.1:{ports[1]}")
    sandbox = Sandbox(secrets)
    server = ServerProcess(with_tags(tmp_path, secrets, database), secrets.server_url, tmp_path / "server.log")
    ordeal = Ordeal(server, sandbox)
    await sandbox.start()
    await aiohttp_server(sandbox.app, port=ports[1])
    await ordeal.settle()
    yield ordeal
    ordeal.gate.open()
    if not server.is_dead:
        server.kill()
    await sandbox.close()


async def test_a_bulk_of_tags_survives_kills_at_any_moment(ordeal: Ordeal) -> None:
    ordeal.sandbox.wecom.admin.stock("等级", ["VIP"])
    await ordeal.compared()
    lines = 0

    ordeal.commands.append("建标签 活动/双十一 活动/新品")
    await ordeal.dies_before_the_answer({ADD: 1, CREATE: 1})
    ordeal.commands.append(f"打标 {ordeal.named(0, 40)} +VIP +双十一")
    await ordeal.dies_before_the_answer({MARK: 9})
    lines += await ordeal.dies_at_line(30, *SETTLING)
    ordeal.commands += [f"打标 {ordeal.named(40, 80)} +VIP", f"打标 {ordeal.named(0, 20)} -VIP"]
    await ordeal.dies_before_the_answer({GIVE: 1, MARK: 5})
    lines += await ordeal.dies_at_line(300, *SENDING)
    ordeal.commands += ["建标签 活动/返场", f"打标 {ordeal.named(80, 120)} +新品 +返场"]
    await ordeal.dies_before_the_answer({ADD: 1})
    await ordeal.dies_after(8)
    lines += await ordeal.dies_at_line(400, *TELLING)
    await ordeal.compared()
    await ordeal.say()
    await ordeal.drained()

    assert await InboxEvent.filter(account="wecom", state="done").count() == len(ordeal.commands)
    assert lines == 3, "hardly a line was hit: is the road shorter now?"
    wanted = [_wanted(number) for number in range(MANY)]
    assert ordeal.in_wecom() == wanted
    assert ordeal.on_official() == wanted
    assert await _here(ordeal) == wanted
    await nothing_is_open(ordeal)


async def test_a_comparison_that_is_cut_off_goes_on_from_its_page(ordeal: Ordeal) -> None:
    await ordeal.compared()
    for number in range(MANY, MANY + 300):
        ordeal.sandbox.wecom.befriend(MEMBERS[0], f"wm{number}", f"客户{number}")
    await ordeal.kill()
    before = len(ordeal.sandbox.calls)
    await ordeal.dies_before_the_answer({PAGE: 3})
    begun, read = await Sync.get(account="wecom"), ordeal.asked(PAGE, before)
    await ordeal.server.start()
    await ordeal.drained()

    done, pages = await Sync.get(account="wecom"), ordeal.asked(PAGE, before)
    assert len(read) == 3
    assert pages[:4] == [*read, read[-1]], "what was read and kept is read again"
    assert len(pages) == len({str(page) for page in pages}) + 1
    assert (done.run, done.part, done.found["new"]) == (begun.run, "", 300)
    assert await Identity.filter(account="wecom").count() == MANY + 300


def _wanted(number: int) -> list[str]:
    told = {"VIP": 20 <= number < 80, "双十一": number < 40, "新品": number >= 80, "返场": number >= 80}
    return sorted(name for name, is_theirs in told.items() if is_theirs)


async def _here(ordeal: Ordeal) -> list[list[str]]:
    carried = await Tagging.tags_of([customer.id for customer in ordeal.people])
    names = {tag.id: tag.name for tag in await Tag.living()}
    return [sorted(names[tag] for tag in carried[customer.id]) for customer in ordeal.people]


async def nothing_is_open(ordeal: Ordeal) -> None:
    """Each tag is there once, all is settled, and another comparison tells nobody anything."""
    paths = sorted(tag.path for tag in await Tag.living())
    wecom, official = ordeal.libraries()
    assert wecom == paths
    assert official == sorted(path.partition("/")[2] for path in paths)
    assert await Binding.filter(level="tag", retired=False).count() == 2 * len(paths)
    assert await Binding.exclude(sent__isnull=True, reason="", remote_id__not_isnull=True).count() == 0
    marks = set(await Mark.all().values_list("state", "sending", "wanted", "agreed"))
    assert marks <= {("synced", None, True, True), ("synced", None, False, False)}
    assert await OutboxItem.filter(lane__contains=":tags").exclude(state="done").count() == 0
    assert await InboxEvent.filter(state="dead").count() == 0
    said = len(ordeal.sandbox.calls)
    await ordeal.compared()
    assert ordeal.changes(said) == []
