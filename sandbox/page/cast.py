"""The people of the chat page: three customers and two staff chats."""

from typing import Final

from sandbox.telegram import Telegram
from sandbox.wecom import WeCom

FOLLOWER: Final = "oSandboxCustomer00000000001"
FRIEND: Final = "wmSandboxContact0000000000001"
FRIEND_NAME: Final = "刘洋"
SALES: Final = "wangfang"
SALES_NAME: Final = "王芳"
ADMIN: Final = "admin-userid"
TELEGRAM_CUSTOMER: Final = 50001
TELEGRAM_ADMIN: Final = 10001

CHATS: Final = {
    "official": f"wechat:{FOLLOWER}",
    "telegram": f"telegram:{TELEGRAM_CUSTOMER}",
    "contact": f"wecom-contact:{FRIEND}",
    "wecom-staff": f"wecom:{ADMIN}",
    "telegram-staff": f"telegram:{TELEGRAM_ADMIN}",
}
"""The chat that each phone of the page shows."""


def enter(wecom: WeCom, telegram: Telegram) -> None:
    """Put everybody in place; the staff have already pressed Start, the customers are yet unknown to the server."""
    wecom.add_member(ADMIN, "管理员")
    wecom.add_member(SALES, SALES_NAME)
    telegram.person(TELEGRAM_CUSTOMER, first_name="Mia", last_name="Novak", username="mia_novak", language_code="en")
    telegram.person(TELEGRAM_ADMIN, first_name="管理员", language_code="zh").has_started = True
