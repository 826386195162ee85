"""The command line: what an operator, a script or a service types.

May enter: typer commands that read arguments, call one room and print. May not enter: logic worth testing without a
command line. Imports of heavy rooms stand inside the commands, so that `--help` answers in a moment.
"""

from console.cli.app import main

__all__ = ["main"]
