"""Failures on request: answers, delays and hang-ups, before or after the effect."""

import aiohttp
import pytest

from sandbox import Sandbox
from tests.sandbox.tiny import Api

BODY = {"touser": "wangfang", "agentid": 1000002, "msgtype": "text", "text": {"content": "hi"}}


async def test_an_error_for_the_next_two_calls(api: Api, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "message/send", times=2, body=sandbox.wecom.refusal(60020))
    codes = [(await api.wecom("message/send", BODY))["errcode"] for _ in range(3)]
    assert codes == [60020, 60020, 0]
    assert len(sandbox.stage.story.told()) == 1


async def test_an_html_page(api: Api, sandbox: Sandbox) -> None:
    sandbox.fail("telegram", "sendmessage", status=502, body="<html>Bad Gateway</html>")
    token = sandbox.stage.settings.telegram_token
    async with api.session.post(f"{api.url}/telegram/bot{token}/sendMessage", json={}) as response:
        assert (response.status, response.content_type) == (502, "text/html")
        assert await response.text() == "<html>Bad Gateway</html>"


@pytest.mark.parametrize(("after_effect", "shown"), [(False, 0), (True, 1)])
async def test_a_hang_up(api: Api, sandbox: Sandbox, after_effect: bool, shown: int) -> None:
    sandbox.fail("wecom", "/cgi-bin/message/send", hang_up=True, after_effect=after_effect)
    with pytest.raises(aiohttp.ClientError):
        await api.wecom("message/send", BODY)
    assert len(sandbox.stage.story.told()) == shown
    assert (sandbox.calls[-1].answer_status, sandbox.calls[-1].answer) == (0, None)


async def test_a_delay_alone_changes_nothing_else(api: Api, sandbox: Sandbox) -> None:
    sandbox.fail("wecom", "message/send", delay=0.01)
    assert (await api.wecom("message/send", BODY))["errcode"] == 0


async def test_other_methods_do_not_fail(api: Api, sandbox: Sandbox) -> None:
    sandbox.fail("wechat", "message/custom/send", status=500)
    assert (await api.wecom("message/send", BODY))["errcode"] == 0
