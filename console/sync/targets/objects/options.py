"""From a target's settings to the library's store for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied, Secret
from console.sync.targets.objects.errors import folder_of
from models.words import _

if TYPE_CHECKING:
    from obstore.store import ObjectStore

REGION = "us-east-1"
GOOGLE = "https://storage.googleapis.com"
CONNECT_S = 5
_TRIES = 1
"""The library tries again once, for a connection that was closed while it was idle; the uploader backs off."""
_NO_PROXY = {"proxy_url": "http://127.0.0.1:9", "proxy_excludes": "*,0.0.0.0/0,::/0"}
"""One that is used for no host, whatever its name or address: else the library takes those of the environment."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def made(settings: TargetSettings, secret: Secret, timeout_s: int) -> ObjectStore:
    """The library's store for a target.

    The library takes what it is not told from AWS_*, AZURE_*, GOOGLE_* and *_PROXY of the environment. Where data goes,
    by which way, and who logs in is told in any case, so that the settings alone decide it.

    Raises:
        Denied: a file it names can't be read, or it would send in the clear.
        SecretError: the secret is not there.
    """
    from obstore import store as stores  # noqa: PLC0415

    parts = urlsplit(settings.url)
    if parts.scheme == "file":
        return stores.LocalStore(folder_of(settings))
    word = secret(settings.secret.secret) if settings.secret is not None else ""
    common: Any = {
        "prefix": parts.path.strip("/") or None,
        "client_options": _client(settings, timeout_s),
        "retry_config": {
            "max_retries": _TRIES, "retry_timeout": timedelta(seconds=timeout_s),
            "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
        },
    }  # fmt: skip
    if parts.scheme == "s3":
        return stores.S3Store(parts.netloc, **common, **_s3(settings, word))
    if parts.scheme == "az":
        return stores.AzureStore(parts.netloc, **common, **_azure(settings, word))
    account: Any = {"service_account": settings.key} if settings.key else {}
    return stores.GCSStore(parts.netloc, **common, **account, base_url=GOOGLE, skip_signature=not settings.key)


def _s3(settings: TargetSettings, word: str) -> dict[str, Any]:
    region = settings.region or REGION
    endpoint = settings.endpoint or f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    options = {
        "endpoint": endpoint, "aws_endpoint_url_s3": endpoint, "region": region, "virtual_hosted_style_request": False,
        "skip_signature": not settings.user,
    }  # fmt: skip
    if settings.user:
        who = {"access_key_id": settings.user, "secret_access_key": word, "token": None, "expires_at": None}
        options["credential_provider"] = lambda: who
    return options


def _azure(settings: TargetSettings, word: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "endpoint": settings.endpoint or f"https://{settings.user}.blob.core.windows.net",
        "account_name": settings.user, "use_emulator": False, "skip_signature": not word,
    }  # fmt: skip
    if word:
        options["credential_provider"] = lambda: {"access_key": word, "expires_at": None}
    return options


def _client(settings: TargetSettings, timeout_s: int) -> dict[str, Any]:
    options: dict[str, Any] = {"connect_timeout": f"{CONNECT_S}s", "timeout": f"{timeout_s}s"} | _NO_PROXY
    endpoint = urlsplit(settings.endpoint)
    if endpoint.scheme == "http":
        if (endpoint.hostname or "") not in _LOOPBACK:
            raise Denied(_("Nothing goes to another machine in the clear."), _("Use TLS: https:// in `endpoint`."))
        options["allow_http"] = True
    if settings.certificate:
        raise Denied(
            _("An object store can't be shown a certificate."),
            _("Leave `certificate` empty: who logs in is told by user and secret, for gs:// by key."),
        )
    if settings.ca:
        try:
            options["root_certificate"] = Path(settings.ca).read_bytes()
        except OSError as error:
            raise Denied(
                _("The file {path} of the CA can't be read: {reason}.").format(path=settings.ca, reason=error.strerror),
                _("Look at this target's `ca`."),
            ) from error
    return options
