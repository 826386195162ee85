"""Mutual TLS: who comes in, who is refused and in which words, and who a request is from."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cloud.pki.identity import Revoked
from console.cloud.pki.minting import Subject
from console.cloud.serving import refusals
from console.cloud.serving.server import Server
from console.cloud.serving.tls import ServingError, TlsFiles, server_context
from console.errors import UsageError
from console.settings.sync import TargetSettings
from console.sync.targets.base import Denied
from console.sync.targets.https.way import Limits as WayLimits
from console.sync.targets.https.way import Way
from console.sync.targets.tls import Tls
from tests.cloud.served import HELLO, App, Served, Site, ended, exchange


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def served(site: Site) -> Iterator[Served]:
    with Served(App(), site.files) as one:
        yield one


def refusal(served: Served, context: ssl.SSLContext) -> ssl.SSLError:
    """What a client is told by TLS itself."""
    with pytest.raises(ssl.SSLError) as caught, served.connected(context) as connection:
        connection.recv(1)
    return caught.value


def counted(served: Served, kind: str, at_least: int) -> bool:
    until = time.monotonic() + 10
    while served.figures.refused[kind] < at_least and time.monotonic() < until:
        time.sleep(0.01)
    return served.figures.refused[kind] >= at_least


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_desk_is_who_its_certificate_says(served: Served, site: Site, version: ssl.TLSVersion) -> None:
    context = site.client(site.desk)
    context.minimum_version = context.maximum_version = version
    said = served.ask(context)
    assert said == (200, {"who": ["plant-1", "desk-1", site.desk.issued.serial], "why": "", "size": 0})


def test_a_session_that_is_taken_up_again_is_worth_no_more_than_its_certificate(
    served: Served, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, session = site.client(site.desk), None
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 there is none
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", served.port), 5)
        with plain, context.wrap_socket(plain, server_hostname="localhost", session=session) as connection:
            assert exchange(connection).body["who"][:2] == ["plant-1", "desk-1"]
            again, session = connection.session_reused, connection.session
            monkeypatch.setattr("console.cloud.serving.protocol.time.time", lambda: time.monotonic() + 4e9)
            assert exchange(connection).status == 403
            monkeypatch.undo()
            connection.unwrap().close()  # one that ends otherwise is never taken up
    assert again


def test_headers_say_nothing_of_who_asks(served: Served, site: Site) -> None:
    forged = b"".join(
        b"%s: sightdesk://plant-2/desk-9\r\n" % name
        for name in (b"X-Sightdesk-Identity", b"Sightdesk", b"X-Client-Cert", b"X-SSL-Client-S-DN", b"X-Forwarded-For",
                     b"Forwarded", b"extensions", b"identity")
    )  # fmt: skip
    said = served.ask(site.client(site.desk), HELLO[:-2] + forged + b"\r\n")
    assert said.body["who"][:2] == ["plant-1", "desk-1"]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_a_certificate_nobody_comes_in(served: Served, site: Site, version: ssl.TLSVersion) -> None:
    context, before = site.client(), served.figures.refused[refusals.NO_CERTIFICATE]
    context.minimum_version = context.maximum_version = version
    assert refusal(served, context).reason in {"TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE"}
    assert counted(served, refusals.NO_CERTIFICATE, before + 1)


def test_a_certificate_of_another_ca_is_refused(served: Served, site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "other")
    context, before = site.client(other.desk), served.figures.refused[refusals.UNKNOWN_CA]
    assert refusal(served, context).reason == "TLSV1_ALERT_UNKNOWN_CA"
    assert counted(served, refusals.UNKNOWN_CA, before + 1)


def test_an_expired_certificate_is_refused(served: Served, site: Site, caplog: pytest.LogCaptureFixture) -> None:
    assert refusal(served, site.client(site.expired())).reason == "SSLV3_ALERT_CERTIFICATE_EXPIRED"
    assert counted(served, refusals.ENDED, 1)
    assert "Refused 127.0.0.1: its certificate has ended" in caplog.text


def test_a_servers_certificate_is_no_desks(served: Served, site: Site) -> None:
    assert refusal(served, site.client(site.server)).reason == "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"
    assert counted(served, refusals.OTHER_CERTIFICATE, 1)


def test_tls_1_1_is_refused(served: Served, site: Site) -> None:
    context = site.client(site.desk)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert refusal(served, context).reason == "TLSV1_ALERT_PROTOCOL_VERSION"
    assert counted(served, refusals.OLD_TLS, 1)


def test_a_client_sees_that_the_host_is_another(served: Served, site: Site) -> None:
    with pytest.raises(ssl.SSLCertVerificationError), served.connected(site.client(site.desk), "elsewhere.example"):
        pass
    assert counted(served, refusals.DISTRUSTED, 1)


def test_plain_http_gets_no_answer(served: Served) -> None:
    with served.connected() as connection:
        connection.sendall(HELLO)
        assert ended(connection)
    assert counted(served, refusals.NO_TLS, 1)


def test_a_revoked_desk_is_out_without_a_restart_on_a_kept_connection(tmp_path: Path) -> None:
    site, clock = Site(tmp_path), [0.0]
    revoked = Revoked(site.ca.crl, site.ca.certificate, clock=lambda: clock[0])
    with Served(App(revoked), site.files) as served, served.connected(site.client(site.desk)) as kept:
        assert exchange(kept).status == 200
        site.ca.revoke("desk-1")
        clock[0] = 10.0
        assert exchange(kept).status == 403
        assert served.ask(site.client(site.desk)).status == 403
        again = site.ca.issue(Subject("desk-1", "plant-1"))
        assert served.ask(site.client(again)).status == 200


def test_a_certificate_that_ends_while_its_connection_is_kept_counts_no_more(
    served: Served, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served.connected(site.client(site.desk)) as kept:
        assert exchange(kept).status == 200
        monkeypatch.setattr("console.cloud.serving.protocol.time.time", lambda: time.monotonic() + 4e9)
        said = exchange(kept)
    assert said.status == 403
    assert "ended" in said.body["why"]


def test_a_certificate_without_a_desks_name_has_no_identity_and_says_why(tmp_path: Path) -> None:
    from tests.servers.authority import Authority as Other

    other = Other(tmp_path)
    pair, shown = other.server(), other.client("somebody")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(other.ca)
    context.load_cert_chain(shown.certificate, shown.key)
    with Served(App(), TlsFiles(pair.certificate, pair.key, other.ca)) as served:
        said = served.ask(context)
    assert said.status == 403
    assert "sightdesk://SITE/NAME" in said.body["why"]


def test_the_desks_own_client_comes_in_and_says_in_words_why_not(served: Served, site: Site, tmp_path: Path) -> None:
    def way(**files: Path | str) -> Way:
        values = {"ca": site.ca.certificate, "certificate": site.desk.certificate, "key": site.desk.key, **files}
        texts = {name: str(value) for name, value in values.items()}
        settings = TargetSettings.model_validate({"name": "cloud", "kind": "cloud", "url": served.url, **texts})
        return Way(settings.url, Tls(settings), 2, WayLimits(connect_s=5, read_s=5))

    own = way()
    assert own.ask("GET", "/").status == 200
    own.close()
    old, other = site.expired("older"), Site(tmp_path / "other")
    for made, words in ((old, "has ended"), (other.desk, "does not know the CA")):
        refused = way(certificate=made.certificate, key=made.key)
        with pytest.raises(Denied, match=words):
            refused.ask("POST", "/", b"x" * 200_000)
        refused.close()
    bare = way(certificate="", key="")
    with pytest.raises(Denied, match="this desk showed none"):
        bare.ask("GET", "/")
    bare.close()


def test_a_renewed_certificate_is_shown_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("console.cloud.serving.tls._LOOK_S", 0.0)
    site = Site(tmp_path)
    with Served(App(), site.files) as served:
        serials = []
        for change in (lambda: None, lambda: site.server.key.write_bytes(b""), lambda: site.ca.renew("cloud")):
            change()  # the second: half of a renewal, so that what was good goes on
            with served.connected(site.client(site.desk)) as connection:
                serials.append(connection.getpeercert()["serialNumber"])
    assert serials[0] == serials[1] != serials[2]
    assert caplog.text.count("not in force yet") == 1


def test_without_tls_it_is_on_this_machine_alone() -> None:
    with Served(App(), None) as served:
        forged = b"GET / HTTP/1.1\r\nHost: x\r\nX-Sightdesk-Identity: sightdesk://plant-1/desk-1\r\n\r\n"
        assert served.ask(None, forged).body["who"] == ["local", "local", 0]
    for listen in ("0.0.0.0:0", "[::]:0", "192.0.2.1:8443"):
        with pytest.raises(UsageError, match="takes TLS"):
            Server(App(), listen, None)
    Server(App(), "[::1]:0", None)


def test_files_that_do_not_fit_are_named(site: Site, tmp_path: Path) -> None:
    good, junk, gone = site.files, tmp_path / "junk.pem", tmp_path / "gone.pem"
    junk.write_text("nothing")
    for files, words in (
        (TlsFiles(gone, good.key, good.ca), "gone.pem can't be read"),
        (TlsFiles(good.certificate, junk, good.ca), "damaged"),
        (TlsFiles(good.certificate, site.desk.key, good.ca), "does not belong"),
        (TlsFiles(good.certificate, good.key, junk), "holds no certificate of a CA"),
    ):
        with pytest.raises(ServingError, match=words):
            server_context(files)
