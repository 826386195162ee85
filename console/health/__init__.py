"""How the program itself is doing: logs, crashes, stalled threads, what a machine lacks, the bundle for a bug report.

May enter: what watches, records or examines the program and its machine. May not enter: the health of cameras and
models (the pipeline measures those), anything that repairs or restarts: this room tells, it doesn't act. Rooms log
through the standard ``logging.getLogger(__name__)``, details by ``extra={...}``; `logs` gives that its form and keeps
secrets out.
"""
