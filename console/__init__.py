"""The product: cameras, threads, store, catalogue, services, command line.

May enter: everything with a thread, a clock, a file or a socket. Inside there is one way down, held by import-linter:
``cli > bench > desk > ui > site > edge, cloud > pipeline, sync, review, datasets > health, catalog, privacy > sources,
store > settings, errors``. Only ``console.desk``, ``console.ui`` and the ``widgets`` package may know Qt: all the rest
runs with PySide6 uninstalled, because the same pipeline works headless on an edge device.
"""
