"""Migrations of the ledger; Alembic runs them in the order of their revisions."""
