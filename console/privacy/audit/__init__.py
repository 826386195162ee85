"""The audit: who saw, sent, changed and erased what, as a chain of hashes whose newest seal stands elsewhere too.

May enter: writing a record, the chain, its anchor, looking whether it is whole. May not enter: what is recorded about.
"""
