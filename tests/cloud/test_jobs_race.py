"""Several claim, settle and vanish at the same time: each job is answered once, and none is lost."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest

from console.cloud.errors import DatabaseAway
from console.cloud.jobs.values import STATES
from tests.cloud.jobs_cases import ONE, keeping, opened
from tests.cloud.jobs_racing import CLAIMERS, JOBS, SITES, check, filled, work_all
from tests.cloud.keeping_cases import notice, truth

pytestmark = pytest.mark.services


def test_four_threads_settle_each_of_2000_jobs_once(database_url: str, tmp_path: Path) -> None:
    with keeping(database_url, tmp_path / "cloud", ONE) as keeper:
        filled(keeper)
        told: list[str] = []
        wrong: list[BaseException] = []

        def run(seed: int) -> None:
            try:
                with opened(database_url) as database:
                    work_all(database, f"w{seed}", seed, lambda *said: told.extend(said))
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(CLAIMERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(told) == JOBS
        check(keeper, Counter(told), JOBS)
        truth(database_url, tmp_path / "cloud")


def test_what_is_erased_while_it_is_worked_on_stays_erased(database_url: str, tmp_path: Path) -> None:
    with keeping(database_url, tmp_path / "cloud", ONE) as keeper:
        tracking = filled(keeper, 300)
        wrong: list[BaseException] = []

        def run(seed: int) -> None:
            try:
                with opened(database_url) as database:
                    work_all(database, f"w{seed}", seed)
            except BaseException as error:
                wrong.append(error)

        threads = [threading.Thread(target=run, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        gone = tracking[::3]
        for at in range(0, len(gone), 10):
            for who in SITES:
                while True:
                    try:
                        keeper.take(who, [notice(*gone[at : at + 10])])
                        break
                    except DatabaseAway:
                        continue
        for thread in threads:
            thread.join()
        assert wrong == []
        with keeper.repository.reading() as db:
            left = {job["tracking_id"]: job["state"] for job in db.jobs(None, STATES, 1000)}
        assert set(left) == set(tracking) - set(gone)
        assert set(left.values()) == {"done"}
        answered = {one["tracking_id"] for who in SITES for one in keeper.answers(who, 0, 500)["answers"]}
        assert answered == set(left)
        truth(database_url, tmp_path / "cloud")
