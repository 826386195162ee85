"""What an object store's refusals mean to an operator: from the library's errors to those of targets."""

from __future__ import annotations

import errno
import os
import re
from urllib.parse import urlsplit

from console.settings.sync import TargetSettings
from console.sync.targets.base import Busy, Denied, Full, Refused, TargetError, Unreachable, WrongAnswer
from models.words import _

NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|ContainerBeingDeleted|bucket does not exist", re.IGNORECASE)
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>|\"reason\":\s*\"([A-Za-z]{1,60})\"")
_ERRNO = re.compile(r"\(os error (\d+)\)")
_QUOTA = re.compile(r"quota|storage ?full|insufficient ?storage|account.{0,20}capacity", re.IGNORECASE)
_CLOCK = re.compile(r"RequestTimeTooSkewed|RequestExpired|too skewed", re.IGNORECASE)
_REGION = re.compile(r"AuthorizationHeaderMalformed|PermanentRedirect|IllegalLocationConstraint", re.IGNORECASE)
_LARGE = re.compile(r"EntityTooLarge|RequestBodyTooLarge|uploadTooLarge", re.IGNORECASE)
_TRUST = re.compile(r"certificate|UnknownIssuer|NotValidForName", re.IGNORECASE)
_BROKEN = re.compile(r"error sending request|timed out|HTTP error|connection|incomplete", re.IGNORECASE)
_ELSEWHERE = re.compile(r"redirect", re.IGNORECASE)
_NO_SENSE = re.compile(r"ETag|Metadata|deserialize|invalid.*response", re.IGNORECASE)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}


def meant(error: Exception, settings: TargetSettings) -> TargetError:
    """What an error of the store means. Nothing of what the store answered is repeated but its status and its code.

    Args:
        error: what the library, or the system, raised.
        settings: of the target.
    """
    if isinstance(error, TargetError):
        return error
    if settings.url.startswith("file:"):
        return _of_folder(error, settings)
    told = str(error)
    if (status := _STATUS.search(told)) is not None:
        return _of_status(int(status[1]), told, settings)
    if {one.__name__ for one in type(error).__mro__} & {"PermissionDeniedError", "UnauthenticatedError"}:
        return _denied(_("the login is wrong"))
    return _of_way(told, settings) or Denied(
        _("The object store can't be used: {reason}").format(reason=(told.splitlines() or [""])[0][:200]),
        _("Look at this target's url, endpoint, user, key and secret."),
    )


def no_bucket(settings: TargetSettings) -> Denied:
    """There is no such bucket or container."""
    return Denied(
        _("There is no bucket or container {name} there.").format(name=urlsplit(settings.url).netloc),
        _("Make it at the store, or mend the target's url; Sightdesk makes none."),
    )


def host_of(settings: TargetSettings) -> str:
    """Whom an operator would look for: the endpoint's host, or the bucket."""
    return urlsplit(settings.endpoint).netloc or urlsplit(settings.url).netloc or urlsplit(settings.url).path


def _denied(reason: str) -> Denied:
    return Denied(
        _("The object store does not let this desk in: {reason}.").format(reason=reason),
        _("Look at this target's user (account) and secret (key), and at what rights they have there."),
    )


def _of_way(told: str, settings: TargetSettings) -> TargetError | None:
    """What went wrong before the store said anything, or where it made no sense; None: neither."""
    host = host_of(settings)
    if _TRUST.search(told):
        return Denied(
            _("{host} can't prove who it is: its certificate is not trusted.").format(host=host),
            _("Name the file of the CA that vouches for it in `ca`, or have its certificate renewed."),
        )
    if _ELSEWHERE.search(told):
        return Denied(
            _("{host} sends this desk elsewhere, and it does not follow.").format(host=host),
            _("Look at this target's region and endpoint."),
        )
    if _BROKEN.search(told):
        return Unreachable(
            _("{host} can't be reached, or the way there broke.").format(host=host),
            _("Look whether the network is up and the address is right."),
        )
    if _NO_SENSE.search(told):
        return WrongAnswer(
            _("{host} said yes, but not in the way an object store does.").format(host=host),
            _("Look what stands between this desk and the store: a proxy, a login page?"),
        )
    return None


def _of_status(status: int, told: str, settings: TargetSettings) -> TargetError:
    """What the store said no with."""
    said = told.partition("Debug source")[0]
    found = _CODE.search(said)
    code = (found[1] or found[2]) if found else ""
    name = f"{status} {code}".strip()
    if NO_BUCKET.search(said):
        return no_bucket(settings)
    if status == 507 or _QUOTA.search(said):
        return Full(
            _("The object store has no room left: {reason}.").format(reason=name),
            _("Make room there, or have its quota raised. Everything waits until then."),
        )
    if status == 413 or _LARGE.search(said):
        return Refused(_("The object store takes nothing so large: {reason}.").format(reason=name))
    if status in {408, 425, 429} or status >= 500:
        return Busy(_("The object store can't just now: {reason}.").format(reason=name))
    return _of_rights(status, name, said)


def _of_rights(status: int, name: str, said: str) -> Denied:
    """What a person has to mend."""
    if _CLOCK.search(said):
        return Denied(
            _("The object store does not let this desk in: the two clocks differ too much."),
            _("Set this machine's clock; signatures hold for minutes only."),
        )
    if _REGION.search(said) or status < 400:
        return Denied(
            _("The object store is asked in the wrong way: {reason}.").format(reason=name),
            _("Look at this target's region and endpoint."),
        )
    if status in {401, 403}:
        return _denied(name)
    return Denied(
        _("The object store did not take it: {reason}.").format(reason=name),
        _("Look at this target's url, endpoint and region."),
    )


def _of_folder(error: Exception, settings: TargetSettings) -> TargetError:
    path = folder_of(settings)
    found = _ERRNO.search(str(error))
    number = error.errno if isinstance(error, OSError) and error.errno else int(found[1]) if found else 0
    reason = os.strerror(number) if number else str(error).splitlines()[0][:200]
    if number in _FULL:
        return Full(
            _("The disk of {path} is full.").format(path=path), _("Make room there. Everything waits until then.")
        )
    if number in _DENIED:
        return Denied(
            _("{path} can't be written: {reason}.").format(path=path, reason=reason),
            _("Give this user the right to write there, or choose another folder."),
        )
    return Unreachable(
        _("{path} can't be reached: {reason}.").format(path=path, reason=reason),
        _("Look whether its drive, or the network share, is there."),
    )


def folder_of(settings: TargetSettings) -> str:
    """The folder of a file:// address."""
    from urllib.request import url2pathname  # noqa: PLC0415  # 20 ms

    return url2pathname(urlsplit(settings.url).path)
