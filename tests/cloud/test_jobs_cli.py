"""`sightdesk cloud jobs` beside a keeper that runs, and `sightdesk cloud tasks`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli import app as commands
from console.cli.cloud_left import warn_of_left
from console.cloud.tasks import read_tasks
from tests.cloud.jobs_cases import ONE, Worker, keeping, send
from tests.cloud.keeping_cases import OTHER

Run = Callable[..., tuple[int, str, str]]
NONE = "01a205ab-6cc6-7694-9c23-229b3a474cb3"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command in this process: exit status, standard output, standard error."""
    for name in ("FOLDER", "DATABASE", "TASKS", "BROKER"):
        monkeypatch.delenv(f"SIGHTDESK_CLOUD_{name}", raising=False)

    def done(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sightdesk", "cloud", *arguments])
        with pytest.raises(SystemExit) as end:
            commands.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return int(str(end.value.code)), said.out, said.err

    return done


@pytest.mark.services
def test_jobs_are_listed_and_replayed_beside_whoever_keeps(database_url: str, tmp_path: Path, run: Run) -> None:
    where = ("--database", database_url)
    with keeping(database_url, tmp_path / "cloud", ONE) as keeper:
        send(keeper, 5)
        send(keeper, 2, OTHER)
        worker = Worker(keeper.repository)
        done, first, second, third, *_running = worker.claim(5)
        worker.settle([done])
        worker.settle([first, second, third], "failed", why="The model is not here.")
        code, out, words = run("jobs", "list", *where)
        assert code == 0
        assert len([line for line in out.splitlines() if line[0] != " "]) == 6
        assert out.count("  The model is not here.") == 3
        assert "6 shown; of all sites: 2 queued, 1 processing, 1 done, 3 failed." in words
        code, out, _words = run("jobs", "list", *where, "--state", "failed", "--site", "plant-1", "--json")
        found = json.loads(out)
        assert [one["job_id"] for one in found["jobs"]] == sorted(one.job_id for one in (first, second, third))
        assert found["all"]["queued"] == 2
        code, out, words = run("jobs", "list", *where, "--state", "queued", "--state", "done", "--limit", "1")
        assert f"--after {out.split()[0]}" in words
        code, out, words = run("jobs", "replay", *where, first.job_id, done.job_id, NONE, "--json")
        assert code == 1
        assert json.loads(out) == {"replayed": [first.job_id], "left": [done.job_id, NONE]}
        code, out, words = run("jobs", "replay", *where, "--all", "--site", OTHER.site)
        assert (code, words.strip()) == (0, "None is queued again.")
        code, out, words = run("jobs", "replay", *where, "--all")
        assert (code, words.strip()) == (0, "2 queued again.")
        assert keeper.job_figures().number == {"queued": 5, "processing": 1, "done": 1, "failed": 0}


@pytest.mark.services
def test_jobs_of_a_task_that_is_gone_are_named_and_ended(
    database_url: str, tmp_path: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    where = ("--database", database_url)
    with keeping(database_url, tmp_path / "cloud", ONE) as keeper:
        send(keeper, 3)
        send(keeper, 2, OTHER)
        Worker(keeper.repository).claim(1)
        warn_of_left(keeper.repository, ONE)
        assert not caplog.messages
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("console.cli.cloud_left._AT_ONCE", 3)
            warn_of_left(keeper.repository, None)
            assert "4 jobs wait for the task cars, which is not in the tasks of this server" in caplog.text
            assert "Queued are 4 of cars." in run("jobs", "list", *where)[2]
            assert run("jobs", "end", *where, "--task", "bars")[2].strip() == "None is queued for the task bars."
            code, out, _words = run("jobs", "end", *where, "--task", "cars", "--json")
        assert (code, json.loads(out)) == (0, {"task": "cars", "ended": 4})
        assert keeper.job_figures().number == {"queued": 0, "processing": 1, "done": 0, "failed": 4}
        failed = json.loads(run("jobs", "list", *where, "--state", "failed", "--json")[1])["jobs"]
        assert {(one["attempts"], one["why"]) for one in failed} == {
            (0, "Nobody works on the task cars any more: it was ended by hand.")
        }
        assert len(keeper.answers(OTHER, 0, 10)["answers"]) == 2
        assert run("jobs", "replay", *where, "--all")[2].strip() == "4 queued again."


def test_the_folder_names_the_database_where_nothing_else_does(tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "cloud"
    with keeping(f"sqlite:///{folder}/cloud.db", folder, ONE) as keeper:
        send(keeper)
        code, out, _words = run("jobs", "list", "--folder", str(folder), "--json")
        assert (code, len(json.loads(out)["jobs"])) == (0, 1)
    assert run("jobs", "list", "--folder", str(tmp_path / "none"))[0] == 1
    assert not (tmp_path / "none").exists()


def test_wrong_use_is_said(tmp_path: Path, run: Run) -> None:
    for arguments, word in (
        (("jobs", "list"), "--folder"), (("jobs", "list", "--folder", "x", "--state", "lost"), "queued, processing"),
        (("jobs", "replay", "--folder", "x"), "--all"), (("jobs", "replay", "--folder", "x", NONE, "--all"), "--all"),
        (("jobs", "replay", "--folder", "x", NONE, "--site", "a"), "--all --site"),
        (("serve", "--folder", str(tmp_path / "kept"), "--workers", "2"), "--tasks"),
    ):  # fmt: skip
        code, _out, words = run(*arguments)
        assert code == 2, words
        assert word in words
    tasks = tmp_path / "tasks.yaml"
    tasks.write_text("tasks: []\n")
    for more in (("--tasks", str(tmp_path / "none.yaml")), ("--tasks", str(tasks), "--broker", "carrier-pigeon://x")):
        code, _out, words = run("serve", "--folder", str(tmp_path / "kept"), "--listen", "127.0.0.1:0", *more)
        assert code == 1, words


def test_the_example_can_be_used_as_it_is(tmp_path: Path, run: Run) -> None:
    code, out, _words = run("tasks")
    assert code == 0
    assert all(len(line) <= 120 for line in out.splitlines())
    file = tmp_path / "tasks.yaml"
    file.write_text(out)
    found = read_tasks(file)
    assert [(task.name, len(task.stages)) for task in found.tasks] == [("plates", 2)]
    code, out, words = run("tasks", "--check", str(file))
    assert code == 0
    assert out.startswith("plates: sealed of all sites, person-vehicle-bike-detection-2002 > vehicle-license")
    assert f"The key {tmp_path / 'crops.key'} is not on this machine" in words
    uncommented = [line.replace("  # - ", "  - ").replace("  #   ", "    ") for line in file.read_text().splitlines()]
    file.write_text(
        "\n".join(line.removeprefix("# ") if line.startswith(("# remote", "#   ")) else line for line in uncommented)
    )
    found = read_tasks(file)
    assert [task.name for task in found.tasks] == ["plates", "second-look"]
    assert found.remote.allowed
    assert run("tasks", "--check", str(file), "--json")[0] == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tasks: [{name: A, takes: sealed, stages: [{model: yolox_nano}]}]", "name"),
        ("tasks: [{name: a, takes: films, stages: [{model: yolox_nano}]}]", "takes"),
        ("tasks: [{name: a, takes: pictures, stages: []}]", "stages: must have at least 1"),
        ("tasks: [{name: a, takes: pictures, stages: [{model: nothing_such}]}]", "no model nothing_such"),
        ("tasks: [{name: a, takes: pictures, answer: [cow-boy], stages: [{model: yolox_nano}]}]", "cow-boy"),
        ("tasks: [{name: a, takes: pictures, stages: [{model: yolox_nano, thresholds: {ufo: .5}}]}]", "ufo"),
        ("tasks: [{name: a, takes: pictures, stages: [{model: yolox_nano}, {model: yunet, on: ufo}]}]", "finds ufo"),
        ("tasks: [{name: a, takes: pictures, stages: [{model: 'grpcs://a.example:1/x'}]}]", "may not be sent to a.ex"),
        ("tasks: {", "line 1, it is not YAML"),
        ("tasks: []\ntasks: []", "line 2, the key tasks stands"),
        ("tasks:\n- {name: a, take: sealed}", "line 2, tasks.1.take: is not a key that is known here (Did you mean"),
        (
            "tasks: [{name: a, takes: sealed, sites: [Plant 1], stages: [{model: yunet}]}]",
            "tasks.1.sites.1: has charact",
        ),
        ("tasks: [{name: a, takes: sealed, stages: [{model: yunet, confidence: 9}]}]", "must be from 0 to 1 (What it"),
        ("tasks: &a []", "line 1, names for repeated parts"),
        ("", "it is empty"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(text: str, says: str, tmp_path: Path, run: Run) -> None:
    file = tmp_path / "tasks.yaml"
    file.write_text(text)
    code, _out, words = run("tasks", "--check", str(file))
    assert code == 1
    assert says in words
