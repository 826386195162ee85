"""A file at an address. Goes on where a broken transfer stopped, if the server says that the file is still the same."""

from __future__ import annotations

import json
import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import truststore

from console.catalog.entries import UrlSpec
from console.catalog.landing import Landing, local_trouble
from console.catalog.reach import reach
from console.catalog.source import SourceFailed
from console.catalog.transfer import Transfer
from models.words import _

CONNECT_S = 3.0
READ_S = 5.0
TRIES = 4
_CONNECTIONS = 50  # however often a server breaks off after a few more bytes
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class _Again(Exception):
    """Worth another try."""


class UrlSource:
    """A file at an address."""

    def __init__(self, spec: UrlSpec) -> None:
        self._url = spec.url
        self.words = spec.words
        self.channel = urlsplit(spec.url).netloc

    def fetch(self, transfer: Transfer) -> None:
        """Download it, with a few retries. Raises as `Source.fetch` does."""
        landing = transfer.landing(resume_key=self._url)
        if landing.matches():  # a process was killed between the last byte and the renaming
            transfer.claim()
            return
        reach(self._url, CONNECT_S, transfer)
        tries, furthest = 0, landing.done
        # stamina is not used here: its waits can't be cancelled, and a try that got further does not count as failed
        with _client() as client:
            for _try in range(_CONNECTIONS):
                try:
                    self._once(client, transfer, landing)
                except _Again as again:
                    tries = 1 if landing.done > furthest else tries + 1
                    furthest = max(furthest, landing.done)
                    if tries >= TRIES:
                        raise SourceFailed(str(again)) from again
                    transfer.pause(0.125 * 2**tries)
                except httpx.HTTPError as error:
                    raise SourceFailed(_("it could not be read ({reason})").format(reason=_words(error))) from error
                else:
                    return
        raise SourceFailed(_("it broke off {connections} times").format(connections=_CONNECTIONS))

    def _once(self, client: httpx.Client, transfer: Transfer, landing: Landing) -> None:
        mark = _Mark(landing.path)
        headers = {"Accept-Encoding": "identity"}  # sizes and ranges count the file's own bytes
        if 0 < landing.done < transfer.file.size and (validator := mark.read()):
            headers |= {"Range": f"bytes={landing.done}-", "If-Range": validator}
        try:
            with client.stream("GET", self._url, headers=headers) as response:
                from_byte = _accept(response, landing, mark)
                transfer.claim()
                for chunk in response.iter_raw():  # as it comes: gathered chunks are lost when the connection is
                    transfer.check()
                    landing.write(chunk)
                    transfer.report(landing.done, transfer.file.size)
        except httpx.TransportError as error:
            raise _Again(
                _("it broke off after {done:,} of {size:,} bytes ({reason})").format(
                    done=landing.done, size=landing.file.size, reason=_words(error)
                )
            ) from error
        if landing.done < transfer.file.size:
            raise _Again(
                _("it ended after {done:,} of {size:,} bytes").format(done=landing.done, size=landing.file.size)
            )
        if not landing.matches() and from_byte:
            landing.restart()  # what an earlier process left behind may be what is wrong
            raise _Again(_("what was resumed does not have the expected sha256"))


class _Mark:
    """Beside a partial file: what tells whether the server still has the same one (RFC 9110: If-Range)."""

    def __init__(self, part: Path) -> None:
        self._path = part.with_name(f"{part.name}.json")

    def read(self) -> str:
        """The validator, or nothing: then there is no safe way to go on."""
        try:
            return str(json.loads(self._path.read_text("utf-8"))["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def write(self, headers: httpx.Headers) -> None:
        """Keep the validator of an answer that starts at the first byte. Weak ones do not vouch for bytes."""
        etag = headers.get("ETag", "")
        validator = headers.get("Last-Modified", "") if etag.startswith("W/") or not etag else etag
        with local_trouble(_("Writing {path}").format(path=self._path)):
            self._path.write_text(json.dumps({"validator": validator}), "utf-8")


def _accept(response: httpx.Response, landing: Landing, mark: _Mark) -> int:
    """Judge the head of an answer before its content is read; the landing then stands where it begins: that byte."""
    status, size = response.status_code, landing.file.size
    if status == httpx.codes.PARTIAL_CONTENT:
        given = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if given and int(given[1]) == landing.done and given[3] in {str(size), "*"}:
            return landing.done
        landing.restart()
        if given and given[3] not in {str(size), "*"}:
            raise SourceFailed(
                _("it offers {offered:,} bytes, expected {size:,}").format(offered=int(given[3]), size=size)
            )
        raise _Again(_("it gave another part than was asked for"))
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
        landing.restart()
        raise _Again(_("it can't go on where the last transfer stopped"))
    if status in _PASSING:
        raise _Again(
            _("it answered {status} {reason_phrase}")
            .format(status=status, reason_phrase=response.reason_phrase)
            .strip()
        )
    if status != httpx.codes.OK:
        raise SourceFailed(
            _("it answered {status} {reason_phrase}")
            .format(status=status, reason_phrase=response.reason_phrase)
            .strip()
        )
    offered = response.headers.get("Content-Length", "")
    if offered.isdigit() and int(offered) != size:  # a login page of some network, mostly
        raise SourceFailed(_("it offers {offered:,} bytes, expected {size:,}").format(offered=int(offered), size=size))
    landing.restart()
    mark.write(response.headers)
    return 0


def _client() -> httpx.Client:
    return httpx.Client(
        follow_redirects=True,
        max_redirects=5,
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # the system's authorities, as the site set them up
    )


def _words(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return _("silent for {limit:.0f} s").format(
            limit=CONNECT_S if isinstance(error, httpx.ConnectTimeout) else READ_S
        )
    return str(error) or type(error).__name__
