"""Every case of the data set examined beside the window: what is wanted first comes first, and it can be stopped.

Answers come in heaps a few times a second, however fast they are found, so that two thousand cached cases cost the
window no more than two thousand that have to be read.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from workstation.core.case import CaseFiles
from workstation.core.case_checks import check_case
from workstation.core.case_facts import CaseFacts
from workstation.core.findings import SEVERITIES, Finding, Severity
from workstation.core.set_checks import check_up
from workstation.io.fact_cache import FactCache
from workstation.session.background import Background

THREADS = 2
_HEAP_MS = 120
_TURN_SECONDS = 0.001
_REST_SECONDS = 0.4
_Answer = tuple[int, int, CaseFacts, tuple[Finding, ...]]


class DataScan(QObject):
    """What is known of the cases of a data set, and the search for more.

    Parameters
    ----------
    background : Background
        Joins what was found at the end.
    find : callable or None
        Facts of a case; None reads its files, or what was kept of them. For a thread.
    parent : QObject or None
    """

    advanced = Signal(list)
    """Numbers of the cases that were examined since the last time."""
    state_changed = Signal()
    """It was begun, stopped, or is through."""
    findings_changed = Signal()
    _came = Signal()
    _ended = Signal(object)

    def __init__(
        self,
        background: Background,
        *,
        find: Callable[[CaseFiles], CaseFacts] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._find = find or FactCache().facts
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._number = 0
        self._open: deque[int] = deque()
        self._answers: list[_Answer] = []
        self._cases: Sequence[CaseFiles] = ()
        self._facts: list[CaseFacts | None] = []
        self._by_case: list[tuple[Finding, ...]] = []
        self._done = 0
        self._findings: tuple[Finding, ...] = ()
        self._is_running = False
        self._rest_until = 0.0
        self._heap = QTimer(self, singleShot=True, interval=_HEAP_MS)
        self._heap.timeout.connect(self._take_heap)
        self._came.connect(self._on_came, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def cases(self) -> Sequence[CaseFiles]:
        """The cases it is about."""
        return self._cases

    @property
    def facts(self) -> Sequence[CaseFacts | None]:
        """Of each case; None where it was not examined yet."""
        return self._facts

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of what was examined when the search last ended, worst first."""
        return self._findings

    @property
    def volumes_ml(self) -> dict[str, float]:
        """Volume of the whole tumour of each case whose truth says so."""
        known = [facts for facts in self._facts if facts is not None and "WT" in facts.volumes_ml]
        return {facts.name: facts.volumes_ml["WT"] for facts in known}

    @property
    def done(self) -> int:
        """How many cases were examined."""
        return self._done

    @property
    def total(self) -> int:
        """How many cases there are."""
        return len(self._cases)

    @property
    def is_running(self) -> bool:
        """Whether cases are being examined."""
        return self._is_running

    def worst_of(self, index: int) -> Severity | None:
        """The worst that was found in one case by itself; None where nothing was, or it was not examined."""
        found = {finding.severity for finding in self._by_case[index]}
        return next((severity for severity in SEVERITIES if severity in found), None)

    def start(self, cases: Sequence[CaseFiles]) -> None:
        """Examine other cases from the beginning."""
        self._end()
        self._cases = cases
        self._facts = [None] * len(cases)
        self._by_case = [()] * len(cases)
        self._done, self._findings = 0, ()
        self.findings_changed.emit()
        self.go_on()

    def go_on(self) -> None:
        """Examine what is left after a stop."""
        left = [index for index, facts in enumerate(self._facts) if facts is None]
        if self._is_running or not left:
            self.state_changed.emit()
            return
        with self._lock:
            self._open = deque(left)
            number = self._number
        self._is_running = True
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="examine")
        for _ in range(THREADS):
            self._pool.submit(self._work, number).add_done_callback(self._ended.emit)
        self.state_changed.emit()

    def stop(self) -> None:
        """Examine no more; what was found stays, and is joined to findings."""
        if self._is_running:
            self._take_heap()
            self._end()
            self._join()
            self.state_changed.emit()

    def prefer(self, indices: Iterable[int]) -> None:
        """Examine these cases before all others: those that are in sight."""
        with self._lock:
            wanted = [index for index in indices if 0 <= index < len(self._facts) and self._facts[index] is None]
            if not self._open or not wanted:
                return
            rest = set(self._open)
            first = dict.fromkeys(index for index in wanted if index in rest)
            self._open = deque([*first, *(index for index in self._open if index not in first)])

    def stand_back(self) -> None:
        """Begin no case for a moment: somebody scrolls, and threads that read would take the window's turns."""
        self._rest_until = time.monotonic() + _REST_SECONDS

    def close(self) -> None:
        """Stop, and wait for the case that is being read."""
        self._end()
        self._background.forget("check-up")
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _end(self) -> None:
        """Answers to come belong to an older search."""
        with self._lock:
            self._number += 1
            self._open.clear()
            self._answers.clear()
        self._heap.stop()
        self._is_running = False

    def _work(self, number: int) -> None:
        """Examine case after case; in a thread."""
        while True:
            with self._lock:
                if number != self._number or not self._open:
                    return
                index = self._open.popleft()
                files = self._cases[index]
            while time.monotonic() < self._rest_until and number == self._number:
                time.sleep(_REST_SECONDS / 10)
            facts = self._find(files)
            found = tuple(check_case(files, facts))
            with self._lock:
                if number != self._number:
                    return
                self._answers.append((number, index, facts, found))
                is_first = len(self._answers) == 1
            if is_first:
                self._came.emit()
            # Cases that were kept come one after the other without a file to wait for: let the window have its turn.
            time.sleep(_TURN_SECONDS)

    @Slot()
    def _on_came(self) -> None:
        if self._is_running and not self._heap.isActive():
            self._heap.start()

    @Slot(object)
    def _on_ended(self, worker: Future[None]) -> None:
        """A file that cannot be read is a part of the facts: whatever else ends a thread is a bug, and is reported."""
        error = None if worker.cancelled() else worker.exception()
        if error is not None:
            raise error

    def _take_heap(self) -> None:
        with self._lock:
            answers, self._answers = self._answers, []
        for _, index, facts, found in answers:
            self._facts[index] = facts
            self._by_case[index] = found
        self._done += len(answers)
        if answers:
            self.advanced.emit([index for _, index, _, _ in answers])
        if self._is_running and self._done == len(self._cases):
            self._is_running = False
            self._join()
            self.state_changed.emit()

    def _join(self) -> None:
        cases, facts, by_case = tuple(self._cases), tuple(self._facts), tuple(self._by_case)
        self._background.ask("check-up", lambda: check_up(cases, facts, by_case=by_case), self._take_findings)

    def _take_findings(self, findings: tuple[Finding, ...]) -> None:
        self._findings = findings
        self.findings_changed.emit()
