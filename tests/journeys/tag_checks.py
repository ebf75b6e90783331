"""Here lives what must be so once a history has come to rest: both sides are one, and nothing is left to be said."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.customers import Identity, Relation
from models.inbox import InboxEvent
from models.outbox import OutboxItem
from models.sync import Binding, Mark, Sync
from models.tags import Tag, Tagging, TagGroup
from tests.journeys.histories import CHANGING, Land
from tests.journeys.tag_deeds import History
from tests.journeys.tag_deeds_there import FIRST

NOWHERE = frozenset({"unfollowed", "no_relation"})  # there is nobody to carry it


async def wrong(story: History) -> list[str]:
    """What is not as it must be; empty when all is well."""
    land = story.land
    found = [*await _unfinished(), *await _groups()]
    found += [*await _in_wecom(land), *await _official(land), *await _people(land)]
    before, said = await ours(), len(land.sandbox.calls)
    await land.compare()
    await land.run()
    changes = [call for call in land.sandbox.calls[said:] if call.method_or_path.endswith(CHANGING)]
    found += [f"one more run says {call.method_or_path} {call.body}: {call.answer}" for call in changes]
    if before != (after := await ours()):
        found.append(f"one more run changes us: {before}, {after}")
    return found


async def ours() -> tuple[Any, ...]:
    """Our library, and who carries what."""
    tags = [(tag.id, tag.group.name, tag.name, tag.order) for tag in await Tag.living()]
    groups = [(group.name, group.order) for group in await TagGroup.living()]
    return sorted(tags), sorted(groups), sorted(await Tagging.all().values_list("customer_id", "tag_id"))


def theirs(land: Land) -> tuple[Any, ...]:
    """The platforms' libraries, and who carries what there; in WeCom with the ids, which a move changes."""
    wecom = sorted((group.name, tag.name, group.order, tag.order, tag.id) for group, tag in land.wecom.tags.all())
    follows = {key: {each.userid: sorted(each.tags) for each in c.follows.values()} for key, c in _contacts(land)}
    fans = {user.openid: sorted(user.tags) for user in land.wechat.users.values()}
    return wecom, follows, dict(land.wechat.tags), fans


def _contacts(land: Land) -> Iterable[tuple[str, Any]]:
    return land.wecom.contacts.items()


async def _unfinished() -> list[str]:
    found = [f"buried: {row.key} {row.error} {row.payload}" for row in await InboxEvent.filter(state="dead")]
    waiting = OutboxItem.filter(lane__contains=":tags", state__in=["waiting", "sending", "unsure"])
    found += [f"on its way: {row.state} {row.error} {row.outgoing}" for row in await waiting]
    found += [f"comparing {row.account}: {row.part} {row.reason}" for row in await Sync.exclude(part="")]
    for row in await Binding.all().select_related("tag", "group"):
        is_open = row.sent is not None or row.theirs is not None or row.reason
        if is_open and not (row.reason == "name_taken" and await _is_taken(row)):
            found.append(f"{row.account} {row.tag or row.group}: {row.sent} {row.theirs} {row.reason}")
    marks = Mark.exclude(state="synced").exclude(reason__in=NOWHERE)
    for mark in await marks.select_related("identity", "binding__tag"):
        if mark.binding.reason != "name_taken":
            found.append(f"{mark.identity.external_id}/{mark.member} {mark.binding.tag}: {mark.state} {mark.reason}")
    return found


async def _is_taken(row: Binding) -> bool:
    """Where there are no groups, two of a name cannot be."""
    others = Binding.filter(account=row.account, tag__name=row.tag.name if row.tag else "", remote_id__not_isnull=True)
    return await others.exclude(id=row.id).exists()


async def _groups() -> list[str]:
    return [f"{tag.path} is in a group that is gone" for tag in await Tag.living() if tag.group.gone_at]


async def _in_wecom(land: Land) -> list[str]:
    there = {tag.id: (group.name, tag.name, group.order, tag.order) for group, tag in land.wecom.tags.all()}
    here = {tag.id: (tag.group.name, tag.name, tag.group.order, tag.order) for tag in await Tag.living()}
    return _unlike(there, {remote: here.get(tag) for remote, tag in (await _bound("wecom")).items()})


async def _official(land: Land) -> list[str]:
    """Whose new name is taken keeps its old one there."""
    there = {str(tag): name for tag, name in land.wechat.tags.items() if tag > FIRST}
    here = {tag.id: tag.name for tag in await Tag.living()}
    rows = await Binding.filter(account="official", reason="name_taken", retired=False, remote_id__not_isnull=True)
    here |= {row.tag_id or 0: row.agreed["name"] for row in rows if row.agreed}
    return _unlike(there, {remote: here.get(tag) for remote, tag in (await _bound("official")).items()})


def _unlike(there: Mapping[str, object], here: Mapping[str, object]) -> list[str]:
    """By the platform's ids."""
    keys = sorted({*there, *here})
    return [f"{key}: {there.get(key)} there, {here.get(key)} here" for key in keys if there.get(key) != here.get(key)]


async def _bound(account: str) -> dict[str, int]:
    """Our tags by the platform's ids, without those whose name is taken there."""
    rows = await Binding.filter(account=account, level="tag", retired=False)
    rows = [row for row in rows if row.remote_id or row.reason != "name_taken"]
    return {row.remote_id or f"none for G{row.tag_id}": row.tag_id or 0 for row in rows}


async def _people(land: Land) -> list[str]:
    """Whoever is on a platform carries there what they carry here, and who is a contact of whom is known."""
    found = []
    carried = await Tagging.tags_of([customer.id for customer in land.people])
    for identity in await Identity.filter(account__in=["wecom", "official"]).order_by("id"):
        bound = await _bound(identity.account)
        if identity.account == "wecom":
            follows = land.wecom.contacts[identity.external_id].follows
            lasting = await Relation.filter(identity_id=identity.id, ended_at=None).values_list("userid", flat=True)
            found += [] if set(lasting) == set(follows) else [f"{identity.external_id}: {lasting} here, {set(follows)}"]
            remotes, is_there = {tag for follow in follows.values() for tag in follow.tags}, bool(follows)
        else:
            fan = land.wechat.users[identity.external_id]
            remotes, is_there = {str(tag) for tag in fan.tags}, fan.is_follower
        taken = Binding.filter(account=identity.account, reason="name_taken", retired=False, remote_id=None)
        here = carried[identity.customer_id] - set(await taken.values_list("tag_id", flat=True))
        there = {bound.get(remote, remote) for remote in remotes}
        if is_there and here != there:
            found.append(f"{identity.external_id} carries {here} here, {there} there")
    return found
