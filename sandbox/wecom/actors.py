"""What members and customers of the simulated company do; every verb is a real callback."""

from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from sandbox import markup
from sandbox.callbacks import SealedPost
from sandbox.crypto import Envelope
from sandbox.media import MediaShelf
from sandbox.postman import Answer
from sandbox.stage import Stage
from sandbox.tokens import TokenBook
from sandbox.wecom import broadcasts, cards
from sandbox.wecom.admin import Admin
from sandbox.wecom.corp import Contact, Corp, Department, Follow, Member, Welcome
from sandbox.wecom.groups import Groups
from sandbox.wecom.library import TagLibrary


class About(TypedDict, total=False):
    """More about a new customer; the fields of `Contact`."""

    type: int
    gender: int
    avatar: str
    unionid: str
    corp_name: str


class WeCom(Corp):
    """`half`: the customer added the member without verification."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, TokenBook(stage.clock), MediaShelf(stage.clock), TagLibrary())
        settings = stage.settings
        envelope = Envelope(settings.wecom_token, settings.wecom_aes_key, settings.corp_id)
        url = settings.callback_url(settings.wecom_name)
        self._post = SealedPost(stage, url, envelope, settings.corp_id)
        self.admin = Admin(self, self.system_event)
        self.groups = Groups(self, self.system_event)
        self.departments[1] = Department(1, "示例公司")

    def add_member(self, userid: str, name: str, department: int = 1) -> Member:
        self.members[userid] = Member(userid, name, [department])
        return self.members[userid]

    def block(self, seconds: float, path: str = "") -> None:
        """Calls whose path begins so are over their limit (45009) for a span: `externalcontact/mark_tag`, or all."""
        self.blocked_until[path] = self.stage.clock() + seconds

    def revoke_token(self) -> None:
        """The platform takes every token back before its time."""
        self.tokens.revoke()

    async def verify_url(self, echo: str = "5927782489442352469") -> Answer:
        """The answer's text must be `echo` itself."""
        return await self._post.verify_url(echo)

    async def member_says(self, userid: str, text: str, msg_id: str | None = None) -> Answer:
        self.stage.show(f"wecom:{userid}", "person", {"type": "text", "text": text})
        return await self._message(userid, "text", {"Content": text}, msg_id)

    async def member_sends(self, userid: str, msgtype: str, msg_id: str | None = None, **fields: Any) -> Answer:
        """Any other message; `fields` as in the XML, e.g. `MediaId=…, Format="amr"`."""
        self.stage.show(f"wecom:{userid}", "person", {"type": msgtype, "name": ""})
        return await self._message(userid, msgtype, fields, msg_id)

    async def member_presses(self, userid: str, key: str, task_id: str, response_code: str = "") -> Answer:
        """Press a button of a template card; without a response code the platform makes a fresh one."""
        fields = {
            "EventKey": key,
            "TaskId": task_id,
            "CardType": "button_interaction",
            "ResponseCode": response_code or self._fresh_code(task_id),
        }
        return await self.app_event(userid, "template_card_event", fields)

    def _fresh_code(self, task_id: str) -> str:
        held = [each.card for each in self.response_codes.values() if each.card.card.get("task_id") == task_id]
        return cards.code_for(self, held[0]) if held else self.stage.ids.code("rc")

    async def enter_agent(self, userid: str) -> Answer:
        return await self.app_event(userid, "enter_agent", {"EventKey": ""})

    async def app_event(self, userid: str, event: str, fields: dict[str, Any]) -> Answer:
        """An event that a member causes in the app."""
        head = {"FromUserName": userid, "CreateTime": self.stage.now(), "MsgType": "event", "Event": event}
        return await self.event(head | fields | {"AgentID": self.stage.settings.agent_id})

    async def add_contact(
        self,
        userid: str,
        external_userid: str,
        name: str,
        state: str = "",
        *,
        welcome: bool = True,
        half: bool = False,
        **about: Unpack[About],
    ) -> str:
        """A customer adds a member; returns the welcome code ("" without one)."""
        self.befriend(userid, external_userid, name, state, **about)
        code = self.stage.ids.code() if welcome else ""
        if code:
            self.welcomes[code] = Welcome(userid, external_userid, self.stage.clock())
        change = "add_half_external_contact" if half else "add_external_contact"
        fields = {"State": state or None, "WelcomeCode": code or None}
        self._note(external_userid, "added", member=self.members[userid].name)
        await self.contact_event(change, userid, external_userid, fields)
        return code

    def befriend(self, userid: str, external_userid: str, name: str, state: str = "", **about: Unpack[About]) -> Follow:
        """Make a relation without telling the server, as one that came while it was down."""
        contact = self.contacts.setdefault(external_userid, Contact(external_userid, name, **about))
        contact.name = name
        follow = Follow(userid, self.stage.now(), state)
        contact.follows[userid] = follow
        return follow

    async def member_tags(
        self, userid: str, external_userid: str, add: Sequence[str] = (), drop: Sequence[str] = (), *, told: bool = True
    ) -> None:
        """A member gives a customer company tags and takes some away; `told=False`: the server is not told."""
        follow = self.follow_of(userid, external_userid)
        follow.tags = [tag_id for tag_id in dict.fromkeys([*follow.tags, *add]) if tag_id not in drop]
        if told:
            await self.contact_event("edit_external_contact", userid, external_userid)

    async def contact_deletes_member(self, userid: str, external_userid: str) -> Answer:
        self.contacts[external_userid].follows.pop(userid, None)
        self._note(external_userid, "deleted_member", member=self.members[userid].name)
        return await self.contact_event("del_follow_user", userid, external_userid)

    async def member_deletes_contact(self, userid: str, external_userid: str, source: str = "") -> Answer:
        """`source`: `DELETE_BY_TRANSFER` when the platform moved the customer to a taker."""
        self.contacts[external_userid].follows.pop(userid, None)
        self._note(external_userid, "deleted_by_member", member=self.members[userid].name)
        return await self.contact_event("del_external_contact", userid, external_userid, {"Source": source or None})

    def confirm_broadcast(self, msgid: str, userid: str) -> None:
        """A member presses send on a group send task; the server learns it only by asking."""
        broadcasts.confirm(self, msgid, userid)

    async def contact_event(
        self, change: str, userid: str, external_userid: str, fields: dict[str, Any] | None = None
    ) -> Answer:
        """A change_external_contact event: edit_external_contact, transfer_fail …"""
        named = {"ChangeType": change, "UserID": userid, "ExternalUserID": external_userid}
        return await self.system_event("change_external_contact", named | (fields or {}))

    async def system_event(self, event: str, fields: dict[str, Any]) -> Answer:
        """An event that comes from `sys`: contacts, customers, tags, customer groups."""
        head = {"FromUserName": "sys", "CreateTime": self.stage.now(), "MsgType": "event", "Event": event}
        return await self.event(head | fields)

    async def event(self, xml_fields: dict[str, Any]) -> Answer:
        """Any callback; `ToUserName` is added."""
        return await self.post_raw(markup.write({"ToUserName": self.stage.settings.corp_id, **xml_fields}))

    async def post_raw(self, xml_plaintext: str) -> Answer:
        """Seal and deliver exactly this text."""
        head = {"AgentID": str(self.stage.settings.agent_id)}
        return await self._post.send(xml_plaintext, head, self._post.stamp())

    async def _message(self, userid: str, msgtype: str, fields: dict[str, Any], msg_id: str | None) -> Answer:
        head = {"FromUserName": userid, "CreateTime": self.stage.now(), "MsgType": msgtype}
        number = int(msg_id or self.stage.ids.message())
        answer = await self.event(head | fields | {"MsgId": number, "AgentID": self.stage.settings.agent_id})
        self._show_reply(userid, answer)
        return answer

    def _show_reply(self, userid: str, answer: Answer) -> None:
        if answer.reply and answer.reply.get("MsgType") == "text":
            self.stage.show(f"wecom:{userid}", "company", {"type": "text", "text": answer.reply.get("Content", "")})

    def _note(self, external_userid: str, key: str, **values: str) -> None:
        self.stage.show(f"wecom-contact:{external_userid}", "note", {"type": "note", "key": key, "values": values})
