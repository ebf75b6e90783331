"""A tracked address, from the colleague who writes it to the customer's card that knows who opened it."""

import aiohttp
import pytest

from domain.links import PATH, Opening, code_of
from domain.messages import Text
from models.behaviours import Behaviour
from models.customers import Customer, Identity
from models.links import Link
from models.pushes import Push
from models.recipients import Recipient
from models.staff import Staff
from tests.journeys.town import Town

MIA = 50001
PERSON = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Mobile Safari/604.1"}
ROBOT = {"User-Agent": "TelegramBot (like TwitterBot)"}


async def opened(town: Town, address: str, headers: dict[str, str]) -> tuple[int, str]:
    async with town.http.get(address, headers=headers, allow_redirects=False) as answer:
        status, location = answer.status, answer.headers.get("Location", "")
    await town.settled()
    return status, location


async def sent_to(town: Town) -> Recipient:
    """Mia has got a push with one address in it."""
    await town.telegram.user_says(MIA, "你好")
    await town.settled()
    identity, staff = await Identity.get(account="telegram", external_id=str(MIA)), await Staff.first()
    assert staff
    place = {"staff_id": staff.id, "account": "telegram", "chat": "1", "language": "zh-CN"}
    push = await Push.drafted(
        Text("看 https://example.com/x"), labels=[], accounts=[], values={}, created_at=town.clock(), **place
    )
    return await Recipient.create(
        push_id=push.id, customer_id=identity.customer_id, identity_id=identity.id, account="telegram", way="message"
    )


async def test_a_customer_opens_it_once_and_again(town: Town) -> None:
    row = await sent_to(town)
    link = (await Link.kept(row.push_id, ["https://example.com/x?y=1"]))["https://example.com/x?y=1"]
    address = f"{town.url}{PATH}{code_of(Opening(link, row.id), town.parts.inbox.house.push.link_key)}"
    assert await opened(town, address, ROBOT) == (302, "https://example.com/x?y=1")
    assert await Behaviour.all().count() == 0
    assert await opened(town, address, PERSON) == (302, "https://example.com/x?y=1")
    assert await opened(town, address, PERSON) == (302, "https://example.com/x?y=1")
    assert await Behaviour.filter(name="clicked", customer_id=row.customer_id).count() == 1
    assert (await Customer.get(id=row.customer_id)).clicked_at
    assert await opened(town, f"{address[:-1]}{'A' if address[-1] != 'A' else 'B'}", PERSON) == (404, "")
    assert await opened(town, f"{town.url}{PATH}https:%2F%2Fevil.example", PERSON) == (404, "")


async def test_a_test_leads_on_and_counts_nobody(town: Town) -> None:
    answer = await town.staff_says("试发\n看 https://example.com/x。")
    address = answer.rpartition("看 ")[2].removesuffix("。")
    assert address.startswith(f"{town.url}{PATH}")
    assert await opened(town, address, PERSON) == (302, "https://example.com/x")
    assert await Behaviour.all().count() == 0


async def test_a_visitor_who_knows_no_code_learns_nothing(town: Town) -> None:
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{town.url}{PATH}1") as answer:
        assert answer.status == 404
        assert answer.headers["Cache-Control"] == "no-store"
        assert "链接" in await answer.text()


@pytest.mark.parametrize("path", ["/t", "/t/", "/t/a/b"])
async def test_what_is_no_code_is_no_page(town: Town, path: str) -> None:
    async with town.http.get(f"{town.url}{path}") as answer:
        assert answer.status == 404
