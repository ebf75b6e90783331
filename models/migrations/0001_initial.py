from tortoise import migrations
from tortoise.migrations import operations as ops
from domain.leads import Stage
from domain.permissions import Role
from models.fields import Instant, Octets, Short
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index, PartialIndex

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='BindAttempt',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.CharField(max_length=64)),
                ('external_id', fields.CharField(max_length=128)),
                ('at', Instant()),
            ],
            options={'table': 'bind_attempt', 'app': 'models', 'indexes': [Index(fields=['account', 'external_id', 'at'])], 'pk_attr': 'id', 'table_description': 'How often an unknown chat account has tried a code lately.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Cursor',
            fields=[
                ('account', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('value', fields.CharField(max_length=200)),
            ],
            options={'table': 'cursor', 'app': 'models', 'pk_attr': 'account', 'table_description': "The position in one account's stream, written in the transaction that stores what came before it."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='InboxEvent',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.CharField(max_length=64)),
                ('lane', fields.CharField(max_length=200)),
                ('priority', fields.SmallIntField(default=0)),
                ('state', fields.CharField(default='waiting', max_length=8)),
                ('due_at', Instant()),
                ('queued_at', Instant()),
                ('attempts', fields.SmallIntField(default=0)),
                ('error', fields.CharField(default='', max_length=200)),
                ('key', fields.CharField(max_length=200)),
                ('payload', fields.TextField(unique=False)),
            ],
            options={'table': 'inbox_event', 'app': 'models', 'unique_together': (('account', 'key'),), 'indexes': [PartialIndex(fields=['lane', 'priority', 'id', 'due_at'], name='inbox_lane', condition={'state': 'waiting'}), PartialIndex(fields=['due_at'], name='inbox_dead', condition={'state': 'dead'})], 'pk_attr': 'id', 'table_description': 'An authenticated event as it came. Unique by account and key, so a repeat changes nothing.'},
            bases=['QueueRow'],
        ),
        ops.CreateModel(
            name='OutboxItem',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.CharField(max_length=64)),
                ('lane', fields.CharField(max_length=200)),
                ('priority', fields.SmallIntField(default=0)),
                ('state', fields.CharField(default='waiting', max_length=8)),
                ('due_at', Instant()),
                ('queued_at', Instant()),
                ('attempts', fields.SmallIntField(default=0)),
                ('error', fields.CharField(default='', max_length=200)),
                ('payload', fields.TextField(unique=False)),
                ('reply_to', fields.CharField(default='', max_length=200)),
                ('message_id', fields.BigIntField(null=True)),
                ('expires_at', Instant(null=True)),
                ('platform_id', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'outbox_item', 'app': 'models', 'indexes': [PartialIndex(fields=['lane', 'priority', 'id', 'due_at'], name='outbox_lane', condition={'state': 'waiting'}), PartialIndex(fields=['due_at'], name='outbox_sending', condition={'state': 'sending'}), PartialIndex(fields=['due_at'], name='outbox_dead', condition={'state': 'dead'}), PartialIndex(fields=['due_at'], name='outbox_unsure', condition={'state': 'unsure'}), Index(fields=['message_id']), Index(fields=['account', 'reply_to'])], 'pk_attr': 'id', 'table_description': 'One thing to be carried out by a channel.'},
            bases=['QueueRow'],
        ),
        ops.CreateModel(
            name='Staff',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=64)),
                ('role', fields.CharEnumField(description='VIEWER: viewer\nSALES: sales\nMANAGER: manager\nADMIN: admin', enum_type=Role, max_length=8)),
                ('language', fields.CharField(default='', max_length=8)),
                ('active', fields.BooleanField(default=True)),
                ('created_at', Instant()),
            ],
            options={'table': 'staff', 'app': 'models', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='BindCode',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', db_constraint=True, to_field='id', related_name='codes', on_delete=OnDelete.CASCADE)),
                ('code_hash', fields.CharField(unique=True, max_length=64)),
                ('expires_at', Instant()),
            ],
            options={'table': 'bind_code', 'app': 'models', 'indexes': [Index(fields=['staff_id'])], 'pk_attr': 'id', 'table_description': "A one-time code by which a chat account becomes somebody's; only its hash is kept."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Customer',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', Short(default='', max_length=128)),
                ('phone', Short(default='', max_length=32)),
                ('company', Short(default='', max_length=128)),
                ('language', Short(default='', max_length=16)),
                ('source', Short(default='direct', max_length=128)),
                ('owner', fields.ForeignKeyField('models.Staff', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='customers', on_delete=OnDelete.SET_NULL)),
                ('created_at', Instant()),
                ('seen_at', Instant()),
            ],
            options={'table': 'customer', 'app': 'models', 'indexes': [Index(fields=['owner_id'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Dialog',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', db_constraint=True, to_field='id', related_name='dialogs', on_delete=OnDelete.CASCADE)),
                ('account', fields.CharField(max_length=64)),
                ('chat', fields.CharField(max_length=128)),
                ('choices', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('expires_at', Instant()),
            ],
            options={'table': 'dialog', 'app': 'models', 'unique_together': (('staff', 'account', 'chat'),), 'pk_attr': 'id', 'table_description': 'At most one for a person in a chat: `choices` maps what may be typed to the command it stands for.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Identity',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='identities', on_delete=OnDelete.CASCADE)),
                ('account', fields.CharField(max_length=64)),
                ('external_id', fields.CharField(max_length=128)),
                ('name', Short(default='', max_length=128)),
                ('username', Short(default='', max_length=64)),
                ('unionid', fields.CharField(default='', db_index=True, max_length=64)),
                ('source', Short(default='direct', max_length=128)),
                ('state', fields.CharField(default='reachable', max_length=12)),
                ('state_at', Instant()),
                ('added_at', Instant()),
                ('heard_at', Instant(null=True)),
            ],
            options={'table': 'identity', 'app': 'models', 'unique_together': (('account', 'external_id'),), 'indexes': [Index(fields=['customer_id'])], 'pk_attr': 'id', 'table_description': "One customer's account on one of our channels; `state_at` is when the state was last told, newest wins."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Lead',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('customer', fields.OneToOneField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='lead', on_delete=OnDelete.CASCADE)),
                ('owner', fields.ForeignKeyField('models.Staff', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='leads', on_delete=OnDelete.SET_NULL)),
                ('stage', fields.CharEnumField(default=Stage.NEW, description='NEW: new\nTALKING: talking\nINTERESTED: interested\nWON: won\nLOST: lost', enum_type=Stage, max_length=12)),
                ('source', Short(default='direct', max_length=128)),
                ('first_words', Short(default='', max_length=200)),
                ('created_at', Instant()),
                ('claimed_at', Instant(null=True)),
            ],
            options={'table': 'lead', 'app': 'models', 'indexes': [Index(fields=['stage', 'created_at']), Index(fields=['owner_id'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Message',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.CASCADE)),
                ('identity', fields.ForeignKeyField('models.Identity', source_field='identity_id', db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.CASCADE)),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.SET_NULL)),
                ('direction', fields.CharField(max_length=3)),
                ('text', fields.TextField(unique=False)),
                ('payload', fields.TextField(unique=False)),
                ('platform_id', fields.CharField(default='', max_length=128)),
                ('at', Instant()),
                ('edited_at', Instant(null=True)),
            ],
            options={'table': 'message', 'app': 'models', 'indexes': [Index(fields=['customer_id', 'id']), Index(fields=['identity_id', 'platform_id'])], 'pk_attr': 'id', 'table_description': 'One line; what became of a line of ours is told by the outbox row that carries its id.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Note',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='notes', on_delete=OnDelete.CASCADE)),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', null=True, db_constraint=True, to_field='id', related_name='notes', on_delete=OnDelete.SET_NULL)),
                ('text', fields.TextField(unique=False)),
                ('at', Instant()),
            ],
            options={'table': 'note', 'app': 'models', 'indexes': [Index(fields=['customer_id', 'id'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Relation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('identity', fields.ForeignKeyField('models.Identity', source_field='identity_id', db_constraint=True, to_field='id', related_name='relations', on_delete=OnDelete.CASCADE)),
                ('userid', fields.CharField(max_length=64)),
                ('remark', Short(default='', max_length=64)),
                ('description', Short(default='', max_length=200)),
                ('company', Short(default='', max_length=64)),
                ('source', Short(default='', max_length=128)),
                ('phones', fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ('added_at', Instant(null=True)),
                ('ended_at', Instant(null=True)),
            ],
            options={'table': 'relation', 'app': 'models', 'unique_together': (('identity', 'userid'),), 'pk_attr': 'id', 'table_description': "One WeCom member's relation to one customer (跟进人): remark, state of the contact way, and whether it lasts."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Searchable',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('customer', fields.ForeignKeyField('models.Customer', source_field='customer_id', db_constraint=True, to_field='id', related_name='keys', on_delete=OnDelete.CASCADE)),
                ('key', Octets(generated=False, null=False, unique=False)),
                ('owned_key', Octets(generated=False, null=False, unique=False)),
            ],
            options={'table': 'searchable', 'app': 'models', 'unique_together': (('key', 'customer'),), 'indexes': [Index(fields=['owned_key', 'customer_id']), Index(fields=['customer_id'])], 'pk_attr': 'id', 'table_description': "One key by which one customer is found: by everybody, and with the owner's number before it by sales."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StaffAccount',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('staff', fields.ForeignKeyField('models.Staff', source_field='staff_id', db_constraint=True, to_field='id', related_name='accounts', on_delete=OnDelete.CASCADE)),
                ('account', fields.CharField(max_length=64)),
                ('external_id', fields.CharField(max_length=128)),
                ('used_at', Instant()),
            ],
            options={'table': 'staff_account', 'app': 'models', 'unique_together': (('account', 'external_id'),), 'indexes': [Index(fields=['staff_id'])], 'pk_attr': 'id', 'table_description': 'A chat account bound to a person: ids only, never user names or display names.'},
            bases=['Model'],
        ),
    ]
