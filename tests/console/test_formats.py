"""Every format to every other and back: within half a pixel, nothing lost."""

import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from console.datasets.formats import known
from console.datasets.formats.notes import Notes
from tests.console.format_sets import FORMATS, pictures, same, sets, some_set

QUICK = settings(max_examples=4, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LONG = settings(QUICK, max_examples=60)
PAIRS = list(itertools.permutations(FORMATS, 2))


def through(dataset, *formats):
    """A set written and read by one format after the other."""
    with tempfile.TemporaryDirectory() as folder:
        for n, name in enumerate(formats):
            out = Path(folder) / f"{n}"
            out.mkdir()
            known.write(dataset, name, out)
            notes = Notes()
            kind, dataset = known.read(out, notes=notes)
            assert kind.name == name
            dataset = replace(dataset, folder=None)
            assert not notes.as_json(), notes.as_json()
    return dataset


@pytest.mark.parametrize(("one", "other"), PAIRS)
@QUICK
@given(sets())
def test_through_two_formats_and_back_nothing_moves_by_more_than_half_a_pixel(one, other, dataset):
    same(dataset, through(dataset, one, other, one))


@pytest.mark.soak
@pytest.mark.parametrize(("one", "other"), PAIRS)
@LONG
@given(sets())
def test_through_two_formats_and_back_on_many_more_sets(one, other, dataset):
    same(dataset, through(dataset, one, other, one))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("splits", [False, True])
def test_a_set_is_read_as_it_was_written(name, splits, tmp_path):
    dataset = some_set(splits=splits, partial=True)
    kind = known.FORMATS[name]
    if kind.split_folders and splits:
        dataset = replace(dataset, samples=[replace(s, picture=f"{s.split}/{s.picture}") for s in dataset.samples])
    pictures(tmp_path / kind.pictures, dataset.samples)
    known.write(dataset, name, tmp_path)
    notes = Notes()
    found, again = known.read(tmp_path, notes=notes)
    assert found.name == name
    assert not notes.as_json()
    same(dataset, again, 0.5 if name == "voc" else 0.001, prefix=f"{kind.pictures}/")
    assert all((again.folder / sample.picture).is_file() for sample in again.samples)


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_may_lie_elsewhere(name, tmp_path):
    dataset = some_set()
    pictures(tmp_path / "elsewhere", dataset.samples)
    (tmp_path / "out").mkdir()
    known.write(dataset, name, tmp_path / "out")
    _kind, again = known.read(tmp_path / "out", pictures=tmp_path / "elsewhere")
    same(dataset, again)
    assert again.folder == tmp_path / "elsewhere"
