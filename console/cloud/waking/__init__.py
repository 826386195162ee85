"""Brokers: a relay tells them which jobs are queued, so that workers look at once. The job's row stays the truth.

What a broker loses is found by looking every few seconds; so nothing here is kept, confirmed twice or replayed.

May enter: FastStream, asyncio (in a thread of its own). May not enter: what a job is, models, requests.
"""
