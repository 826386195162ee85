"""Sealed pictures open for their key's holder and for nobody else, and any change of them is noticed."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from console.cli.privacy_keys import keygen, unseal
from console.errors import SightdeskError, UsageError
from console.privacy import sealing
from console.privacy.sealing import MAGIC, PrivateKey, PublicKey, Sealed, SealError, seal

KEY, OTHER = PrivateKey.new(), PrivateKey.new()
CROP = np.random.default_rng(5).integers(0, 256, (24, 80, 3), np.uint8)
ABOUT = {"camera_id": "gate", "taken_at": "2026-01-02T03:04:05+00:00", "event_id": 7, "purpose": "the barrier"}


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_what_was_sealed_comes_back_whole(width: int, height: int, seed: int) -> None:
    crop = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    opened = sealing.unseal(seal(crop, ABOUT, KEY.public).content, KEY)
    assert np.array_equal(cv2.imdecode(np.frombuffer(opened.png, np.uint8), cv2.IMREAD_COLOR), crop)
    assert opened.about == ABOUT


def test_nothing_of_it_is_readable_without_the_key() -> None:
    content = seal(CROP, ABOUT, KEY.public).content
    for part in (b"gate", b"barrier", b"PNG", b"IDAT", CROP.tobytes()[:16], KEY.public.raw):
        assert part not in content
    with pytest.raises(SealError, match="sealed for the key") as refused:
        sealing.unseal(content, OTHER)
    assert KEY.public.number in refused.value.what
    disguised = MAGIC + bytes.fromhex(OTHER.public.number) + content[16:]  # says it were for the other key
    with pytest.raises(SealError, match="changed or damaged"):
        sealing.unseal(disguised, OTHER)


def test_the_same_picture_never_looks_the_same_and_its_size_tells_little() -> None:
    first, second = (seal(CROP, ABOUT, KEY.public).content for _ in range(2))
    assert first[16:48] != second[16:48]
    assert not set(zip(*[iter(first[48:])] * 16, strict=False)) & set(zip(*[iter(second[48:])] * 16, strict=False))
    small = seal(CROP[:4, :4], ABOUT, KEY.public).content
    assert len(small) == len(seal(CROP[:9, :9], ABOUT, KEY.public).content)


@given(st.data())
@settings(max_examples=200)
def test_every_changed_bit_and_every_cut_is_noticed(data: st.DataObject) -> None:
    content = seal(CROP[:6, :6], ABOUT, KEY.public).content
    if data.draw(st.booleans(), "cut"):
        broken = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        at, bit = data.draw(st.integers(0, len(content) - 1)), data.draw(st.integers(0, 7))
        broken = content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :]
    with pytest.raises(SealError):
        sealing.unseal(broken, KEY)


@given(st.data())
@settings(max_examples=200)
def test_a_public_key_is_read_as_it_was_written_or_not_at_all(data: st.DataObject) -> None:
    text = KEY.public.text
    assert PublicKey.of(f" {text}\n") == KEY.public
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="utf-8", exclude_characters=text[at] + " \n\t"))
    with pytest.raises(SealError):
        PublicKey.of(text[:at] + letter + text[at + 1 :])


@pytest.mark.parametrize("low", [bytes(32), b"\x01" + bytes(31)], ids=["zero", "one"])
def test_a_key_that_would_seal_for_everybody_is_refused(low: bytes) -> None:
    with pytest.raises(SealError, match="would seal nothing"):
        PublicKey.of(PublicKey(low).text)


@pytest.mark.parametrize(
    "text", ["", "sdseal1-", "sdseal1-!!!!", "sdseal2-" + KEY.public.text[8:]], ids=["none", "short", "other", "newer"]
)
def test_what_is_no_key_is_refused_in_words(text: str) -> None:
    with pytest.raises(SealError) as refused:
        PublicKey.of(text)
    assert "keygen" in refused.value.hint


def test_only_seal_makes_one() -> None:
    with pytest.raises(TypeError):
        Sealed(b"plain")
    with pytest.raises(TypeError):
        type("Mine", (Sealed,), {})
    made = seal(CROP, ABOUT, KEY.public)
    with pytest.raises(AttributeError):
        made.content = b"plain"  # type: ignore[misc]
    for way in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            way(made)


def test_an_empty_crop_is_refused() -> None:
    with pytest.raises(SealError, match="could not be encoded"):
        seal(CROP[:0], ABOUT, KEY.public)


def test_private_keys_open_with_their_passphrase_alone() -> None:
    pem = KEY.pem("a long passphrase")
    assert PrivateKey.of(pem, "a long passphrase").public == KEY.public
    foreign = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content, phrase in ((pem, None), (pem, "another"), (b"no key", None), (foreign, None)):
        with pytest.raises(SealError):
            PrivateKey.of(content, phrase)


app = typer.Typer()
app.command("keygen")(keygen)
app.command("unseal")(unseal)


def run(*words: str | Path, typed: str | None = None) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words], input=typed)
    if isinstance(result.exception, SightdeskError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_keys_are_made_and_pictures_opened_from_the_command_line(tmp_path: Path) -> None:
    key = tmp_path / "plates.key"
    public = run("keygen", key, "--passphrase-stdin", typed="a long passphrase\n").stdout.strip()
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in key.read_bytes()
    files = []
    for name in ("a", "b"):
        files.append(tmp_path / f"{name}.sealed")
        files[-1].write_bytes(seal(CROP, ABOUT, PublicKey.of(public)).content)
    said = run("unseal", *files, "--key", key, "--to", tmp_path / "out", "--passphrase-stdin", "--json",
               typed="a long passphrase\n")  # fmt: skip
    told = json.loads(said.stdout)["opened"]
    assert [Path(one["picture"]).name for one in told] == ["a.png", "b.png"]
    assert told[0]["purpose"] == "the barrier"
    picture = Path(told[0]["picture"])
    assert np.array_equal(cv2.imread(str(picture)), CROP)
    assert picture.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there already"):
        run("unseal", *files, "--key", key, "--to", tmp_path / "out", "--passphrase-stdin", typed="a long passphrase\n")


def test_a_key_is_never_replaced_nor_made_without_a_word_on_its_passphrase(tmp_path: Path) -> None:
    key = tmp_path / "plates.key"
    with pytest.raises(UsageError, match="passphrase is needed"):
        run("keygen", key)
    with pytest.raises(UsageError, match="at least 8"):
        run("keygen", key, "--passphrase-stdin", typed="short\n")
    assert not key.exists()
    made = json.loads(run("keygen", key, "--no-passphrase", "--json").stdout)
    assert PublicKey.of(made["public_key"]).number == made["number"]
    before = key.read_bytes()
    with pytest.raises(UsageError, match="there already"):
        run("keygen", key, "--no-passphrase")
    assert key.read_bytes() == before
