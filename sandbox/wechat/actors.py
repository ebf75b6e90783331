"""What the users of the official account do; every verb is a real callback."""

from typing import Any, Final

from sandbox.media import MediaShelf
from sandbox.postman import Answer
from sandbox.stage import Stage
from sandbox.tokens import TokenBook
from sandbox.wechat.account import Account, Grant, User
from sandbox.wechat.post import AccountPost

MESSAGE_QUOTA: Final = (5, 48 * 3600)
ACTION_QUOTA: Final = (3, 60)
MENU_EVENTS: Final = ("CLICK", "scancode_push", "scancode_waitmsg")


class WeChat(Account):
    """Every verb returns the server's answer; `answer.reply` is the decrypted passive reply or None."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, TokenBook(stage.clock), MediaShelf(stage.clock), AccountPost(stage))

    def add_user(self, openid: str, name: str = "", scene: str = "") -> User:
        """A follower, known to the platform and not told to the server."""
        user = self.users.setdefault(openid, User(openid, name, self.stage.now(), scene=scene))
        user.is_follower = True
        return user

    def recall(self, openid: str, heard_at: float) -> None:
        """A follower from before this run, whose last message may still be answered."""
        count, seconds = MESSAGE_QUOTA
        self.add_user(openid).grants["message"] = Grant(count, heard_at + seconds)

    def revoke_token(self) -> None:
        """The platform takes every token back before its time."""
        self.tokens.revoke()

    async def verify_url(self, echo: str = "5927782489442352469") -> Answer:
        """The answer's text must be `echo` itself."""
        return await self.post.verify_url(echo)

    async def user_says(self, openid: str, text: str, msg_id: str | None = None) -> Answer:
        self._show(openid, {"type": "text", "text": text})
        return await self._message(openid, "text", {"Content": text}, msg_id)

    async def user_sends(self, openid: str, msgtype: str, msg_id: str | None = None, **fields: Any) -> Answer:
        """Any other message; `fields` as in the XML, e.g. `MediaId=…, PicUrl=…`."""
        self._show(openid, {"type": msgtype, "name": ""})
        return await self._message(openid, msgtype, fields, msg_id)

    async def follow(self, openid: str, scene: str = "", name: str = "") -> Answer:
        """`scene`: the scene of a parametric QR code."""
        user = self.add_user(openid, name, scene)
        user.subscribed_at = self.stage.now()
        user.grants["follow"] = self._grant(*ACTION_QUOTA)
        self._note(openid, "followed")
        ticket = self._ticket(scene) if scene else None
        return await self.event(openid, "subscribe", EventKey=f"qrscene_{scene}" if scene else "", Ticket=ticket)

    async def unfollow(self, openid: str) -> Answer:
        user = self.add_user(openid)
        user.is_follower = False
        user.tags.clear()
        user.grants.clear()
        self._note(openid, "unfollowed")
        return await self.event(openid, "unsubscribe", EventKey="")

    def refuse(self, openid: str) -> None:
        """A follower switches off what the account sends of itself; no callback tells the server."""
        self.add_user(openid).refuses = True

    async def scan(self, openid: str, scene: str) -> Answer:
        """A follower scans a parametric QR code."""
        self.add_user(openid).grants["scan"] = self._grant(*ACTION_QUOTA)
        self._note(openid, "scanned")
        return await self.event(openid, "SCAN", EventKey=scene, Ticket=self._ticket(scene))

    async def click(self, openid: str, key: str) -> Answer:
        """A follower presses a menu button."""
        return await self.event(openid, "CLICK", EventKey=key)

    async def event(self, openid: str, event: str, **fields: Any) -> Answer:
        """Any event of one person."""
        user = self.users.setdefault(openid, User(openid, subscribed_at=self.stage.now()))
        if event in MENU_EVENTS:
            user.grants["menu"] = self._grant(*ACTION_QUOTA)
        head = {"FromUserName": openid, "CreateTime": self.stage.now(), "MsgType": "event", "Event": event}
        return await self._tell(openid, head | fields)

    async def post_raw(self, xml_plaintext: str, openid: str = "") -> Answer:
        """Deliver exactly this text, sealed in safe mode."""
        answer = await self.post.send(xml_plaintext, openid)
        self._show_reply(openid, answer)
        return answer

    async def _message(self, openid: str, msgtype: str, fields: dict[str, Any], msg_id: str | None) -> Answer:
        self.add_user(openid).grants["message"] = self._grant(*MESSAGE_QUOTA)
        head = {"FromUserName": openid, "CreateTime": self.stage.now(), "MsgType": msgtype}
        return await self._tell(openid, head | fields | {"MsgId": int(msg_id or self.stage.ids.message())})

    async def _tell(self, openid: str, fields: dict[str, Any]) -> Answer:
        answer = await self.tell(openid, fields)
        self._show_reply(openid, answer)
        return answer

    def _grant(self, count: int, seconds: float) -> Grant:
        return Grant(count, self.stage.clock() + seconds)

    def _ticket(self, scene: str) -> str:
        """The ticket under which the QR code of this scene was made."""
        known = next((ticket for ticket, made_for in self.tickets.items() if made_for == scene), "")
        return known or self.stage.ids.code("gQ", 36)

    def _show_reply(self, openid: str, answer: Answer) -> None:
        if answer.reply is not None:
            text = answer.reply.get("Content") or f"[{answer.reply.get('MsgType')}]"
            self.give(openid, "answer", {"type": "text", "text": str(text)})
        elif answer.is_taken and answer.text not in ("", "success"):
            self._note(openid, "service_unavailable")

    def _show(self, openid: str, content: dict[str, Any]) -> None:
        self.stage.show(f"wechat:{openid}", "person", content)

    def _note(self, openid: str, key: str) -> None:
        self.stage.show(f"wechat:{openid}", "note", {"type": "note", "key": key, "values": {}})
