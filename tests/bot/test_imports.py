"""Tables of other systems are taken over row by row: each counts once, and what is no good is told with the reason."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from bot.database import opened
from models.audit import AuditEntry
from models.behaviours import Behaviour
from models.customers import Customer, Identity
from models.fields import instant
from models.orders import Counted, Order
from models.search import Searchable
from tests.bot.test_commands import Say, config, say

__all__ = ["config", "say"]
AT = instant(1_772_442_000_000)
Found = TypeVar("Found")


def there(url: str, ask: Callable[[], Awaitable[Found]]) -> Found:
    async def asked() -> Found:
        async with opened(url):
            return await ask()

    return asyncio.run(asked())


@pytest.fixture
def people(database_url: str) -> str:
    """C1 with a phone and an account, C2 and C3 with one phone."""

    async def settle() -> None:
        for name, phone in (("张三", "+8613800000001"), ("李四", "+8613800000002"), ("李四", "+8613800000002")):
            customer = await Customer.create(name=name, phone=phone, created_at=AT, seen_at=AT)
            await Searchable.index(customer.id, names=[name], phones=[phone], ids=[], company="")
        await Identity.create(customer_id=1, account="tg", external_id="77", state_at=AT, added_at=AT)

    there(database_url, settle)
    return database_url


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, encoding: str = "utf-8") -> Path:
        file = tmp_path / "table.csv"
        file.write_bytes("\r\n".join(lines).encode(encoding))
        return file

    return write


Write = Callable[..., Path]
ORDERS = "customer,number,amount,at,currency,state"


def test_orders_are_taken_over_once(say: Say, config: Path, people: str, table: Write) -> None:
    rows = [
        ORDERS,
        "C1,A1,1999.50,2026-03-01 15:30,,",
        "138 0000 0001,A2,5,2026-03-01,USD,paid",
        "tg:77,A3,7,2026/3/2,,open",
    ]
    file = table(*rows)
    assert say("orders", "import", file, "-c", config)[:2] == (
        0,
        "reading table.csv  3 of 3\n3 new, 0 changed, 0 known already, 0 rejected\n",
    )
    assert "0 new, 0 changed, 3 known already" in say("orders", "import", file, "-c", config)[1]
    table(*rows[:-1], "C1,A3,7,2026/3/2,,已支付", "C1,A4,1,2026-03-02T00:00:00Z,,")
    assert "1 new, 1 changed, 2 known already" in say("orders", "import", file, "-c", config)[1]
    customer = there(people, lambda: Customer.get(id=1))
    assert (customer.orders, customer.amount) == (4, 199_950 + 700 + 100)
    assert customer.last_order_at == datetime(2026, 3, 2, tzinfo=UTC)
    first = there(people, lambda: Order.get(number="A1"))
    assert (first.at, first.source) == (datetime(2026, 3, 1, 7, 30, tzinfo=UTC), "import")
    assert "1 new" in say("orders", "import", table(ORDERS, "C1,A1,1,2026-03-01,,"), "--source", "app", "-c", config)[1]
    trail = there(people, lambda: AuditEntry.all().order_by("number"))
    assert [entry.typed for entry in trail] == ["orders import table.csv"] * 4
    assert trail[0].detail == "3 new, 0 changed, 0 known already, 0 rejected"


def test_what_is_no_good_is_written_beside_with_the_reason(say: Say, config: Path, people: str, table: Write) -> None:
    bad = {
        "C9,1,5,2026-03-01": "there is no customer C9",
        "13800000002,2,5,2026-03-01": "several customers have this phone number: C2, C3",
        "13800000003,3,5,2026-03-01": "no customer has this phone number",
        "tg:78,4,5,2026-03-01": "nobody has the account tg:78",
        "wx:77,5,5,2026-03-01": "customer is neither C12 nor a phone number nor ACCOUNT:ID: wx:77",
        ",6,5,2026-03-01": "customer is empty",
        "C1,,5,2026-03-01": "number is empty",
        f"C1,{'9' * 129},5,2026-03-01": "number is longer than 128 characters",
        "C1,7,5.001,2026-03-01": "amount is no amount of CNY: 5.001",
        "C1,8,-5,2026-03-01": "amount is no amount of CNY: -5",
        "C1,9,NaN,2026-03-01": "amount is no amount of CNY: NaN",
        "C1,9,1e999999,2026-03-01": "amount is no amount of CNY: 1e999999",
        'C1,9,"199,50",2026-03-01': "amount is no amount of CNY: 199,50",
        "C1,9,1e5,2026-03-01": "amount is no amount of CNY: 1e5",
        "C1,10,5,2026-02-30": "at is no time: 2026-02-30 (2026-03-01 or 2026-03-01 15:30)",
        "C1,11,5,2026-03-01 25:00": "at is no time: 2026-03-01 25:00 (2026-03-01 or 2026-03-01 15:30)",
        "C1,12,5,0026-03-01": "at is no time: 0026-03-01 (2026-03-01 or 2026-03-01 15:30)",
        "C1,13,5,2026-03-01,¥": "currency is no currency: ¥ (CNY, USD)",
        "C1,14,5,2026-03-01,,maybe": "state is none of paid, open, refunded, cancelled: maybe",
        "C1,15,5": "at is empty",
        "C1,1\0,5,2026-03-01": "number has characters that cannot be seen",
    }
    file = table(ORDERS, *bad, "C1,good,5,2026-03-01", "")
    beside = file.with_suffix(".rejected.csv")
    code, out, err = say("orders", "import", file, "--dry-run", "-c", config)
    assert (code, err) == (0, "")
    assert out.endswith(f"1 rows would be taken over\n21 rows were rejected, with the reasons in {beside}\n")
    assert there(people, lambda: Order.all().count()) == 0
    assert there(people, lambda: Counted.all().count()) == 0
    say("orders", "import", file, "-c", config)
    lines = beside.read_text("utf-8-sig").splitlines()
    assert lines[0] == f"{ORDERS},reason"
    assert [line.rpartition(",")[2].strip('"') for line in lines[1:]][:1] == ["there is no customer C9"]
    for line, (row, why) in zip(lines[1:], bad.items(), strict=True):
        assert line.startswith(row)
        assert why in line
    assert [order.number for order in there(people, Order.all)] == ["good"]
    say("orders", "import", table(ORDERS, "C1,good,6,2026-03-01"), "-c", config)
    assert not beside.exists()


def test_a_table_as_excel_writes_it_in_china(say: Say, config: Path, people: str, table: Write) -> None:
    file = table("订单编号;手机号;实付金额;下单时间", '"甲;1";13800000001;"1,234.5";2026年3月1日', encoding="gb18030")
    assert "1 new" in say("orders", "import", file, "-c", config)[1]
    order = there(people, Order.get)
    assert (order.number, order.amount, order.customer_id) == ("甲;1", 123_450, 1)


def test_events_are_taken_over_once(say: Say, config: Path, people: str, table: Write) -> None:
    file = table(
        "customer,event,time", *["C1,viewed,2026-03-01 15:30:01"] * 2, "tg:77,支付,2026-03-01", "C1,pushed,2026-03-01"
    )
    out = say("events", "import", file, "-c", config)[1]
    assert "3 new, 0 changed, 0 known already, 1 rejected" in out
    assert "0 new, 0 changed, 3 known already, 1 rejected" in say("events", "import", file, "-c", config)[1]
    assert "one of our own" in file.with_suffix(".rejected.csv").read_text("utf-8-sig")
    keyed = table("customer,name,at,key", "C1,viewed,2026-03-01,e1", "C1,viewed,2026-03-02,e1")
    assert "1 new, 0 changed, 1 known already" in say("events", "import", keyed, "-c", config)[1]
    found = there(people, lambda: Behaviour.filter(name="viewed").order_by("id"))
    assert (len(found), found[0].at) == (3, datetime(2026, 3, 1, 7, 30, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([""], "is empty"),
        (["customer,number"], "needs the columns customer, number, amount, at; missing: amount, at"),
        ([ORDERS, f'C1,"{"9" * 140_000}'], "is no table: field larger than field limit (131072) in line 2"),
    ],
)
def test_what_is_no_table_is_told_in_one_line(
    say: Say, config: Path, table: Write, lines: list[str], told: str
) -> None:
    code, out, err = say("orders", "import", table(*lines), "-c", config)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert told in err


def test_a_file_that_is_not_there_or_no_text(say: Say, config: Path, tmp_path: Path) -> None:
    assert "cannot be read: No such file" in say("orders", "import", tmp_path / "x.csv", "-c", config)[2]
    (tmp_path / "x.csv").write_bytes(b"\xff\xff\xff")
    assert "neither UTF-8 nor GB18030" in say("events", "import", tmp_path / "x.csv", "-c", config)[2]


@pytest.mark.parametrize("source", ["", "x" * 65, "x\u202e"])
def test_the_system_that_tells_has_a_name(say: Say, config: Path, table: Write, source: str) -> None:
    code, out, err = say("orders", "import", table(ORDERS), "--source", source, "-c", config)
    assert (code, out) == (2, "")
    assert "a name of 1 to 64 characters" in " ".join(err.replace("│", " ").split())


def test_more_rows_than_one_transaction_takes(say: Say, config: Path, people: str, table: Write) -> None:
    file = table(ORDERS, *(f"C{1 + number % 3},{number},1,2026-03-01" for number in range(1_203)))
    assert "1,203 new" in say("orders", "import", file, "-c", config)[1]
    assert [row.orders for row in there(people, lambda: Customer.all().order_by("id"))] == [401, 401, 401]
