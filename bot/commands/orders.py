"""Here lives `guanxi orders`: what customers bought, taken over from another system's table."""

from typing import TYPE_CHECKING

from bot.commands.frame import CONFIG, ConfigFile, group, settings_of
from bot.commands.tables import DryRun, File, Source, imported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.importing import Kind
    from bot.settings import Settings
    from bot.tables import Row
    from models.orders import Sale

app = group("What customers bought, as another system tells it.")

COLUMNS = {
    "customer": ("客户", "手机", "手机号", "phone"),
    "number": ("订单号", "订单编号", "单号", "order", "order_id"),
    "amount": ("金额", "实付", "实付金额", "total"),
    "at": ("时间", "下单时间", "支付时间", "日期", "time", "date"),
    "currency": ("币种", "货币"),
    "state": ("状态", "订单状态", "status"),
}
STATES = {
    "paid": ("已支付", "已付款", "已完成", "已发货", "交易成功", "completed", "complete", "shipped"),
    "open": ("待支付", "待付款", "未支付", "未付款", "pending", "unpaid"),
    "refunded": ("已退款", "退款", "refund"),
    "cancelled": ("已取消", "已关闭", "交易关闭", "取消", "canceled", "closed"),
}


@app.callback()
def levels() -> None:
    """So that `import` is a word of its own."""


@app.command("import")
def take(file: File, *, source: Source = "import", dry_run: DryRun = False, config: ConfigFile = CONFIG) -> None:
    """Take over orders from a CSV file; say it again with newer rows, each order counts once.

    Columns, in any order: customer (C12, a phone number, or ACCOUNT:ID as in wecom:wmXyz), number, amount (199.00), at
    (2026-03-01 15:30); and if you like currency (else the house's), state (paid, open, refunded, cancelled; else paid).
    """
    settings = settings_of(config)
    imported(settings, file, COLUMNS, 4, _kind(settings, source), dry=dry_run)


def _kind(settings: "Settings", source: str) -> "Kind[Sale]":
    from zoneinfo import ZoneInfo

    from bot.importing import Kind
    from models.orders import Order, Sale

    timezone = ZoneInfo(settings.timezone)

    def read(row: "Row", customer_id: int) -> Sale:
        currency = row.currency("currency", settings.currency)
        number, state = row.text("number", 128), row.one_of("state", STATES, "paid")
        amount, at = row.amount("amount", currency), row.moment("at", timezone)
        return Sale(customer_id, source, number, state, amount, currency, at)  # type: ignore[arg-type]

    async def tell(sales: "Sequence[Sale]") -> tuple[int, int]:
        done = await Order.tell(sales)
        return len(done.new), len(done.changed)

    return Kind("orders", read, tell)
