from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.health.usage import Usage, Used
from console.pipeline.meters import CameraMeter
from console.pipeline.rings import SPANS, Rings
from console.pipeline.series import CHANNELS, Series
from models.detections import Detections
from models.results import Result
from models.traces import Trace
from models.tracks import Tracks

S = 1_000_000_000


class StillUsage(Usage):
    def __init__(self) -> None:
        pass

    def read(self) -> Used:
        return Used(0.5, 1.0, 1000, 0.25)


def result(seq: int, captured_ns: int, latency_s: float, infer_s: float | None = None) -> Result:
    trace = Trace()
    trace.add("infer", 0, round((latency_s / 2 if infer_s is None else infer_s) * S))
    return Result(
        "cam",
        seq,
        captured_ns,
        captured_ns + round(latency_s * S),
        datetime.now(UTC),
        None,
        (64, 64),
        Detections.empty(),
        Tracks.empty(),
        (),
        (),
        trace,
    )


def play(series: Series, meter: CameraMeter, seconds: float, *, fps: float = 30, every: int = 3, begin: int = 0) -> int:
    """Frames at `fps`, every n-th inferred in 20 ms, pulled twice a second; returns the time after it."""
    now = begin
    for number in range(round(seconds * fps)):
        now = begin + round(number / fps * S)
        meter.came_in(now)
        if number % every == 0:
            meter.done(result(number, now, 0.02))
        else:
            meter.drop("busy")
        if int(number / fps * 2) != int((number + 1) / fps * 2):
            series.pull({"cam": meter}, begin + round((number + 1) / fps * S))
    return begin + round(seconds * S)


def test_rates_come_from_the_events_own_times() -> None:
    series, meter = Series(StillUsage()), CameraMeter()
    play(series, meter, 12)
    now = series.current("cam")
    assert now.fps_in == pytest.approx(30, abs=0.01)
    assert now.fps_inferred == pytest.approx(10, abs=0.01)
    assert now.dropped == {"busy": pytest.approx(20, abs=0.6)}
    assert now.dropped_share == pytest.approx(2 / 3, abs=0.01)
    assert series.total() == now
    times, values = series.history("cam", ["in", "inferred", "busy"], 1)
    assert len(times) == len(values) == 24
    assert values[1:, 0] == pytest.approx(30, abs=0.01)


def test_latency_is_by_stage_and_of_the_last_seconds() -> None:
    series, meter = Series(StillUsage()), CameraMeter()
    now = play(series, meter, 12)
    for number in range(2):
        meter.done(result(1000 + number, now, 0.3, infer_s=0.25))
    series.pull({"cam": meter}, now + S // 2)
    whole, infer = series.latency("cam"), series.latency("cam", "infer")
    assert whole.p50 == pytest.approx(0.02)
    assert (whole.p99, infer.p99) == (pytest.approx(0.3), pytest.approx(0.25))
    assert whole.n == infer.n == 102
    assert series.latency() == whole
    assert series.latency("cam", "letterbox").p50 is None
    assert series.slowest() == "cam"
    times, values = series.history("cam", ["end to end p99", "infer p50"], 10)
    assert np.nanmax(values[:, 0]) == pytest.approx(0.3)
    assert (np.diff(times) > 0).all()


def test_a_silent_camera_has_no_rate_and_no_latency() -> None:
    series, meter = Series(StillUsage()), CameraMeter()
    now = play(series, meter, 5)
    for half in range(1, 30):
        series.pull({"cam": meter}, now + half * S // 2)
    assert series.current("cam").fps_in == 0
    assert series.current("cam").dropped_share is None
    assert series.latency("cam").p99 is None
    _, values = series.history("cam", ["in", "end to end p50"], 1)
    assert values[-1, 0] == 0
    assert math.isnan(values[-1, 1])


def test_a_slow_camera_is_not_called_silent_between_two_pictures() -> None:
    series, meter = Series(StillUsage()), CameraMeter()
    for half in range(40):
        if half % 4 == 0:  # a picture every two seconds
            meter.came_in(half * S // 2)
        series.pull({"cam": meter}, half * S // 2 + 1)
    _, values = series.history("cam", ["in"], 1)
    assert values[-12:, 0] == pytest.approx(0.5, abs=0.05)


def test_a_restarted_camera_goes_on_in_the_same_graph() -> None:
    series = Series(StillUsage())
    now = play(series, CameraMeter(), 5)
    series.pull({}, now + S // 2)
    assert series.current("cam").fps_in == 0
    play(series, CameraMeter(), 5, begin=now + S)
    times, values = series.history("cam", ["in"], 1)
    assert len(times) == 21
    assert math.isnan(values[10, 0])
    assert np.nanmin(values) == pytest.approx(30, abs=0.01)
    assert series.current("gone").fps_in == 0
    assert len(series.history("gone", ["in"], 60)[0]) == 0


def test_the_machine_is_kept_too() -> None:
    series = Series(StillUsage())
    assert series.used() is None
    for half in range(3):
        series.pull({}, half * S // 2)
    assert series.used() == Used(0.5, 1.0, 1000, 0.25)
    assert series.machine(1)[1].tolist() == [[0.5, 1.0, 1000, 0.25]] * 3


@given(st.lists(st.one_of(st.floats(0, 100, width=32), st.just(math.nan)), min_size=1, max_size=9000))
def test_no_peak_is_lost_and_means_are_means(values: list[float]) -> None:
    rings = Rings(np.array([True, False]))
    for number, value in enumerate(values):
        rings.add(number, np.array([value, value], np.float32))
    for minutes, (points, pulls) in SPANS.items():
        times, seen = rings.view(minutes)
        begin = max(math.ceil(len(values) / pulls) - points, 0) * pulls
        kept = np.array(values[begin:], np.float32)
        assert len(times) == min(math.ceil(len(values) / pulls), points)
        assert (np.diff(times) > 0).all()
        assert not (~np.isnan(kept)).any() or np.nanmax(seen[:, 0]) == np.nanmax(kept)
        first = kept[:pulls]
        if (~np.isnan(first)).any():
            assert seen[0, 1] == pytest.approx(float(np.nanmean(first.astype(np.float64))), rel=1e-5, abs=1e-6)


def test_a_window_sees_what_is_new_to_it_alone() -> None:
    meter = CameraMeter()
    first = meter.watch()
    meter.done(result(0, 0, 0.02))
    second = meter.watch()
    meter.done(result(1, 0, 0.04))
    assert [spans["end to end"] for spans in first.read().spans] == pytest.approx([0.02, 0.04])
    assert [spans["end to end"] for spans in second.read().spans] == pytest.approx([0.04])
    assert first.read().spans == ()
    assert first.read().inferred == 2


def test_a_window_nobody_reads_stays_small() -> None:
    meter = CameraMeter()
    window = meter.watch()
    for number in range(5000):
        meter.done(result(number, number, 0.02))
    assert len(window.read().spans) == 4096


def test_the_real_machine_answers() -> None:
    usage = Usage()
    used = usage.read()
    assert 0 <= used.machine_share <= 1
    assert used.own_bytes > 1_000_000
    assert 0 < used.memory_share < 1


def test_channels_are_known_by_name() -> None:
    assert len(CHANNELS) == len(set(CHANNELS))
    assert {"in", "inferred", "fps cap", "end to end p99", "handover p50"} <= set(CHANNELS)
