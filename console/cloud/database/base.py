"""What a database of the cloud side does, whatever kind it is: transactions, and what is done within one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from console.cloud.pki.identity import Identity

if TYPE_CHECKING:
    from console.cloud.jobs.values import Answer, Claimed, JobFigures, JobSaid, NewJob, Outcome, State
    from console.cloud.keeping.arrivals import Arrival
    from console.cloud.keeping.deciding import Known
    from console.cloud.keeping.said import Figures, Message, Trace

FILES_COUNT, ERASED_COUNT, DONE_COUNT = "files", "erased IDs", "done jobs"
"""What is counted beside the kinds of messages."""
FOLDER = "folder"
"""The key under which the number of the folder stands that holds the files."""
CLAIMING = "claiming"
"""In whose name jobs are claimed, renewed, given back, replayed and published: of no site, so nobody who sends has to
wait. Where a database can tell rows that somebody holds from others, those who write in it take no turns either."""
LONGEST_S = 600.0
"""No lease and no wait is longer. What lies further ahead was written before a clock was set back."""


class Changes:
    """What a transaction changes of the counts of a site."""

    def __init__(self) -> None:
        self.number: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def add(self, what: str, number: int, size: int = 0) -> None:
        """So many more, or fewer."""
        self.number[what] += number
        self.bytes[what] += size


class Keeping(Protocol):
    """Within a transaction: messages, their files, and what was erased. All of one site, unless it says otherwise."""

    def known_of(self, site: str, batch: list[Arrival]) -> Known:
        """What is known about a batch."""

    def marks_of(self, site: str, batch: list[Arrival]) -> set[str]:
        """Of the tracking IDs of a batch those that were erased, as `arrivals.mark` writes them."""

    def names_of(self, site: str, files: Iterable[str]) -> dict[str, str]:
        """The names under which files of a site are kept, by their SHA-256."""

    def with_rows(self, names: Iterable[str]) -> set[str]:
        """Those of these names that files are kept under, of any site."""

    def rename_files(self, site: str, names: Mapping[str, str]) -> None:
        """From now on these files are kept under other names."""

    def add_files(self, site: str, names: Mapping[str, str], sizes: Mapping[str, int], to: Changes) -> None:
        """Keep files that no row names yet."""

    def add_messages(self, who: Identity, batch: Iterable[Arrival], now: str, to: Changes) -> None:
        """Keep messages."""

    def erase(self, site: str, tracking_ids: Iterable[str], now: str, to: Changes) -> list[str]:
        """Remove all that is kept about these, their jobs and answers too, and remember that they were erased.

        Returns:
            Names of the files that nothing is left of; they are to go once this is committed.
        """

    def count(self, site: str, changes: Changes) -> None:
        """Bring the counts of a site in step."""


class Looking(Protocol):
    """Within a transaction: what is kept."""

    def trace(self, site: str, tracking_id: str) -> Trace | None:
        """Where a tracking ID is; None: this site never sent anything of it."""

    def message(self, site: str, message_id: str) -> Message | None:
        """A message of a site; None: it has none such, or it was erased."""

    def file_name(self, site: str, sha256: str) -> str | None:
        """The name in the store of a file of a site."""

    def figures(self) -> Figures:
        """How much is kept, of all sites; costs the same however much that is."""

    def about(self, key: str) -> str | None:
        """What is to be known of this database."""

    def set_about(self, key: str, value: str) -> None:
        """Remember it."""

    def now(self) -> str:
        """The database's clock: UTC text, microseconds."""


class Queue(Protocol):
    """Within a transaction: jobs and answers. Times are by the database's clock (`Looking.now`).

    How a job goes on: queued -> processing, by `claim`, which counts an attempt; from there done, failed or queued, by
    `settle`, or queued, by `give_back`. A worker that is gone says nothing: its lease ends, and `claim` gives the job
    to another. So nothing but `claim` finds out that a job was begun too often without an end, and whoever claimed it
    says so: `console.cloud.jobs.ending.worn_out` makes the outcome, `settle` writes it with its answer, in the turn
    of its site; no sweep is needed, and a worker that dies over it leaves it to the next.
    """

    def add_jobs(self, who: Identity, jobs: Sequence[NewJob]) -> None:
        """Queue jobs; of a message and task that has one already none is added."""

    def claim(self, tasks: Sequence[str], most: int, worker: str, lease_s: float) -> list[Claimed]:
        """Have a worker hold the jobs that have waited for longest, of these tasks, `most` at most.

        Before any that is queued, one whose lease ended: its worker is gone, and it was queued before them. A lease or
        a wait that lies further ahead than `LONGEST_S` was given before a clock was set back, and has ended. A job
        that has been begun before comes alone, so that one which ends its workers ends no others' attempts.

        Args:
            tasks: names; jobs of others are left alone.
            most: at least 1.
            worker: its name, which no other has.
            lease_s: so long it holds them; `LONGEST_S` at most.

        Returns:
            In the order in which they waited. One may have been begun as often as it may be already; see above.
        """

    def renew(self, worker: str, job_ids: Iterable[str], lease_s: float) -> set[str]:
        """Hold jobs for so long from now on; those that this worker still holds."""

    def give_back(self, worker: str, job_ids: Iterable[str]) -> None:
        """Queue jobs again that were not begun; the attempt does not count. Those it no longer holds are left alone."""

    def settle(self, site: str, worker: str, outcomes: Sequence[Outcome]) -> set[str]:
        """Write down what attempts came to, and the answers for the desks, in a transaction of the site.

        Done and failed make an answer, in place of an earlier one of the same message and task, with a number that no
        answer of the site had. `DONE_COUNT` is brought in step here, and by `Keeping.erase`.

        Returns:
            The jobs it was written for; the others were taken over by another attempt, erased, or are of another site.
        """

    def unpublished(self, most: int) -> list[str]:
        """Jobs that are queued, may be claimed now, and that no broker was told of; by their IDs."""

    def published(self, job_ids: Sequence[str]) -> None:
        """A broker was told of these."""

    def jobs(self, site: str | None, states: Sequence[State], most: int, after: str = "") -> list[JobSaid]:
        """Jobs in these states, by their IDs, from behind one on; site None: of all sites."""

    def jobs_of(self, site: str, tracking_id: str) -> list[JobSaid]:
        """The jobs of a tracking ID, by their IDs."""

    def replay(self, job_ids: Iterable[str]) -> set[str]:
        """Queue failed jobs again as if they were new; those that were failed. Their answers stay until a later one."""

    def job_figures(self) -> JobFigures:
        """How many there are, of all sites; costs little however many are done."""

    def queued_tasks(self) -> dict[str, int]:
        """How many jobs are queued, of all sites, by their task."""

    def answers(self, site: str, desk: str, after: int, most: int) -> list[Answer]:
        """Answers for a desk, by their numbers, from behind one on."""

    def last_answer(self, site: str) -> int:
        """The highest number an answer of this site ever had; 0: it has had none."""


class Session(Keeping, Looking, Queue, Protocol):
    """A transaction."""


class Repository(Protocol):
    """An open database. Any thread may use it.

    Attributes:
        place: where it is, without a password.
    """

    place: str

    def writing(self, site: str) -> AbstractContextManager[Session]:
        """A transaction that is committed at the end of the block, durably, or not at all when it raises.

        Those who write for one site take turns; see `CLAIMING` for those who write for none.

        Raises:
            CloudError: the database refused. Only where it is `DatabaseAway` may it have been kept after all.
        """

    def reading(self) -> AbstractContextManager[Session]:
        """A look at one moment's state.

        Raises:
            CloudError: the database refused.
        """

    def forget_log(self) -> None:
        """Have logs of the database lose what was overwritten, where that can be asked for.

        Raises:
            CloudError: the database refused.
        """

    def close(self) -> None:
        """Let go of it; harmless when done already."""
