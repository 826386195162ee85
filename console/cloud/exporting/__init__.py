"""Models made ready for a model server: what it is told of them, and the folders or archives it reads them from.

May enter: `backends` (what a file is, OpenVINO's format), the catalogue's entries. May not enter: a model server, a
cloud's own tools, whoever finds the file.
"""
