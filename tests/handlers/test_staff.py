"""Here lives what colleagues do for themselves: bind an account, see who they are, choose a language."""

from collections.abc import Awaitable, Callable
from random import SystemRandom

import pytest

from domain.binding import code_in, draw
from domain.messages import Address, CommandMenu
from domain.permissions import Role
from models.customers import Identity
from models.staff import BindCode, Staff, StaffAccount
from tests.clock import Clock
from tests.handlers.phone import Phone

Hire = Callable[..., Awaitable[Phone]]


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
