"""From frames to results: capture, inference, join, tracking, meters.

May enter: threads and queues that move frames and results of ``models`` between sources and backends. May not
enter: Qt, HTTP, the database, knowledge of a runtime or a model family. Threads: one per camera (capture), one per
loaded model (inference), one finisher that owns every tracker, so that no tracker needs a lock.
"""
