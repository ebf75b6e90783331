import subprocess
import sys

BOTH_AT_ONCE = '''
import asyncio, sys, time
from channels.wechatpy_api import api

class Slowly:
    """Whoever imports a module lets the other thread go on first."""

    @staticmethod
    def find_spec(name, path, target=None):
        time.sleep(0.001 if name.startswith("wechatpy") else 0)

sys.meta_path.insert(0, Slowly)

async def ask(*_):
    return {}

async def main():
    await asyncio.gather(
        api("wechatpy.work.client.api.external_contact", "WeChatExternalContact", ask),
        api("wechatpy.client.api", "WeChatTag", ask),
    )

asyncio.run(main())
'''


def test_two_platforms_that_begin_at_once_do_not_wait_for_each_other() -> None:
    """In a process of its own: wechatpy is imported once in each."""
    command = [sys.executable, "-c", BOTH_AT_ONCE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
