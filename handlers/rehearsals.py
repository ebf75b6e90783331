"""Here lives the dry run: the same look-ups as in earnest, nothing written, every change told to who asked."""

from collections.abc import Mapping, Sequence

from domain.messages import Address
from domain.reconcile import Bound, Changed, Created, Disputed, Lost, Matched, Step, Vanished, vanishing
from domain.sync import TagContactsRead
from domain.tags import Remote, Shape, path
from handlers.context import Context
from handlers.libraries import Picture
from models.customers import Identity
from models.listings import agreed_there, tags_there
from models.sync import Sync
from models.tags import Tagging

FIRST = 5  # customers who are named
Line = dict[str, str]


async def rehearse(sync: Sync, picture: Picture, steps: Sequence[Step], ctx: Context) -> None:
    """Remember what would become of the library until all is read."""
    gone = vanishing(steps)
    groups = _groups(steps, picture)
    lines = [line for step in steps if (line := _line(step, picture, groups))]
    held = len(gone) if picture.must_wait(gone, sync, ctx.now) else 0
    coming = _coming(steps, picture, groups)
    await sync.note(ctx.now, found={**sync.found, "lines": lines, "held": held, "coming": coming})


async def rehearse_page(event: TagContactsRead, sync: Sync) -> dict[str, int]:
    """How many taggings would come and go; the first of them are remembered by name."""
    account = event.asked.account
    known = await Identity.filter(account=account, external_id__in=sorted({each.id for each in event.contacts}))
    identities, tags = {each.external_id: each for each in known}, await tags_there(account)
    told = {
        (identities[each.id].id, each.member, tags[remote].id)
        for each in event.contacts
        if each.id in identities
        for remote in each.tags or ()
        if remote in tags
    }
    tagged = [each for each in event.contacts if each.id in identities and each.tags is not None]
    relations = {(identities[each.id].id, each.member) for each in tagged}
    agreed = set() if event.tag else await agreed_there([each.id for each in known])
    customers = {each.id: each.customer_id for each in known}
    there = {(customers[identity], tag) for identity, _, tag in told}
    gone = {(customers[identity], tag) for identity, member, tag in agreed - told if (identity, member) in relations}
    carried = await Tagging.tags_of(set(customers.values()))
    paths = {tag.id: tag.path for tag in tags.values()}
    given = sorted((customer, paths[tag]) for customer, tag in there if tag not in carried[customer])
    given += _given(event, {each: customers[row.id] for each, row in identities.items()}, carried, sync)
    taken = sorted((customer, tag) for customer, tag in gone - there if tag in carried[customer])
    first = [[f"C{customer}", "+", name] for customer, name in given]
    first += [[f"C{customer}", "-", paths[tag]] for customer, tag in taken if tag in paths]
    sync.found = {**sync.found, "first": [*sync.found.get("first", []), *first][:FIRST]}
    new = 0 if event.tag else len({each.id for each in event.contacts} - identities.keys())
    return {"given": len(given), "taken": len(taken), "new": new}


def _given(
    event: TagContactsRead, customers: Mapping[str, int], carried: Mapping[int, set[int]], sync: Sync
) -> list[tuple[int, str]]:
    """By whom tags are carried there that would only then be known here."""
    coming: Mapping[str, tuple[int, str]] = sync.found.get("coming", {})
    found = {
        (customers[each.id], coming[remote][1])
        for each in event.contacts
        if each.id in customers
        for remote in each.tags or ()
        if remote in coming and coming[remote][0] not in carried[customers[each.id]]
    }
    return sorted(found)


async def report(sync: Sync, ctx: Context) -> None:
    """In the chat where it was asked for."""
    asked = sync.dry or {}
    counts = await Sync.counts(sync.account, grouped=ctx.house.tags[sync.account].limits.grouped)
    pending = sum(n for level in counts.values() for (word, _), n in level.items() if word == "pending")
    ctx.tell(
        Address(str(asked["account"]), str(asked["chat"])),
        str(asked["language"]),
        "sync/rehearsed",
        account=sync.account,
        channel=ctx.house.accounts.get(sync.account, ""),
        found={"lines": [], "given": 0, "taken": 0, "new": 0, "held": 0, "first": [], **sync.found},
        pending=pending,
    )


def _line(step: Step, picture: Picture, groups: Mapping[str, str]) -> Line | None:  # noqa: PLR0911 - one line per kind of step
    """What would change here; `kind` chooses the words. What only comes to be agreed is no change."""
    match step:
        case Created(remote):
            return _told("new", _path(remote, groups))
        case Matched():
            return None
        case Vanished(bound):
            return _told("gone", _name(bound, picture))
        case Lost(bound):
            return _told("again", _name(bound, picture)) if bound.level == "tag" else None
        case Disputed(bound, theirs):
            return _told("dispute", _name(bound, picture), theirs.name if theirs else "")
        case Changed(bound, ours, _):
            return _change(bound, ours, picture)
        case _:
            return None


def _coming(steps: Sequence[Step], picture: Picture, groups: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """By the platform's id, the tags that have no place there yet: ours if it is one of ours, and its name."""
    found = {}
    for step in steps:
        match step:
            case Created(remote) if remote.level == "tag":
                found[remote.id] = 0, _path(remote, groups)
            case Matched(free, remote) if remote.level == "tag":
                found[remote.id] = free.subject, picture.tags[free.subject].path
    return found


def _path(remote: Remote, groups: Mapping[str, str]) -> str:
    name = remote.shape.name
    return path(groups[remote.shape.group], name) if remote.shape.group in groups else name


def _change(bound: Bound, ours: Shape | None, picture: Picture) -> Line | None:
    was, name = bound.ours, _name(bound, picture)
    if ours is None or ours == was:
        return None
    if was is None:
        return _told("back", name)
    if ours.name != was.name:
        return _told("name", name, ours.name)
    return _told("place" if ours.group != was.group else "order", name)


def _groups(steps: Sequence[Step], picture: Picture) -> Mapping[str, str]:
    """Names of groups by the platform's ids, also of those that are new."""
    here = {remote: picture.groups[group].name for group, remote in picture.groups_there.items()}
    new = [step.remote for step in steps if isinstance(step, Created | Matched) and step.remote.level == "group"]
    return here | {remote.id: remote.shape.name for remote in new}


def _name(bound: Bound, picture: Picture) -> str:
    return picture.tags[bound.subject].path if bound.level == "tag" else picture.groups[bound.subject].name


def _told(kind: str, name: str, other: str = "") -> Line:
    return {"kind": kind, "name": name, "other": other}
