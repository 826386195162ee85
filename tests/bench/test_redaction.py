"""`sightdesk bench redaction`: covering a picture against the bare networks it needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.bench.redaction import LIMIT
from console.cli.bench import app
from console.errors import UsageError


@pytest.mark.parametrize("size", ["big", "1921x1080", "0x0", "32x32", "1920x1080x3"])
def test_a_size_that_is_none_is_said(size: str) -> None:
    assert isinstance(CliRunner().invoke(app, ["redaction", "--size", size]).exception, UsageError)


@pytest.mark.shared
def test_every_policy_is_measured_beside_its_networks(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    arguments = ["redaction", "--size", "320x240", "--face-model", "yunet", "--seconds", "0.2", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["size"] == [320, 240]
    assert [len(row["models"]) for row in report["policies"]] == [1, 1, 2]
    for row in report["policies"]:
        assert row["models"][0] == {"name": "yunet", "input": [320, 256]}
        assert row["pictures"] >= 3
        assert 0 < row["covering_ms"]["p50"] < row["ms"]["p50"]
        assert row["ratio"] > 0
        assert row["bare_ms"]["p50"] > 0


@pytest.mark.soak
@pytest.mark.shared
def test_redacting_full_hd_costs_little_more_than_its_detectors(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    arguments = ["redaction", "--seconds", "10", "--home", str(tmp_path / "home"), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["size"] == [1920, 1080]
    assert {row["policy"]: row["ratio"] for row in report["policies"] if row["ratio"] > LIMIT} == {}
