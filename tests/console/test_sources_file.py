"""FileSource and what it stands on: real clips, pacing, loops, damaged and hostile files."""

from __future__ import annotations

import os
import shutil
import threading
import time
import zipfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from console.errors import SourceLost
from console.sources import av_reader, limits
from console.sources.av_reader import AvReader, VideoInput
from console.sources.file import FileSource
from console.sources.orientation import Orientation
from console.sources.scaler import ScalerPool
from console.sources.stamp import Pace
from tests.servers.clips import CORNERS, corners, encode, noise, scene, turned_corners

CONTAINERS = [
    ("avi", "mpeg4", "yuv420p"), ("mp4", "libx264", "yuv420p"), ("mkv", "libx265", "yuv420p10le"),
    ("ts", "libx264", "yuv420p"), ("webm", "libvpx", "yuv420p"), ("mov", "mjpeg", "yuvj422p"),
    ("avi", "rawvideo", "bgr24"), ("mkv", "ffv1", "gray"), ("avi", "png", "rgba"),
    ("gif", "gif", "rgb8"), ("flv", "flv1", "yuv420p"),
]  # fmt: skip


def fast(path: Path, **options: object) -> FileSource:
    return FileSource("cam", path, paced=False, **options)  # type: ignore[arg-type]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return encode(tmp_path / "clip.mp4", codec="libx264", frames=10, fps=25)


def test_vtest_has_795_frames(shared: Path) -> None:
    frames = 0
    for frame in fast(shared / "media" / "vtest.avi").frames():
        assert frame.size == (768, 576)
        assert frame.pts == pytest.approx(frame.seq / 10)
        frames += 1
    assert frames == 795


@pytest.mark.parametrize(("suffix", "codec", "pix_fmt"), CONTAINERS)
def test_containers_and_codecs(tmp_path: Path, suffix: str, codec: str, pix_fmt: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = encode(tmp_path / f"clip.{suffix}", codec=codec, pix_fmt=pix_fmt, options=options)
    frames = list(fast(path).frames(first_seq=7))
    assert [frame.seq for frame in frames] == list(range(7, 17))
    assert all(b.pts > a.pts for a, b in pairwise(frames))  # type: ignore[operator]
    if pix_fmt != "gray":
        assert corners(frames[-1].picture.view(64, 48)) == list(CORNERS)


def test_a_phones_rotation_comes_before_the_cameras(tmp_path: Path) -> None:
    path = encode(tmp_path / "phone.mp4", codec="libx264", size=(80, 60), frames=3, rotation=90)
    frame = next(fast(path).frames())
    assert frame.size == (60, 80)
    assert corners(frame.picture.view(60, 80)) == turned_corners(90, mirror=False)
    frame = next(fast(path, orientation=Orientation(90, mirror=True)).frames())
    assert corners(frame.picture.view(*frame.size)) == turned_corners(180, mirror=True)


def test_pixel_aspect_of_the_stream_and_of_the_camera(tmp_path: Path) -> None:
    path = encode(tmp_path / "wide.mp4", codec="libx264", size=(80, 60), frames=3, aspect=Fraction(2, 1))
    assert next(fast(path).frames()).size == (160, 60)
    assert next(fast(path, orientation=Orientation(pixel_aspect=1.0)).frames()).size == (80, 60)


def test_size_and_codec_settings_may_change_in_the_middle(tmp_path: Path) -> None:
    raw = [tmp_path / "a.h264", tmp_path / "b.h264"]
    for path, size in zip(raw, ((64, 48), (96, 80)), strict=True):
        encode(path, codec="libx264", size=size, frames=6, container="h264")
    joined = tmp_path / "joined.h264"
    joined.write_bytes(raw[0].read_bytes() + raw[1].read_bytes() + raw[0].read_bytes())
    sizes = [frame.size for frame in fast(joined).frames() if frame.picture.view(32, 24).shape == (24, 32, 3)]
    assert sizes == [(64, 48)] * 6 + [(96, 80)] * 6 + [(64, 48)] * 6


def test_paced_frames_come_at_their_time(clip: Path) -> None:
    source = FileSource("cam", clip)
    assert source.live
    times = [frame.captured_ns / 1e9 for frame in source.frames()]
    assert times[-1] - times[0] == pytest.approx(9 / 25, abs=0.08)
    gaps = np.diff(times)
    assert gaps.min() > 0.005


def test_loop_goes_on_counting(clip: Path) -> None:
    source = fast(clip, loop=True)
    frames = []
    for frame in source.frames(first_seq=3):
        frames.append(frame)
        if len(frames) == 35:
            source.close()
    assert [frame.seq for frame in frames] == list(range(3, 38))
    gaps = np.diff([frame.pts for frame in frames])
    assert gaps == pytest.approx(1 / 25, abs=1e-3)


def test_close_interrupts_a_paced_wait(tmp_path: Path) -> None:
    slow = encode(tmp_path / "slow.mp4", codec="libx264", frames=3, fps=1)
    source = FileSource("cam", slow)
    timer = threading.Timer(0.3, source.close)
    timer.start()
    begin = time.monotonic()
    assert len(list(source.frames())) == 1
    assert time.monotonic() - begin < 0.35
    assert list(source.frames()) == []


def test_pace_counts_anew_after_leaps_and_delays() -> None:
    pace = Pace(threading.Event())
    begin = time.monotonic()
    for at in (5.0, 5.01, 500.0, 500.01, 3.0, None, 3.02):
        assert pace.wait(at, 0.01)
    assert time.monotonic() - begin < 0.3
    pace._zero = time.monotonic() - 100
    assert pace.wait(3.03, 0.01)
    assert time.monotonic() - begin < 0.3


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("note.mp4", b"Dear operator, this is a text.\n" * 500, "not a video"),
        ("empty.mp4", b"", "not a video"),
        ("program.avi", None, "not a video"),
        ("archive.mkv", "zip", "not a video"),
        ("noise.mp4", bytes(np.random.default_rng(1).integers(0, 256, 100_000, np.uint8)), ""),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n", "not a video"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "not a video"),
        ("call.sdp", b"v=0\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n", "not a video"),
        ("menu.mpd", b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "not a video"),
    ],
)  # fmt: skip
def test_what_is_no_video_is_said_in_words(
    tmp_path: Path, name: str, content: bytes | str | None, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content is None:
        shutil.copy(os.path.realpath("/bin/true") if os.name == "posix" else shutil.which("cmd"), path)
    elif isinstance(content, str):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("video.mp4", "not really")
    else:
        path.write_bytes(content)
    with pytest.raises(SourceLost) as lost:
        list(fast(path).frames())
    assert not lost.value.retry
    assert name in lost.value.what
    assert words in lost.value.what
    assert lost.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_name_is_never_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg would take these for its concat, subfile and pipe protocols."""
    monkeypatch.chdir(tmp_path)
    clip = encode(tmp_path / "a.mp4", codec="libx264", frames=3)
    odd = tmp_path / "concat:a b#?%20é.mp4"
    clip.rename(odd)
    assert len(list(fast(Path(odd.name)).frames())) == 3
    for name in ("concat:a.mp4|a.mp4", "subfile,,start,0,end,0,,:a.mp4", "pipe:0", "-"):
        with pytest.raises(SourceLost, match="not there"):
            list(fast(Path(name)).frames())


def test_missing_file_and_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(SourceLost, match=r"gone\.mp4 is not there") as lost:
        list(fast(tmp_path / "gone.mp4").frames())
    assert not lost.value.retry
    with pytest.raises(SourceLost):
        list(fast(tmp_path).frames())


def test_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=8000)
        stream.layout = "mono"
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.rate = 8000
        frame.planes[0].update(bytes(4096))
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(SourceLost, match=r"no video in song\.mp4"):
        list(fast(path).frames())


def test_truncated_clips_give_what_they_have_or_words(tmp_path: Path) -> None:
    for suffix, codec in (("avi", "mpeg4"), ("mp4", "libx264"), ("mkv", "libx264"), ("ts", "libx264")):
        whole = encode(tmp_path / f"clip.{suffix}", codec=codec, frames=20, draw=noise).read_bytes()
        path = tmp_path / f"cut.{suffix}"
        path.write_bytes(whole[: len(whole) // 2])
        if suffix == "mp4":  # its index stands at the end
            with pytest.raises(SourceLost, match="cut") as lost:
                list(fast(path).frames())
            assert not lost.value.retry
        else:
            assert 0 < len(list(fast(path).frames())) < 20


def test_damaged_packets_are_skipped_and_counted(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.avi", codec="mjpeg", pix_fmt="yuvj420p", frames=20)
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xd8\xff", data.find(b"\xff\xd8\xff") + 3)
    data[at : at + 400] = bytes(400)
    path.write_bytes(data)
    source = fast(path)
    frames = list(source.frames())
    assert [frame.seq for frame in frames] == list(range(19))
    assert source.skipped == 1


def test_nothing_but_damage_ends_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "clip.avi", codec="mjpeg", pix_fmt="yuvj420p", frames=30)
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xd8\xff")
    while at >= 0:
        end = data.index(b"\xff\xd9", at)
        data[at:end] = bytes(end - at)
        at = data.find(b"\xff\xd8\xff", end)
    path.write_bytes(data)
    with pytest.raises(SourceLost, match="No picture"):
        list(fast(path).frames())
    monkeypatch.setattr(av_reader, "_BAD_IN_A_ROW", 10)
    with pytest.raises(SourceLost, match="10 damaged packets in a row"):
        list(fast(path).frames())


def test_a_camera_that_never_shows_a_picture_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "clip.avi", codec="mjpeg", pix_fmt="yuvj420p", frames=30)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\xff\xda", b"\xff\x01"))
    monkeypatch.setattr(av_reader, "_PICTURELESS_S", 0)
    camera = VideoInput(f"file:{path}", "gate:554", network=True, open_timeout_s=5, read_timeout_s=5)
    reader = AvReader(camera, Orientation(), ScalerPool(), threading.Event())
    with pytest.raises(SourceLost, match="gate:554 sends data, but no picture came of it") as lost:
        list(reader.pictures())
    assert lost.value.retry


def test_a_decoder_out_of_memory_is_said_in_words(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Packet:
        def decode(self) -> list[av.VideoFrame]:
            raise MemoryError

    monkeypatch.setattr(AvReader, "_packets", lambda *_: iter([Packet()]))
    with pytest.raises(SourceLost, match="more memory"):
        list(fast(clip).frames())


def test_absurd_sizes_are_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.avi", codec="rawvideo", pix_fmt="bgr24", frames=2)
    data = bytearray(path.read_bytes())
    header = data.index(b"strf") + 8
    data[header + 4 : header + 12] = (60_000).to_bytes(4, "little") + (60_000).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(SourceLost) as lost:
        list(fast(path).frames())
    assert not lost.value.retry
    with pytest.raises(SourceLost, match="60000 x 60000"):
        limits.check_size(60_000, 60_000, "clip.avi")
    limits.check_size(limits.MAX_SIDE, 100, "clip.avi")


def test_a_picture_file_is_a_clip_of_one_frame(tmp_path: Path) -> None:
    for suffix in ("jpg", "png", "bmp", "webp", "tiff"):
        path = tmp_path / f"photo.{suffix}"
        cv2.imwrite(str(path), scene(64, 48))
        assert [frame.size for frame in fast(path).frames()] == [(64, 48)]


def test_large_pictures_may_use_threads() -> None:
    assert av_reader._threads(1280, 720, live=False) == ("NONE", 1)
    assert av_reader._threads(1920, 1080, live=False)[0] == "AUTO"
    assert av_reader._threads(3840, 2160, live=True)[0] == "SLICE"


def test_no_file_stays_open(clip: Path) -> None:
    fds = Path("/proc/self/fd")
    if not fds.exists():
        pytest.skip("open files are counted on Linux only")
    before = len(list(fds.iterdir()))
    for _ in range(5):
        next(fast(clip).frames())
        list(fast(clip).frames())
    assert len(list(fds.iterdir())) == before
