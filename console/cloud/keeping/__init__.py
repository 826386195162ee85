"""Keeping what desks send, durably and once: messages in a database, their files in a folder, and erasing them again.

May enter: what is kept and how it is found again. May not enter: HTTP, TLS, asyncio; it is called from threads.
"""
