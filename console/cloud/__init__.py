"""The cloud side: receives what desks send, keeps it in a database and a folder, and answers where anything is.

May enter: FastAPI, SQLAlchemy, asyncio (here alone). May not enter: Qt, a desk's home or store, inference in a request.
"""
