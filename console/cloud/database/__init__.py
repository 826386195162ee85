"""The database of the cloud side: its tables, how they came to be, connections, and what it says when it refuses.

May enter: SQLAlchemy and alembic. May not enter: what rows mean; see `console.cloud.keeping`.
"""
