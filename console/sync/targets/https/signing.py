"""Signatures of webhooks by the Standard Webhooks specification, symmetric ones (v1): how they are made and checked.

A receiver in any language does what `verify` does: takes the headers webhook-id, webhook-timestamp and
webhook-signature and the body as it came, byte for byte; makes the HMAC-SHA256 of ``id.timestamp.body`` with the
secret; and compares it with what stands behind ``v1,``, in base64. It takes each webhook-id once and lets nothing in
that is older than five minutes. Libraries for most languages: standardwebhooks.com.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"
TOLERANCE_S = 300.0
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def key_of(secret: str) -> bytes:
    """The key that a secret stands for: base64 behind ``whsec_``, or any other text as it is, in UTF-8.

    Raises:
        ValueError: what stands behind whsec_ is not base64, or there is nothing.
    """
    if not secret.startswith(PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret[len(PREFIX) :], validate=True)
        except binascii.Error:
            raise ValueError("what stands behind whsec_ is not base64") from None
    if not key:
        raise ValueError("the secret is empty")
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message as its header has it.

    Args:
        key: see `key_of`.
        message_id: of the message.
        timestamp: Unix seconds at which it is sent.
        body: as it is sent.
    """
    made = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(made).decode()}"


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether a message is from one who knows the secret, and was sent just now.

    Args:
        key: see `key_of`.
        headers: names in lower case.
        body: as it came.
        now: Unix seconds.
    """
    sent = headers.get(TIMESTAMP, "")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 12) or abs(now - int(sent)) > TOLERANCE_S:
        return False
    right = sign(key, headers.get(ID, ""), int(sent), body).encode()
    # several, where the sender changes its secret
    return any(hmac.compare_digest(right, one.encode()) for one in headers.get(SIGNATURE, "").split())
