"""Here lives what colleagues do for themselves: bind an account, see who they are, choose a language."""

from collections.abc import Awaitable, Callable
from random import SystemRandom

import pytest

from domain.codes import code_in, draw
from domain.events import StaffChanged
from domain.messages import Address, CommandMenu, OutboundMessage, words
from domain.permissions import Role
from domain.plans import Draft
from models.customers import Customer, Identity
from models.dialogs import Dialog
from models.plans import Plan
from models.staff import BindCode, Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.phone import Phone
from tests.racing import overlapping

Hire = Callable[..., Awaitable[Phone]]
Meet = Callable[..., Awaitable[Customer]]
LILEI, RENAMED = Address("wecom", "lilei"), Address("wecom", "li.lei")


@pytest.fixture
async def code(hire: Hire, clock: Clock) -> str:
    await hire("李雷")
    return await (await Staff.get(name="李雷")).issue_code(clock(), SystemRandom())


async def test_a_code_binds_an_account(stranger: Phone, code: str) -> None:
    assert "绑好了，李雷！你的身份是销售" in await stranger.say(f"绑定 {code}")
    staff = await Staff.behind(stranger.address)
    assert staff is not None
    assert staff.name == "李雷"
    assert "李雷，销售" in await stranger.say("我是谁")


@pytest.mark.parametrize("form", ["bind {}", "/bind {}", "绑定：{}", "BIND {}", "绑定　{} "])
async def test_a_code_in_any_form(stranger: Phone, code: str, form: str) -> None:
    assert "李雷" in await stranger.say(form.format(code.lower()))


async def test_binding_offers_the_commands_of_the_role(stranger: Phone, code: str) -> None:
    await stranger.say(f"绑定 {code}")
    (menu,) = [out for out in stranger.sent if isinstance(out, CommandMenu)]
    assert menu.to == stranger.address
    assert ("find", "按名字、拼音、电话或编号找客户") in menu.commands


async def test_a_code_works_once(stranger: Phone, code: str, clock: Clock) -> None:
    await stranger.say(f"绑定 {code}")
    second = Phone(Address("telegram", "778"), clock, stranger.house)
    assert "绑定码不对" in await second.say(f"绑定 {code}")


@pytest.mark.parametrize(
    ("typed", "wrong", "locked"),
    [("bind 7K3F9Q", "That code is wrong", "15 minutes"), ("绑定 7K3F9Q", "绑定码不对", "15 分钟")],
)
async def test_a_stranger_is_answered_in_the_language_of_the_verb(
    stranger: Phone, typed: str, wrong: str, locked: str
) -> None:
    assert [wrong in await stranger.say(typed) for _ in range(5)] == [True] * 5
    assert locked in await stranger.say(typed)


async def test_a_code_is_old_after_ten_minutes(stranger: Phone, code: str, clock: Clock) -> None:
    clock.forward(minutes=10)
    assert "绑定码不对" in await stranger.say(f"绑定 {code}")


async def test_a_new_code_makes_the_old_one_worthless(stranger: Phone, code: str, clock: Clock) -> None:
    newer = await (await Staff.get(name="李雷")).issue_code(clock(), SystemRandom())
    assert "绑定码不对" in await stranger.say(f"绑定 {code}")
    assert "绑好了" in await stranger.say(f"绑定 {newer}")


async def test_a_code_of_somebody_who_left_is_worthless(stranger: Phone, code: str) -> None:
    await Staff.filter(name="李雷").update(active=False)
    assert "绑定码不对" in await stranger.say(f"绑定 {code}")


async def test_five_wrong_codes_lock_the_account_for_a_while(stranger: Phone, code: str, clock: Clock) -> None:
    for _ in range(5):
        assert "绑定码不对" in await stranger.say("绑定 222222")
    assert "试错太多次" in await stranger.say(f"绑定 {code}")
    clock.forward(minutes=15)
    fresh = await (await Staff.get(name="李雷")).issue_code(clock(), SystemRandom())
    assert "绑好了" in await stranger.say(f"绑定 {fresh}")


async def test_a_code_is_not_kept(code: str) -> None:
    (row,) = await BindCode.all()
    assert code not in row.code_hash
    assert len(row.code_hash) == 64


async def test_what_is_no_code_is_a_customers_message(stranger: Phone, house: object) -> None:
    await stranger.say("绑定手机怎么操作")
    assert await Identity.of(stranger.address)


async def test_an_account_is_bound_to_one_person(hire: Hire, clock: Clock) -> None:
    phone = await hire("李雷")
    await hire("韩梅梅")
    code = await (await Staff.get(name="韩梅梅")).issue_code(clock(), SystemRandom())
    assert await phone.say(f"绑定 {code}") == "这个账号已经是 李雷 的，不用再绑。"


def test_codes_have_a_digit_and_no_letters_that_look_like_one() -> None:
    random = SystemRandom()
    for _ in range(500):
        code = draw(random)
        assert code_in(code) == code
        assert not set(code) & set("01ILO")


@pytest.mark.parametrize("text", ["please", "12345", "1234567", "ABC 123", "密码12345", "ABCD1é", ""])
def test_what_a_code_never_looks_like(text: str) -> None:
    assert code_in(text) is None


async def test_whoami_tells_identity_and_rights(hire: Hire) -> None:
    phone = await hire("韩梅梅", Role.MANAGER)
    answer = await phone.say("我是谁")
    assert answer.splitlines() == [
        "韩梅梅，经理",
        "权限：能看和跟进所有客户",
        f"Telegram：{phone.address.id}",
        "语言：中文（换成英文：语言 英文）",
    ]


async def test_the_language_is_remembered(hire: Hire) -> None:
    phone = await hire("Lucy")
    assert await phone.say("语言 英文") == "Done, I speak English from now on."
    assert (await phone.say("whoami")).startswith("Lucy, sales")
    assert any(isinstance(out, CommandMenu) for out in phone.sent) is False
    assert await phone.say("lang 中文") == "好，从现在起我说中文。"
    (menu,) = [out for out in phone.sent if isinstance(out, CommandMenu)]
    assert menu.language == ""


async def test_a_language_nobody_speaks(hire: Hire) -> None:
    phone = await hire("李雷")
    answer = await phone.say("语言 火星文")
    assert answer == "「火星文」我没看懂。\n写法：语言 中文 或 语言 英文\n例：语言 英文"
    assert "现在用的是中文" in await phone.say("语言")


async def test_the_use_of_an_account_is_remembered_once_a_minute(hire: Hire, clock: Clock) -> None:
    phone = await hire("李雷")
    start = clock()
    clock.forward(seconds=50)
    await phone.say("我是谁")
    assert (await StaffAccount.get(external_id=phone.address.id)).used_at == start
    clock.forward(seconds=20)
    await phone.say("我是谁")
    assert (await StaffAccount.get(external_id=phone.address.id)).used_at == clock()


@pytest.fixture
async def lilei(hire: Hire, clock: Clock) -> Phone:
    """Somebody with a chat account in WeCom, too."""
    phone = await hire("李雷")
    await StaffAccount.bind(LILEI, await Staff.get(name="李雷"), clock())
    return phone


def left(clock: Clock, member: Address = LILEI, new_id: str = "") -> StaffChanged:
    return StaffChanged(clock(), member, "updated", new_id=new_id, active=False)


def told(phone: Phone, person: Phone) -> str:
    """What somebody was told while something happened at `phone`."""
    said = [out for out in phone.sent if isinstance(out, OutboundMessage) and out.to == person.address]
    return "\n".join(words(out.content) for out in said)


async def test_who_leaves_wecom_is_a_stranger_everywhere(lilei: Phone, stranger: Phone, clock: Clock) -> None:
    assert "李雷" in await lilei.say("我是谁")
    await stranger.meet(left(clock))
    assert await Staff.behind(LILEI) is None
    assert await Staff.behind(lilei.address) is None
    assert CommandMenu(lilei.address, "", ()) in stranger.sent
    await lilei.say("我是谁")
    assert await Identity.of(lilei.address)


async def test_nothing_that_they_began_can_be_ended(lilei: Phone, stranger: Phone, clock: Clock) -> None:
    staff = await Staff.get(name="李雷")
    await staff.issue_code(clock(), SystemRandom())
    await Dialog.offer(staff, lilei.address, {"1": "show C1"}, clock.forward(minutes=1))
    plan = await Plan.propose(staff, lilei.address, Draft("merge", "M1", {}, needs_approval=True), "7K3F", clock())
    assert plan is not None
    await stranger.meet(left(clock))
    assert await Dialog.all().count() == await BindCode.all().count() == 0
    assert not await plan.approve(staff, clock())
    assert (await Plan.get()).state == "cancelled"


async def test_managers_are_told_whose_customers_need_somebody(
    lilei: Phone, stranger: Phone, hire: Hire, meet: Meet, clock: Clock
) -> None:
    boss, elsewhere = await hire("韩梅梅", Role.MANAGER), await hire("赵强", Role.MANAGER)
    await hire("小王")
    await Staff.filter(name="赵强").update(team="南区")
    ids = [(await meet(f"客户{n}", owner="李雷")).short_id for n in range(8)]
    await meet("别人的", owner="小王")
    await stranger.meet(left(clock))
    assert told(stranger, boss).splitlines() == [
        "李雷 的账号停用了（企业微信里已停用或离职），不能再用我了。",
        f"名下还有 8 位客户：{'、'.join(f'{ids[n]} 客户{n}' for n in range(7, 1, -1))}……",
        f"请分给别的同事，例如：分配 {ids[-1]} @名字",
        "其余的看：线索 @李雷",
    ]
    assert "客户0" in await boss.say("线索 @李雷") + await boss.say("更多")
    assert told(stranger, elsewhere) == ""
    assert "小王" in await boss.say(f"分配 {ids[0]} @小王")


async def test_nobody_is_told_twice(lilei: Phone, stranger: Phone, hire: Hire, clock: Clock) -> None:
    boss = await hire("韩梅梅", Role.MANAGER)
    await stranger.meet(left(clock))
    assert "名下没有客户" in told(stranger, boss)
    for event in (left(clock), StaffChanged(clock(), LILEI, "deleted", active=False)):
        await stranger.meet(event)
        assert stranger.sent == []


async def test_who_is_back_in_wecom_waits_for_an_administrator(lilei: Phone, stranger: Phone, clock: Clock) -> None:
    await stranger.meet(left(clock))
    for change in ("updated", "created"):
        await stranger.meet(StaffChanged(clock(), LILEI, change, name="李雷"))
    assert await Staff.behind(LILEI) is None
    assert await (await Staff.get(name="李雷")).come_back()
    assert "李雷" in await lilei.say("我是谁")


async def test_a_new_id_is_the_same_person(lilei: Phone, stranger: Phone, clock: Clock) -> None:
    renamed = StaffChanged(clock(), LILEI, "updated", new_id="li.lei")
    for _ in range(2):
        await stranger.meet(renamed)
        assert await Staff.behind(LILEI) is None
        person = await Staff.behind(RENAMED)
        assert person is not None
        assert person.name == "李雷"


async def test_a_new_id_and_the_end_at_once(lilei: Phone, stranger: Phone, clock: Clock) -> None:
    await stranger.meet(left(clock, new_id="li.lei"))
    assert await Staff.behind(lilei.address) is None


async def test_a_new_id_that_is_somebody_elses_here_is_nobodys(
    lilei: Phone, hire: Hire, stranger: Phone, clock: Clock
) -> None:
    await hire("小王")
    await StaffAccount.bind(RENAMED, await Staff.get(name="小王"), clock())
    await stranger.meet(StaffChanged(clock(), LILEI, "updated", new_id="li.lei"))
    assert await Staff.behind(RENAMED) is await Staff.behind(LILEI) is None
    assert "李雷" in await lilei.say("我是谁")


async def test_members_whom_we_do_not_know_are_nothing(lilei: Phone, stranger: Phone, clock: Clock) -> None:
    for event in (
        left(clock, Address("wecom", "wangfang")),
        StaffChanged(clock(), Address("wecom", "wangfang"), "updated", new_id="wang"),
        StaffChanged(clock(), Address("wecom", "wangfang"), "created", name="王芳"),
    ):
        await stranger.meet(event)
        assert stranger.sent == []
    assert await Staff.filter(active=True).count() == 1
    assert await Customer.all().count() == 0


async def test_of_two_who_say_that_somebody_left_one_is_the_first(lilei: Phone, clock: Clock) -> None:
    first, second = await Staff.get(name="李雷"), await Staff.get(name="李雷")
    assert await overlapping(first.leave, second.leave) == (True, False)


async def test_a_smaller_role_counts_from_the_next_message(hire: Hire, meet: Meet) -> None:
    phone = await hire("韩梅梅", Role.MANAGER)
    customer = await meet("张三", owner="韩梅梅")
    await (await Staff.get(name="韩梅梅")).become(Role.VIEWER)
    assert "要销售以上" in await phone.say(f"记 {customer.short_id} 怕贵")


async def test_a_manager_with_a_team_is_told_whose_customers_they_see(hire: Hire) -> None:
    boss, sales = await hire("老板", Role.MANAGER), await hire("李雷")
    assert "权限：能看和跟进所有客户\n" in await boss.say("我是谁")
    await Staff.all().update(team="华东")
    assert "权限：只看和跟进本团队的、还没人跟的客户（团队：华东）\n" in await boss.say("我是谁")
    assert "权限：能看和跟进自己的、还没人跟的客户\n" in await sales.say("我是谁")
    await boss.say("语言 英文")
    assert "customers and those nobody has yet (team: 华东)\n" in await boss.say("whoami")
