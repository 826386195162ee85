"""Annotated pictures: reading them and measuring a model against them.

May enter: dataset formats as their owners define them, average precision. May not enter: Qt, cameras, the network.
"""
