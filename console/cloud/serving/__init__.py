"""An ASGI app on a socket: mutual TLS, who asks, time limits, bounded connections, an end within seconds.

May enter: uvicorn, asyncio, ssl. May not enter: what the app does, the database.
"""
