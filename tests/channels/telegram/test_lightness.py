"""Here lives the promise that nobody waits for aiogram before it is needed."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
OPEN_AND_RECEIVE = """
import asyncio, sys
from datetime import UTC, datetime
import aiohttp
from channels import Tools, config_model, open_channel
from domain.channel import CallbackRequest

async def main():
    entry = {"name": "t", "kind": "telegram", "token": "1:x", "webhook_secret": "s", "api_base": "http://127.0.0.1:1"}
    async with aiohttp.ClientSession() as session:
        config = config_model("telegram")(**entry)
        bot = open_channel(config, Tools(session, lambda: datetime.now(UTC), "http://x", {}))
        head = {"x-telegram-bot-api-secret-token": "s"}
        await bot.receive(CallbackRequest("POST", {}, head, b'{"update_id": 1}'))
        await bot.check()

asyncio.run(main())
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"aiogram", "wechatpy", "tortoise"}))
"""


def test_open_receive_and_check_do_not_import_aiogram() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN_AND_RECEIVE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
