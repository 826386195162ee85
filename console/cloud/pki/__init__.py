"""Certificates: a small CA for sites that have none, who a certificate says a desk is, and whether it still counts.

May enter: cryptography. May not enter: the network, the database, a web framework.
"""
