"""Here lives what we remember: rows, their invariants and their named questions."""

MODULES = (
    "models.inbox",
    "models.outbox",
    "models.staff",
    "models.customers",
    "models.leads",
    "models.messages",
    "models.notes",
    "models.dialogs",
    "models.cursors",
    "models.search",
)
