"""Here live the addresses that are opened through us, so that it is known who opened them."""

from collections.abc import Collection
from hashlib import sha256

from tortoise import fields
from tortoise.models import Model

from models.database import insert_many
from models.marks import among
from models.pushes import Push
from models.sql import glance, select

OURS = "SELECT id, url FROM link WHERE {whose} AND {chosen} ORDER BY id DESC"
URL = "SELECT url FROM link WHERE id = $1"


class Link(Model):
    """One address in one push; what a recipient's copy of it is called is computed, not kept (domain/links.py).

    Without a push it is one of a test, which is nobody's.
    """

    id = fields.BigIntField(primary_key=True)
    push: fields.ForeignKeyNullableRelation[Push] = fields.ForeignKeyField(
        "models.Push", related_name="links", null=True
    )
    digest = fields.CharField(64)
    url = fields.TextField()

    push_id: int | None

    class Meta:
        table = "link"
        unique_together = (("push", "digest"),)

    @classmethod
    async def kept(cls, push_id: int | None, urls: Collection[str]) -> dict[str, int]:
        """The number of each of these in this push, which are kept where they were not yet."""
        if not urls:
            return {}
        digests = {url: sha256(url.encode()).hexdigest() for url in urls}
        known = await cls._known(push_id, digests.values())
        rows = [(push_id, digest, url) for url, digest in digests.items() if url not in known]
        if rows:
            await insert_many(cls, ("push_id", "digest", "url"), rows, conflict=("push_id", "digest"))
            known = await cls._known(push_id, digests.values())
        return {url: known[url] for url in digests}

    @classmethod
    async def url_of(cls, link_id: int) -> str | None:
        """Where it leads; asked outside of any transaction."""
        found = await glance(URL, link_id)
        return str(found[0]["url"]) if found else None

    @classmethod
    async def _known(cls, push_id: int | None, digests: Collection[str]) -> dict[str, int]:
        chosen, values = among("digest", digests, 1 if push_id is None else 2)
        whose = "push_id IS NULL" if push_id is None else "push_id = $1"
        given = values if push_id is None else (push_id, *values)
        return {row["url"]: int(row["id"]) for row in await select(OURS.format(whose=whose, chosen=chosen), *given)}
