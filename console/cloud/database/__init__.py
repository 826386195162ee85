"""The database of the cloud side: what any kind of it can do (`base`), and each kind in a room of its own.

May enter: SQLAlchemy and alembic (in `sql`), pymongo (in `mongo`). May not enter: what is to be kept, and when; see
`console.cloud.keeping` and `console.cloud.jobs`.
"""
