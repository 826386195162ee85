"""Measurements anyone can repeat: `sightdesk bench`. Ratios to a peer or a limit in the same run, never bare seconds.

May enter: code that runs the product as a user does and sets its figures beside a peer's. May not enter: anything the
product itself needs to run.
"""
