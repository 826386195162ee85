"""`sightdesk privacy evaluate`: what is marked, what is covered, the figures between; planted and real pictures."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from console.bench.privacy import marked
from console.cli.privacy import app
from console.cli.privacy_tables import tables
from console.datasets import privacy
from console.datasets.privacy import Sight, Stage, Trial, covered_pixels, evaluate, worst_of
from console.datasets.privacy_cost import detection_cost
from console.datasets.privacy_figures import Row, figures, hits, wilson
from console.datasets.privacy_sheet import write_sheet
from console.datasets.privacy_sizes import recall_by_size
from console.datasets.privacy_trials import parse, standard
from console.datasets.privacy_truth import Face, Truth, read_truth
from console.errors import PictureError, SightdeskError, UsageError
from console.pipeline.loader import LoadedModel
from models.coverage import Findings, Unanswered, cover
from models.decoders import FAMILIES
from models.detections import Detections
from models.detector import Detector
from models.frames import ArrayPicture
from models.manifest import ModelManifest, PictureInput
from models.policy import Area, Cover
from models.redaction import redact

SITE = Cover(purpose="to test")
NAMES = ["nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder"]
MAGENTA = (255, 0, 255)


class FixedBackend:
    """Answers as it is told, whatever the picture: rows of a YOLOX of 64 x 64."""

    def __init__(self, *boxes: tuple[float, float, float, float, int]) -> None:
        self.rows = np.zeros((1, 84, 7), np.float32)
        for row, (x0, y0, x1, y1, label) in enumerate(boxes):  # the first rows are the cells of y 0, stride 8
            width, height = x1 - x0, y1 - y0
            center = (x0 + x1) / 16 - row, (y0 + y1) / 16
            self.rows[0, row, :5] = *center, np.log(width / 8), np.log(height / 8), 1
            self.rows[0, row, 5 + label] = 0.9

    def submit(self, inputs, done) -> None:
        done({"output": self.rows.copy()})

    def close(self) -> None:
        pass


def stage(*boxes: tuple[float, float, float, float, int]) -> Stage:
    manifest = ModelManifest(name="fixed", family="yolox", labels=("person", "car"))
    return Stage(Detector(manifest, FAMILIES["yolox"], PictureInput("x", 64, 64, "NCHW")), FixedBackend(*boxes))


class FixedLooks:
    """Finds these faces and plates in every picture; None: gives no answer."""

    def __init__(self, faces=(), plates=()) -> None:
        self.faces, self.plates = faces, plates

    def look(self, picture, kinds, within_s=None) -> Findings:
        def found(boxes):
            return (
                None
                if boxes is None
                else Detections.of(np.reshape(boxes, (-1, 4)), [0.9] * len(boxes), [0] * len(boxes))
            )

        return Findings(found(self.faces), found(self.plates), {"faces": "gone", "plates": "gone"})


def person(**more: Any) -> dict[str, Any]:
    """A person in a picture of 64 x 64 with its nose and left ear visible, its right eye labelled but hidden."""
    points = [20, 10, 2, 0, 0, 0, 18, 9, 1, 24, 11, 2, 0, 0, 0, 20, 30, 2]
    return {
        "id": 1,
        "image_id": 7,
        "category_id": 1,
        "bbox": [10, 5, 20, 48],
        "keypoints": points,
        "iscrowd": 0,
        **more,
    }


def coco(folder: Path, *marks: dict[str, Any], name: str = "set", category: dict[str, Any] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / f"{name}.png"), np.full((64, 64, 3), 90, np.uint8))
    file = folder / f"{name}.json"
    category = category or {"id": 1, "name": "person", "keypoints": NAMES}
    image = {"id": 7, "file_name": f"{name}.png", "width": 64, "height": 64}
    file.write_text(json.dumps({"images": [image], "annotations": list(marks), "categories": [category]}))
    return file


def voc(folder: Path, *objects: str, size: str = "<size><width>64</width><height>64</height></size>") -> Path:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / "one.png"), np.full((64, 64, 3), 90, np.uint8))
    (folder / "one.xml").write_text(f"<annotation>{size}{''.join(objects)}</annotation>")
    return folder


def boxed(name: str, *sides: object) -> str:
    tags = zip(("xmin", "ymin", "xmax", "ymax"), sides, strict=True)
    return f"<object><name>{name}</name><bndbox>{''.join(f'<{t}>{v}</{t}>' for t, v in tags)}</bndbox></object>"


def truth(path: Path, *, faces=(), plates=()) -> Truth:
    made = tuple(Face(np.array(points, np.float32), np.array(box, np.float32)) for points, box in faces)
    return Truth(path, (64, 64), made, np.array(plates, np.float32).reshape(-1, 4))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """64 x 64: grey, with magenta where the face is."""
    pixels = np.full((64, 64, 3), 90, np.uint8)
    pixels[8:20, 8:20] = MAGENTA
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), pixels)
    return path


# what is marked


def test_visible_keypoints_of_persons_are_faces(tmp_path: Path) -> None:
    crowd, turned = person(iscrowd=1), person(keypoints=[0] * 15 + [20, 30, 2])
    dataset = read_truth([coco(tmp_path, person(), crowd, turned)])
    (one,) = dataset.truths
    (face,) = one.faces
    assert face.points.tolist() == [[20, 10], [24, 11]]
    assert face.box.tolist() == [15, 4, 27, 16]  # twice 6 pixels around the middle of the three that are labelled
    assert one.plates.shape == (0, 4)
    assert {len(content["images"]) for content in dataset.coco.values()} == {1}


def test_a_face_of_one_keypoint_is_an_eighth_of_its_person(tmp_path: Path) -> None:
    (one,) = read_truth([coco(tmp_path, person(keypoints=[20, 10, 2] + [0] * 15))]).truths
    assert one.faces[0].box.tolist() == [17, 7, 23, 13]


def test_files_of_the_same_categories_are_pooled_under_fresh_numbers(tmp_path: Path) -> None:
    coco(tmp_path / "set", person(), name="a")
    coco(tmp_path / "set", person(), name="b", category={"id": 1, "name": "person", "keypoints": NAMES})
    coco(tmp_path / "set", name="c", category={"id": 1, "name": "teapot"})  # says nothing of faces: only for AP
    dataset = read_truth([tmp_path / "set"])
    assert [one.path.name for one in dataset.truths] == ["a.png", "b.png"]
    pooled = dataset.coco[("person",)]
    assert [(i["id"], Path(i["file_name"]).name) for i in pooled["images"]] == [(1, "a.png"), (2, "b.png")]
    assert [(a["id"], a["image_id"]) for a in pooled["annotations"]] == [(1, 1), (2, 2)]
    assert len(dataset.coco[("teapot",)]["images"]) == 1


def test_voc_plates_and_faces_are_read_also_without_a_size(tmp_path: Path) -> None:
    folder = voc(
        tmp_path / "v",
        boxed("license-plate", 1.5, 2, 30, 12),
        boxed("Face", 1, 1, 9, 9),
        boxed("tree", 0, 0, 9, 9),
        size="",
    )
    (one,) = read_truth([folder]).truths
    assert one.size == (64, 64)
    assert one.plates.tolist() == [[1.5, 2, 30, 12]]
    assert [face.box.tolist() for face in one.faces] == [[1, 1, 9, 9]]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p / "gone", "There is no dataset"),
        (lambda p: (p / "empty").mkdir() or p / "empty", "no COCO .json and no VOC .xml"),
        (lambda p: (p / "x.json").write_text("{") and p / "x.json", "can't be read as COCO"),
        (lambda p: (p / "x.json").write_text('{"images": [{}]}') and p / "x.json", "can't be read as COCO"),
        (lambda p: (p / "x.xml").write_text("<annotation>") and p / "x.xml", "can't be read as VOC"),
        (lambda p: voc(p / "v", boxed("plate", "nan", 1, 2, 3)), "not in numbers"),
        (lambda p: voc(p / "v", boxed("tree", 1, 1, 2, 3)), "No face and no plate is marked"),
        (lambda p: coco(p / "c", person(keypoints=[1, 2])), "can't be read as COCO"),
        (lambda p: coco(p / "c", person(category_id=9)), "can't be read as COCO"),
        (lambda p: coco(p / "c"), "No face and no plate is marked"),
        (lambda p: (coco(p / "c", person()), (p / "c" / "set.png").unlink())[0], "is not beside the marks"),
    ],
)
def test_a_dataset_that_is_none_is_said(tmp_path: Path, make, words: str) -> None:
    with pytest.raises(SightdeskError, match=words):
        read_truth([make(tmp_path)])


def test_marks_for_another_size_are_refused(tmp_path: Path) -> None:
    dataset = read_truth([coco(tmp_path, person())])
    cv2.imwrite(str(tmp_path / "set.png"), np.zeros((32, 64, 3), np.uint8))
    with pytest.raises(SightdeskError, match="64 x 32 pixels, but its marks are for 64 x 64"):
        evaluate(dataset.truths, [Trial("x", SITE, FixedLooks())], stage())


# what is covered

boxes = st.tuples(*[st.floats(-20, 80, width=32)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]), max(b[1], b[3]))
)
corners = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=5)


@settings(max_examples=60)
@given(st.lists(boxes, max_size=4), st.lists(corners, max_size=2), st.integers(0, 1000))
def test_covered_is_what_shows_nothing_of_the_picture_and_only_that(faces, areas, seed: int) -> None:
    policy = Cover(heads="never", plates="no", areas=tuple(Area(points=tuple(c)) for c in areas), purpose="x")
    found = Findings(Detections.of(np.reshape(faces, (-1, 4)), np.ones(len(faces)), np.zeros(len(faces))), None)
    coverage = cover(policy, (60, 40), Detections.empty(), (), (), found)
    mask = covered_pixels(coverage)
    rng = np.random.default_rng(seed)
    one, other = (rng.integers(0, 256, (40, 60, 3), dtype=np.uint8) for _ in range(2))
    shown = redact(ArrayPicture(one), coverage).bgr
    assert (shown[mask] == redact(ArrayPicture(other), coverage).bgr[mask]).all()
    assert (shown[~mask] == one[~mask]).all()


def test_points_are_counted_by_their_pixel() -> None:
    mask = np.zeros((4, 6), np.bool_)
    mask[1, 2] = True
    points = np.array([[2, 1], [2.9, 1.9], [3, 1], [-1, 1], [2, 9]], np.float32)
    assert hits(points, mask).tolist() == [True, True, False, False, False]
    assert hits(np.empty((0, 2), np.float32), mask).tolist() == []


def test_figures_of_a_picture(picture: Path) -> None:
    mask = np.zeros((64, 64), np.bool_)
    mask[0:16, 0:16] = True
    faces = [([[1, 1], [20, 20]], [0, 0, 8, 8]), ([[3, 3]], [0, 0, 8, 8])]
    row = Row.of(truth(picture, faces=faces, plates=[[8, 8, 16, 12], [8, 8, 24, 12]]), mask, weakened=False)
    assert (row.points, row.faces, row.plates, row.plate_area) == ((2, 3), (1, 2), (1, 2), (64, 96))
    assert row.excess == (256 - 64 - 32) / 64**2
    assert (row.bare, row.bare_faces, row.bare_points, row.bare_plates) == (2, 1, 1, 1)


def test_shares_are_over_what_was_kept_and_refused_ones_are_counted(picture: Path) -> None:
    marked = truth(picture, faces=[([[1, 1]], [0, 0, 8, 8])], plates=[[0, 0, 4, 4]])
    all_covered, none = np.ones((64, 64), np.bool_), np.zeros((64, 64), np.bool_)
    report = figures(
        [Row.of(marked, all_covered, weakened=True), Row.of(marked, none, weakened=False), Row.of_refused(marked)]
    )
    assert (report["pictures"], report["refused"], report["weakened"]) == (3, 1, 1)
    assert report["refused_marks"] == {"faces": 1, "plates": 1}
    assert {k: report["keypoints"][k] for k in ("covered", "of", "share")} == {"covered": 1, "of": 2, "share": 0.5}
    assert (report["plate_area"]["share"], report["plate_mean"]) == (0.5, 0.5)
    assert report["keypoints"]["low"] == 0
    assert report["keypoints"]["high"] == 1
    only = figures([Row.of(marked, all_covered, weakened=False)] * 9)
    assert only["keypoints"]["share"] == 1
    assert only["keypoints"]["low"] is None  # drawing alike pictures again says nothing
    assert only["faces"]["low"] < 0.75
    assert figures([Row.of_refused(marked)])["keypoints"] is None


def test_wilson_as_published() -> None:
    assert wilson(81, 263) == (0.2553, 0.3662)  # Newcombe, Statistics in Medicine 17 (1998), table I
    assert wilson(0, 20) == (0.0, 0.1611)


# trials


def test_every_trial_meets_every_picture(picture: Path) -> None:
    face = ([[12, 12], [14, 12]], [8, 8, 20, 20])
    looks = FixedLooks(faces=[[8, 8, 20, 20]])
    trials = [
        Trial("found", Cover(heads="never", purpose="x"), looks),
        Trial("blind", Cover(heads="never", purpose="x"), FixedLooks()),
        Trial("failed", SITE, None),
        Trial("unknown", Cover(classes=("unicorn",), purpose="x"), looks),
        Trial("blurred", Cover(heads="never", style="blur", purpose="x"), looks),
    ]
    outcomes = evaluate([truth(picture, faces=[face])], trials, stage((4, 4, 40, 60, 0)), worst=2)
    found, blind, failed, unknown, blurred = (outcome.report() for outcome in outcomes)
    assert found["keypoints"]["covered"] == blurred["keypoints"]["covered"] == 2
    assert (found["bare"], found["refused"]) == ([], 0)
    assert blind["bare"] == [{"picture": "face.png", "faces": 1, "keypoints": 2, "plates": 0}]
    assert blind["excess"] == 0
    assert failed["weakened"] == 1
    assert failed["keypoints"]["covered"] == 2
    assert failed["excess"] > 0.3
    assert any("left out on purpose" in why for why in failed["weakened_why"])
    assert (unknown["refused"], unknown["keypoints"]) == (1, None)
    assert "unicorn" in next(iter(unknown["refused_why"]))
    assert worst_of(outcomes[3]) == []


def test_a_model_that_gives_no_answer_is_not_silent(picture: Path) -> None:
    (outcome,) = evaluate([truth(picture)], [Trial("x", SITE, FixedLooks(faces=None))], stage((4, 4, 40, 60, 0)))
    assert "gone" in next(iter(outcome.report()["weakened_why"]))


def test_it_stops_between_two_pictures(picture: Path) -> None:
    stop, seen = threading.Event(), list[str]()

    def told(done: int, of: int, name: str) -> None:
        seen.append(f"{done}/{of} {name}")
        stop.set()

    (outcome,) = evaluate([truth(picture)] * 3, [Trial("x", SITE, FixedLooks())], stage(), told=told, stop=stop)
    assert seen == ["0/3 face.png"]
    assert outcome.report()["pictures"] == 1


def test_policies_in_words() -> None:
    assert parse("", SITE).policy == SITE
    written = parse(
        "heads=always, plates=vehicles,cover=dog+traffic light,style=blur,pad=0.5,faces=no,models=none", SITE
    )
    assert written.policy == Cover(
        faces=False,
        heads="always",
        plates="vehicles",
        classes=("dog", "traffic light"),
        style="blur",
        pad=0.5,
        purpose="to test",
    )
    assert not written.models
    assert [one.name for one in standard(SITE)][:3] == ["found faces", "unsure heads (site)", "all heads"]
    own = SITE.model_copy(update={"pad": 0.4, "heads": "always"})
    assert [one.policy for one in standard(own) if one.name.endswith("(site)")] == [own]


@pytest.mark.parametrize(
    "words", ["heads", "heads=sometimes", "pad=2", "pad=nan", "colour=red", "faces=true", "models=some"]
)
def test_what_is_no_policy_is_said(words: str) -> None:
    with pytest.raises(UsageError):
        parse(words, SITE)


# the sheet


@pytest.mark.parametrize(("policy", "leaks"), [("faces=yes,heads=never", False), ("faces=no,heads=never", True)])
def test_the_sheet_shows_what_the_policy_leaves_and_no_more(
    picture: Path, tmp_path: Path, policy: str, leaks: bool
) -> None:
    one = truth(picture, faces=[([[12, 12]], [8, 8, 20, 20])], plates=[[40, 40, 60, 60]])
    trial = Trial("x", parse(policy, SITE).policy, FixedLooks(faces=[[8, 8, 20, 20]]))
    outcomes = evaluate([one] * 6, [trial], stage(), worst=5)
    assert len(worst_of(outcomes[0])) == 5
    sheet = tmp_path / "new" / "sheet.png"
    write_sheet(sheet, [("x", worst_of(outcomes[0]))])
    shown = cv2.imread(str(sheet))
    assert (shown == MAGENTA).all(2).any() == leaks


def test_a_sheet_takes_nothing_plain(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="only Redacted"):
        write_sheet(tmp_path / "x.png", [("x", [("plain", ArrayPicture(np.zeros((4, 4, 3), np.uint8)))])])
    with pytest.raises(PictureError, match="no picture to show"):
        write_sheet(tmp_path / "x.png", [("x", [])])
    coverage = cover(
        SITE, (4, 4), Detections.empty(), ("person", "car"), (), Findings(Detections.empty(), Detections.empty())
    )
    fine = [("x", [("a", redact(ArrayPicture(np.zeros((4, 4, 3), np.uint8)), coverage))])]
    with pytest.raises(PictureError):
        write_sheet(tmp_path / "x.what", fine)
    (tmp_path / "folder").write_text("a file is in the way")
    with pytest.raises(PictureError, match="can't be written"):
        write_sheet(tmp_path / "folder" / "x.png", fine)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


# size of the input


def test_recall_is_counted_by_size_of_the_head_in_the_input(picture: Path) -> None:
    """A detector that always finds one of two faces, whatever it is loaded at."""
    faces = [([[12, 12], [14, 14]], [8, 8, 20, 20]), ([[50, 50], [52, 50], [19, 19]], [40, 40, 60, 60])]

    def load(_model: str, size: tuple[int, int] | None) -> LoadedModel:
        loaded = stage((8, 8, 20, 20, 0))
        return LoadedModel(loaded.detector, loaded.backend)

    report = recall_by_size(
        [truth(picture, faces=faces), truth(picture)], load, ["a"], [(64, 64)], confidence=0.3, pad=0
    )
    (row,) = report["sizes"]
    assert (row["keypoints"], row["faces"]) == ({"found": 3, "of": 5}, {"found": 1, "of": 2})
    assert [(one["from"], one["found"], one["of"]) for one in report["by_head"]["a"]] == [(12, 1, 1), (16, 0, 1)]


# what it costs detection


class SeeingBackend(FixedBackend):
    """Finds its persons where the input is not covered, of a picture of 64 x 64."""

    def __init__(self, *boxes: tuple[float, float, float, float, int]) -> None:
        super().__init__(*boxes)
        self.boxes = boxes

    def submit(self, inputs, done) -> None:
        rows = self.rows.copy()
        for row, (x0, y0, x1, y1, _label) in enumerate(self.boxes):
            if (inputs["x"][0, y0:y1, x0:x1] == 24).all(2).mean() > 0.5:
                rows[0, row] = 0
        done({"output": rows})


def refuse() -> None:
    raise Unanswered("nobody knows")


def test_ap_before_and_after_is_of_the_same_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [coco(tmp_path / name, person(bbox=[10, 5, 20, 48]), name=name) for name in ("a", "b")]
    dataset = read_truth(places)
    model = stage()
    sees = Stage(model.detector, SeeingBackend((10, 5, 30, 53, 0)))
    trials = [
        Trial("nothing", parse("faces=no,heads=never,plates=no", SITE).policy, FixedLooks()),
        Trial("persons", parse("cover=person", SITE).policy, FixedLooks()),
        Trial("refused", parse("cover=unicorn", SITE).policy, FixedLooks()),
    ]
    (part,) = detection_cost(dataset.coco, trials, sees)
    same, gone, refused = part["trials"]
    assert (part["pictures"], part["categories"]) == (2, 1)
    assert same["before"] == same["after"] == same["persons"]["after"] == {"ap": 1.0, "ap50": 1.0, "pictures": 2}
    assert (gone["before"]["ap"], gone["after"]["ap"], gone["refused"]) == (1.0, 0.0, 0)
    assert (refused["before"], refused["after"], refused["refused"]) == (None, None, 2)
    told = {
        "marked": marked(dataset),
        "models": {"objects": "a", "plates": "b"},
        "policies": [],
        "recall_by_size": None,
    }
    words = "\n".join(tables({**told, "detection": [part]}))
    assert "AP on 2 pictures" in words
    assert "100.0" in words
    whole = Sight.coverage
    monkeypatch.setattr(Sight, "coverage", lambda sight, policy: whole(sight, policy) if next(turns) else refuse())
    turns = iter([False, True])
    (part,) = detection_cost(dataset.coco, trials[:1], sees)
    (half,) = part["trials"]
    assert half["before"] == half["after"] == {"ap": 1.0, "ap50": 1.0, "pictures": 1}
    assert half["refused"] == 1
    stopped = threading.Event()
    stopped.set()
    assert detection_cost(dataset.coco, trials, sees, stop=stopped) == []


# the command


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", "--data", str(tmp_path / "gone")])
    assert isinstance(result.exception, SightdeskError)
    assert "There is no dataset" in result.exception.what
    listed = CliRunner().invoke(app, ["--help"]).stdout
    assert all(name in listed for name in ("evaluate", "keygen", "unseal"))
    assert "--sheet" in CliRunner().invoke(app, ["evaluate", "--help"]).stdout


def few(shared: Path, folder: Path, *names: str) -> list[str]:
    """A COCO file of a few of the measuring pictures, as the command's arguments."""
    content = json.loads((shared / "datasets" / "coco_cc" / "pose_minicoco_train2017.json").read_text())
    content["images"] = [image for image in content["images"] if image["file_name"].removesuffix(".jpg") in names]
    numbers = {image["id"] for image in content["images"]}
    content["annotations"] = [mark for mark in content["annotations"] if mark["image_id"] in numbers]
    file = folder / "few.json"
    file.write_text(json.dumps(content))
    return ["--data", str(file), "--pictures", str(shared / "datasets" / "coco_cc" / "pose_minicoco_train2017")]


@pytest.mark.shared
def test_real_faces_by_the_command(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    arguments = ["evaluate", *few(shared, tmp_path, "000000444294", "000000034246"), "--face-model", "yunet", "--json"]
    arguments += ["--policy", "heads=never", "--policy", "heads=always", "--policy", "models=none"]
    result = CliRunner().invoke(app, [*arguments, "--sheet", str(tmp_path / "sheet.png")])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["marked"] == {"pictures": 2, "faces": 10, "keypoints": 38, "plates": 0}
    found, heads, failed = report["policies"]
    assert 0.6 <= found["keypoints"]["share"] <= heads["keypoints"]["share"] <= failed["keypoints"]["share"]
    assert found["excess"] < heads["excess"] <= failed["excess"] < 0.8
    assert (found["weakened"], failed["weakened"]) == (0, 2)
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
    assert "2 pictures: 10 faces with 38 visible keypoints" in "\n".join(tables(report))


@pytest.mark.shared
def test_real_plates_by_the_command(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    files = sorted((shared / "datasets" / "plates_mit" / "annots").glob("dayride_type1_002*.xml"))
    arguments = ["evaluate", *(part for file in files for part in ("--data", str(file))), "--face-model", "yunet"]
    result = CliRunner().invoke(app, [*arguments, "--policy", "plates=no", "--policy", "plates=vehicles", "--json"])
    assert result.exit_code == 0, result.output
    none, vehicles = json.loads(result.stdout)["policies"]
    assert none["plate_area"]["share"] < 0.1
    assert vehicles["plate_area"]["share"] == 1.0


@pytest.mark.shared
def test_ctrl_c_keeps_what_was_measured(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTDESK_MODEL_PATH", str(shared))
    whole = privacy.sized_picture

    def pressed(truth: Truth):
        signal.raise_signal(signal.SIGINT)
        return whole(truth)

    monkeypatch.setattr(privacy, "sized_picture", pressed)
    arguments = ["evaluate", *few(shared, tmp_path, "000000444294", "000000034246"), "--face-model", "yunet"]
    result = CliRunner().invoke(app, [*arguments, "--policy", "heads=never", "--sizes", "--detection", "--json"])
    assert result.exit_code == 130
    report = json.loads(result.stdout)
    assert report["cancelled"] is True
    assert report["policies"][0]["pictures"] == 1
    assert report["recall_by_size"] is report["detection"] is None
    assert "the results so far" in result.stderr
