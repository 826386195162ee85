"""What may leave memory, and the one door it leaves by.

May enter: the one writer of pictures, policies and their record. May not enter: anything that takes a picture which is
not `models.redaction.Redacted`. No other room encodes a picture; a test reads the sources for it.
"""
