from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor import BaseSchemaEditor, SqliteSchemaEditor

from models import snapshots, touched


async def make(_apps: object, editor: BaseSchemaEditor) -> None:
    """Written by hand: Tortoise knows no triggers, and the pieces of an index are no rows of a model."""
    sqlite = isinstance(editor, SqliteSchemaEditor)
    made = (touched.sqlite(), snapshots.sqlite()) if sqlite else (touched.postgres(), snapshots.postgres())
    for statement in (*made[0], *made[1]):
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]

    operations = [ops.RunPython(make)]
