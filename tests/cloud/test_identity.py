"""Who a certificate says somebody is, and whether it was revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from console.cloud.pki import minting
from console.cloud.pki.authority import Authority, Made
from console.cloud.pki.crl import PkiError
from console.cloud.pki.identity import NAME, Identity, NotADesk, Revoked, identity_of
from console.cloud.pki.minting import Subject

NOW = datetime.now(UTC)
NAMES: st.SearchStrategy[str] = st.from_regex(NAME.pattern, fullmatch=True, alphabet=st.characters(max_codepoint=127))


def certificate_with(*names: x509.GeneralName) -> bytes:
    """A certificate of anybody's."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sightdesk://plant-1/desk-1")])
    builder = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(5)
        .not_valid_before(NOW).not_valid_after(NOW + timedelta(1))
    )  # fmt: skip
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


def uris(*texts: str) -> bytes:
    return certificate_with(*(x509.UniformResourceIdentifier(text) for text in texts))


def test_the_name_is_the_one_uri_of_ours() -> None:
    assert identity_of(uris("sightdesk://plant-1/desk_3.a")) == Identity("plant-1", "desk_3.a", 5)
    other = x509.DNSName("desk.example"), x509.UniformResourceIdentifier("spiffe://x/y")
    own = x509.UniformResourceIdentifier("sightdesk://p/d")
    assert identity_of(certificate_with(*other, own)) == Identity("p", "d", 5)


@pytest.mark.parametrize(
    "texts",
    [
        (), ("https://plant-1/desk-1",), ("sightdesk://plant-1",), ("sightdesk://plant-1/",), ("sightdesk:///desk-1",),
        ("sightdesk://plant-1/desk-1/more",), ("sightdesk://plant-1/desk-1?x",), ("sightdesk://me@plant-1/desk-1",),
        ("sightdesk://plant-1:1/desk-1",), ("sightdesk://plant-1/../desk",), ("sightdesk://plant-1/desk-1\n",),
        ("SIGHTDESK://plant-1/desk-1",), ("sightdesk://plant-1/desk%2d1",), (f"sightdesk://{'x' * 65}/desk-1",),
        ("sightdesk://plant-1/desk-1", "sightdesk://plant-2/desk-1"), ("sightdesk://plant-1/a", "Sightdesk:b"),
    ],
)  # fmt: skip
def test_what_is_not_plainly_a_desk_is_none(texts: tuple[str, ...]) -> None:
    with pytest.raises(NotADesk, match="not a desk's"):
        identity_of(uris(*texts))


@given(st.binary(max_size=200))
def test_what_is_no_certificate_is_no_desk(der: bytes) -> None:
    with pytest.raises(NotADesk):
        identity_of(der)


@given(NAMES, NAMES)
def test_what_pki_issues_says_who_it_is_for(site: str, name: str) -> None:
    key = minting.new_key()
    who = Subject(name, site)
    who.check()
    made = minting.certificate(CA, CA_KEY, key, who, now=NOW, days=30)
    assert identity_of(made.public_bytes(Encoding.DER)) == Identity(site, name, made.serial_number)


CA_KEY = minting.new_key()
CA = minting.ca_certificate(CA_KEY, "Test CA", NOW)


class Site:
    """A CA, a desk, and what a cloud knows of who was revoked."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.now = 0.0, datetime.now(UTC)
        self.ca = Authority(folder, lambda: "", lambda: self.now)
        self.ca.init("Test CA", None)
        self.desk = self.ca.issue(Subject("desk-1", "plant-1"))
        self.revoked = self.watch()

    def watch(self) -> Revoked:
        return Revoked(self.ca.crl, self.ca.certificate, clock=lambda: self.clock, now=lambda: self.now)

    def is_out(self, made: Made | None = None) -> bool:
        return self.revoked.is_revoked((made or self.desk).issued.serial)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "pki")


def test_a_change_is_seen_after_ten_seconds_at_most(site: Site) -> None:
    assert not site.is_out()
    site.ca.revoke("desk-1")
    site.clock = 9.9
    assert not site.is_out()
    site.clock = 10.0
    assert site.is_out()
    assert site.revoked.problem == ""


def test_a_list_in_der_is_read_too(site: Site) -> None:
    site.ca.revoke("desk-1")
    site.ca.crl.write_bytes(x509.load_pem_x509_crl(site.ca.crl.read_bytes()).public_bytes(Encoding.DER))
    site.clock = 10
    assert site.is_out()


def _cut(crl: Path) -> None:
    crl.write_bytes(crl.read_bytes()[:200])


def _others(crl: Path) -> None:
    other = Authority(crl.parent / "other", lambda: "")
    other.init("Test CA", None)
    crl.write_bytes(other.crl.read_bytes())


@pytest.mark.parametrize(
    ("harm", "words"), [(Path.unlink, "can't be read"), (_cut, "damaged"), (_others, "not signed by the CA")]
)
def test_what_was_good_goes_on_and_health_says_so(
    site: Site, harm: Callable[[Path], None], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    site.ca.revoke("desk-1")
    site.clock = 10
    assert site.is_out()
    harm(site.ca.crl)
    site.clock = 20
    assert site.is_out()
    assert words in site.revoked.problem
    assert words in caplog.text
    site.ca.write_crl()
    site.clock = 30
    assert site.is_out()
    assert site.revoked.problem == ""


def test_an_older_list_lets_nobody_in_again(site: Site) -> None:
    before = site.ca.crl.read_bytes()
    site.ca.revoke("desk-1")
    site.clock = 10
    assert site.is_out()
    site.ca.crl.write_bytes(before)
    site.clock = 20
    assert site.is_out()
    assert "older" in site.revoked.problem


def test_a_list_that_has_ended_is_obeyed_and_complained_about(site: Site) -> None:
    site.ca.revoke("desk-1")
    site.clock = 10
    site.now += timedelta(days=31)
    assert site.is_out()
    assert "ended on" in site.revoked.problem
    site.ca.write_crl()
    site.clock = 20
    assert site.revoked.problem == ""


@pytest.mark.parametrize("harm", [Path.unlink, _cut, _others])
def test_it_does_not_begin_without_a_list_it_can_believe(site: Site, harm: Callable[[Path], None]) -> None:
    harm(site.ca.crl)
    with pytest.raises(PkiError):
        site.watch()


def test_without_a_ca_no_list_is_believed(site: Site) -> None:
    with pytest.raises(PkiError, match="no certificate of a CA"):
        Revoked(site.ca.crl)


def test_without_a_list_nothing_is_revoked() -> None:
    nobody = Revoked(None)
    assert not nobody.is_revoked(5)
    assert nobody.problem == ""
