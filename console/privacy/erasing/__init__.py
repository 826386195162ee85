"""Erasure: what is meant, its rows, files, copies and logs, and a report that says nothing of anybody.

May enter: every step that takes something away for good, and looks that nothing is left.
May not enter: retention, which lets go what is old and leaves what is held.
"""
