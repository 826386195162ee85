"""What may leave memory, and the doors it leaves by: pictures through one writer, tensors to servers that one allowed.

May enter: the one writer of pictures; `remote`, for tensors that a model server is to look at; policies and their
record (`audit`); what finds faces and plates (`looking`); what takes away for good (`erasing`).
May not enter: anything that writes a picture which is not `models.redaction.Redacted`. No other room encodes a
picture; a test reads the sources for it.
"""
