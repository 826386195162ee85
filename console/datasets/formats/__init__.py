"""The formats annotated pictures come and go in, as their owners define them.

May enter: one file a format, the values they share. May not enter: the store, the network, pixels.
"""
