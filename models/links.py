"""Here live the addresses that are opened through us, so that it is known who opened them."""

from tortoise import fields
from tortoise.models import Model

from models.pushes import Push


class Link(Model):
    """One address in one push; what a recipient's copy of it is called is computed, not kept (domain/links.py)."""

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
