"""Here lives who is and was in which group chat: members who come and go, one by one or as a platform tells all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain import groups
from models import rows
from models.customers import Identity
from models.database import insert_many
from models.fields import instant
from models.groups import Group, GroupLabel, GroupMember
from models.sql import select

COUNTED = """SELECT group_id, COUNT(*) AS n FROM group_member WHERE left_at IS NULL AND group_id IN ({ids})
    GROUP BY group_id"""
OF_CUSTOMER = """SELECT g.id, g.title FROM identity AS i
    JOIN group_member AS m ON m.external_id = i.external_id AND m.left_at IS NULL
    JOIN group_chat AS g ON g.id = m.group_id AND g.account = i.account AND g.gone_at IS NULL
    WHERE i.customer_id = $1 ORDER BY g.id"""
LATELY = """SELECT m.external_id, m.name, m.staff, m.joined_at, m.left_at, i.name AS known, c.id AS customer_id,
    c.name AS called, c.owner_id, c.attendant_id, s.name AS colleague
    FROM group_member AS m JOIN group_chat AS g ON g.id = m.group_id
    LEFT JOIN identity AS i ON i.account = g.account AND i.external_id = m.external_id
    LEFT JOIN customer AS c ON c.id = i.customer_id
    LEFT JOIN staff_account AS a ON a.account = g.account AND a.external_id = m.external_id
    LEFT JOIN staff AS s ON s.id = a.staff_id
    WHERE m.group_id = $1 AND {which} ORDER BY {at} DESC, m.id DESC LIMIT $2"""
WHICH = {
    True: ("m.left_at IS NULL AND m.joined_at IS NOT NULL", "m.joined_at"),
    False: ("m.left_at IS NOT NULL", "m.left_at"),
}


@dataclass(frozen=True, slots=True)
class Moves:
    """Who came and who left, as the platform calls them."""

    came: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One who came or left lately, at that moment; `customer_id` and whose they are where it is a customer of ours."""

    at: datetime
    name: str
    customer_id: int | None
    owner_id: int | None
    attendant_id: int | None
    colleague: str


async def moved(group: Group, ids: Collection[str], at: datetime, *, came: bool) -> Moves:
    """These came, or left, at that moment; what is news of it. Whoever asks holds the group."""
    known = {row.external_id: row for row in await GroupMember.filter(group_id=group.id, external_id__in=list(ids))}
    news = [one for one in dict.fromkeys(ids) if _is_news(known.get(one), at, came=came)]
    if came:
        await _write(group, known, [groups.GroupMember(one, joined_at=at) for one in news])
        return Moves(came=tuple(news))
    await GroupMember.filter(group_id=group.id, external_id__in=news).update(left_at=at)
    columns, unknown = ("group_id", "external_id", "left_at"), [(group.id, one, at) for one in news if one not in known]
    await insert_many(GroupMember, columns, unknown, conflict=("group_id", "external_id"))
    return Moves(left=tuple(news))


async def told(group: Group, members: Sequence[groups.GroupMember], at: datetime) -> Moves:
    """These are all who are in it, as read from `at` on; whoever is not among them has left. Whoever asks holds it."""
    known = {row.external_id: row for row in await GroupMember.filter(group_id=group.id)}
    there = {one.id: one for one in members}
    came = [one for one in there.values() if one.id not in known or known[one.id].left_at is not None]
    left = [row.external_id for row in known.values() if row.left_at is None and row.external_id not in there]
    await _write(group, known, there.values())
    await GroupMember.filter(group_id=group.id, external_id__in=left).update(left_at=at)
    return Moves(tuple(one.id for one in came), tuple(left))


async def counts(ids: Collection[int]) -> dict[int, int]:
    """How many are in each of these groups, as far as we were told."""
    if not ids:
        return {}
    marks = ", ".join(f"${place}" for place in range(1, len(ids) + 1))
    return {int(row["group_id"]): int(row["n"]) for row in await select(COUNTED.format(ids=marks), *ids)}


async def labels(ids: Collection[int]) -> dict[int, list[str]]:
    """What each of these groups is labelled, in the order in which it was."""
    found: dict[int, list[str]] = {number: [] for number in ids}
    for row in await GroupLabel.filter(group_id__in=list(ids)).order_by("id"):
        found[row.group_id].append(row.name)
    return found


async def lately(group: Group, most: int, *, came: bool) -> list[Seen]:
    """The last who came, or left."""
    which, at = WHICH[came]
    found = await select(LATELY.format(which=which, at=at), group.id, most)
    return [_seen(row, came=came) for row in found]


async def groups_of(customer_id: int) -> list[tuple[str, str]]:
    """The group chats in which a customer is: id and name."""
    return [(f"Q{row['id']}", str(row["title"])) for row in await select(OF_CUSTOMER, customer_id)]


async def customers_among(account: str, ids: Collection[str]) -> dict[str, int]:
    """Which of these are customers of ours."""
    known = Identity.filter(account=account, external_id__in=list(ids))
    return {str(one): int(customer) for one, customer in await known.values_list("external_id", "customer_id")}


def _is_news(row: GroupMember | None, at: datetime, *, came: bool) -> bool:
    """Platforms tell of one coming twice, and perhaps late."""
    if row is None:
        return True
    latest = max(filter(None, (row.joined_at, row.left_at)), default=None)
    return (row.left_at is not None) is came and (latest is None or latest <= at)


async def _write(group: Group, known: Mapping[str, GroupMember], there: Collection[groups.GroupMember]) -> None:
    """They are in it; what was told of them before and is not told now stays."""
    columns = ("group_id", "external_id", "name", "staff", "source", "joined_at")
    new = [(group.id, one.id, one.name, one.staff, one.source, one.joined_at) for one in there if one.id not in known]
    await insert_many(GroupMember, columns, new, conflict=("group_id", "external_id"))
    for one in there:
        row = known.get(one.id)
        if row is None:
            continue
        told = (one.name or row.name, one.staff, one.source or row.source, one.joined_at or row.joined_at, None)
        if told != (row.name, row.staff, row.source, row.joined_at, row.left_at):
            row.name, row.staff, row.source, row.joined_at, row.left_at = told
            await rows.change(row, "name", "staff", "source", "joined_at", "left_at")


def _seen(row: dict[str, Any], *, came: bool) -> Seen:
    at = instant(int(row["joined_at"] if came else row["left_at"]))
    name = row["called"] or row["known"] or row["name"] or row["external_id"]
    return Seen(at, str(name), row["customer_id"], row["owner_id"], row["attendant_id"], str(row["colleague"] or ""))
