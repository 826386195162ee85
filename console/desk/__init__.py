"""The composition root of the desk: starts the program with its window, and ends it.

May enter: what puts pages, window and site together, and what it takes to survive a crash. May not enter: pages.
"""
