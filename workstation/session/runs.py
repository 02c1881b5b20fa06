"""The runs as the window sees them: their statuses, kept up to date beside it, and the verbs on them.

All reading happens in one thread of its own, one look at a time; the answers arrive here by a signal, in the thread
of the window. The folder of runs is the truth: nothing here is kept beyond what was last read.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Qt, QTimer, Signal, Slot

from workstation.core.course import Change
from workstation.core.requests import Request
from workstation.io.changed_masks import changed_masks
from workstation.io.layouts import open_dataset
from workstation.io.runs import RunFolder, RunStatus, default_runs_root, list_runs
from workstation.jobs import control
from workstation.jobs.local import start
from workstation.jobs.queue_settings import QueueSettings, read_queue_settings, write_queue_settings
from workstation.jobs.turns import QueueLook
from workstation.session.run_reader import Look, RunReader, masks_of

_BUSY_MS = 500
_IDLE_MS = 2000
_ACTIVE_ORDER = ("running", "stopping", "paused", "preparing", "waiting")


class Runs(QObject):
    """The runs of one folder.

    Parameters
    ----------
    root : Path or None
        The folder of runs; None is the user's own.
    """

    runs_changed = Signal()
    """Runs came or went; `statuses` has a new order."""
    status_changed = Signal(str)
    """Name of a run whose status is another."""
    events_appended = Signal(str, list)
    """Name of the followed run, and its new events (dicts)."""
    log_appended = Signal(str, str)
    """Name of the followed run, and what was added to its log."""
    followed_changed = Signal(str)
    """Another run is followed, or none (empty); what was shown of the last one is void."""
    mask_ready = Signal(str, object)
    """Name of a segmentation run that has just finished, and a mask (Path)."""
    masks_ready = Signal(str, list)
    """Name of a segmentation run of several cases that has just finished, and its masks (Paths)."""
    masks_changed = Signal()
    """Other runs are known to have learned from masks that were changed since."""
    queue_changed = Signal()
    """Who runs, who waits or what is reserved is another; what is available to runs changes all the time."""
    _looked = Signal(object)
    _compared = Signal(object)

    def __init__(self, root: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = root if root is not None else default_runs_root()
        self._reader = RunReader(self._root)
        self._statuses: dict[str, RunStatus] = {}
        self._followed = ""
        self._follow_number = 0
        self._thread: ThreadPoolExecutor | None = None
        self._is_looking = self._is_stopped = False
        self._is_wanted_again = False
        self._has_looked = False
        self._queue: QueueLook | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.refresh)
        self._watcher = QFileSystemWatcher(self)
        self._watcher.directoryChanged.connect(self.refresh)
        self._looked.connect(self._on_looked, Qt.ConnectionType.QueuedConnection)
        self._changed_masks: dict[str, tuple[str, ...]] = {}
        self._comparer: ThreadPoolExecutor | None = None
        self._is_comparing = self._is_comparison_stale = False
        self._compared.connect(self._on_compared, Qt.ConnectionType.QueuedConnection)

    @property
    def root(self) -> Path:
        """The folder of runs."""
        return self._root

    @property
    def statuses(self) -> tuple[RunStatus, ...]:
        """All runs, newest first, as last read."""
        return tuple(self._statuses.values())

    @property
    def followed(self) -> str:
        """Name of the run whose events and log are announced; empty if none."""
        return self._followed

    @property
    def has_looked(self) -> bool:
        """The folder was read at least once: an empty list means that there are no runs."""
        return self._has_looked

    @property
    def active(self) -> RunStatus | None:
        """The run that matters most now: the running one, else the first of those that wait; None if all ended."""
        alive = [status for status in reversed(self.statuses) if not status.is_ended]
        return min(alive, key=lambda status: _ACTIVE_ORDER.index(status.state), default=None)

    @property
    def queue(self) -> QueueLook | None:
        """Who runs, who waits and what is reserved, as last read; None before that."""
        return self._queue

    def beside(self, name: str) -> tuple[str, ...]:
        """Names of the runs that run beside this one, if it runs itself."""
        running = [ticket.name for ticket in self._queue.running] if self._queue else []
        return tuple(each for each in running if each != name) if name in running else ()

    @property
    def waiting_count(self) -> int:
        """How many runs wait for their turn."""
        return sum(status.state == "waiting" for status in self._statuses.values())

    def status(self, name: str) -> RunStatus | None:
        """The status of a run as last read; None if it is not known."""
        return self._statuses.get(name)

    def folder(self, name: str) -> RunFolder:
        """The folder of a run, for the thread of the window."""
        return RunFolder(self._root / name)

    def request(self, name: str) -> Request:
        """What a run was asked to do; `WorkstationError` if its request cannot be read."""
        return self.folder(name).request()

    def masks(self, name: str) -> list[Path]:
        """The masks that a segmentation run wrote."""
        return masks_of(self.folder(name))

    def changed_masks(self, name: str) -> tuple[str, ...]:
        """Cases whose masks were changed since a training learned from them, as last compared."""
        return self._changed_masks.get(name, ())

    def compare_masks(self) -> None:
        """Compare the masks that trainings learned from with what they are now, beside the window."""
        if self._is_stopped:
            return
        if self._is_comparing:
            self._is_comparison_stale = True
            return
        # Not in the thread of looks: a mask that was touched is hashed, and the list must not wait for it.
        if self._comparer is None:
            self._comparer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="run-masks")
        self._is_comparing, self._is_comparison_stale = True, False
        self._comparer.submit(self._changed_of_all).add_done_callback(self._on_all_compared)

    def start_watching(self) -> None:
        """Look now, and from now on at intervals."""
        self._is_stopped = False
        self._timer.start(_IDLE_MS)
        self.refresh()

    def stop_watching(self) -> None:
        """Look no more until `start_watching`; waits for a look under way."""
        self._is_stopped = True
        self._timer.stop()
        if self._thread is not None:
            self._thread.shutdown(wait=True)
            self._thread = None
        if self._comparer is not None:
            self._comparer.shutdown(wait=True)
            self._comparer = None
        self._is_comparing = False
        self._is_looking = False

    @Slot()
    def refresh(self) -> None:
        """Look soon; looks do not pile up, and after `stop_watching` there are none."""
        if self._is_stopped:
            return
        if self._is_looking:
            self._is_wanted_again = True
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="runs")
        self._is_looking = True
        self._is_wanted_again = False
        self._watch_root()
        self._thread.submit(self._reader.look, self._followed, self._follow_number).add_done_callback(self._on_done)

    def follow(self, name: str) -> None:
        """Announce events and log of this run, from their beginning on; empty follows none."""
        if name == self._followed:
            return
        self._followed = name
        self._follow_number += 1
        self.followed_changed.emit(name)
        self.refresh()

    def start(self, request: Request, *, label: str) -> str:
        """Make a run and start it in the background; `RunError` if it cannot be.

        Returns
        -------
        str
            Its name.
        """
        run = RunFolder.create(self._root, request, label=label)
        start(run)
        self.refresh()
        return run.name

    def pause(self, name: str) -> None:
        """Let a run rest after its present step."""
        self._control(name, control.pause)

    def resume(self, name: str) -> None:
        """Let a paused run go on, or start an ended one again from its last checkpoint."""
        is_ended = self.folder(name).status().is_ended
        self._control(name, control.resume_from_checkpoint if is_ended else control.resume)

    def resume_from_best(self, name: str) -> None:
        """Start an ended training again from its best epoch."""
        self._control(name, lambda run: control.resume_from_checkpoint(run, checkpoint="best"))

    def change_course(self, name: str, change: Change) -> None:
        """Give a training more epochs, or another learning rate from an epoch on."""
        self._control(name, lambda run: control.change_course(run, change))

    def stop_after_epoch(self, name: str) -> None:
        """End a run at the end of its epoch."""
        self._control(name, control.stop_after_epoch)

    def stop_now(self, name: str) -> None:
        """End a run after its step."""
        self._control(name, control.stop_now)

    def remove(self, name: str) -> None:
        """Delete a run that has ended, with its model, beside the window; `RunError` if it cannot be."""
        aside = control.set_aside(self.folder(name))
        self.refresh()
        if self._thread is not None:
            self._thread.submit(shutil.rmtree, aside, ignore_errors=True)

    def queue_settings(self) -> QueueSettings:
        """How runs share the machine."""
        return read_queue_settings(self._root)

    def set_queue(self, settings: QueueSettings) -> None:
        """Let runs share the machine otherwise from now on; `ExportError` if that cannot be kept."""
        self._root.mkdir(parents=True, exist_ok=True)
        write_queue_settings(self._root, settings)
        self.refresh()

    def _changed_of_all(self) -> dict[str, tuple[str, ...]]:
        """In a thread of its own."""
        open_data = cache(open_dataset)
        found: dict[str, tuple[str, ...]] = {}
        for run in list_runs(self._root):
            found[run.name] = changed_masks(run, open_data=open_data, should_stop=lambda: self._is_stopped)
        return {name: cases for name, cases in found.items() if cases}

    def _on_all_compared(self, future: Future[dict[str, tuple[str, ...]]]) -> None:
        if not future.cancelled():
            self._compared.emit(future)

    @Slot(object)
    def _on_compared(self, future: Future[dict[str, tuple[str, ...]]]) -> None:
        self._is_comparing = False
        found = future.result()
        if found != self._changed_masks and not self._is_stopped:
            self._changed_masks = found
            self.masks_changed.emit()
        if self._is_comparison_stale:
            # A decision was made while older ones were looked at.
            self.compare_masks()

    def _control(self, name: str, verb: Callable[[RunFolder], object]) -> None:
        verb(self.folder(name))
        self.refresh()

    def _watch_root(self) -> None:
        if not self._watcher.directories() and self._root.is_dir():
            self._watcher.addPath(str(self._root))

    def _on_done(self, future: Future[Look]) -> None:
        """In the reading thread: hand the answer over."""
        if not future.cancelled():
            self._looked.emit(future)

    @Slot(object)
    def _on_looked(self, future: Future[Look]) -> None:
        self._is_looking = False
        look = future.result()
        self._statuses = {status.name: status for status in look.statuses}
        is_first, self._has_looked = not self._has_looked, True
        has_new_queue = _outline(look.queue) != _outline(self._queue)
        self._queue = look.queue
        if look.has_new_order or is_first:
            self.runs_changed.emit()
            self.compare_masks()
        for name in look.changed:
            self.status_changed.emit(name)
        if look.follow_number == self._follow_number:
            self._announce_followed(look)
        if has_new_queue:
            self.queue_changed.emit()
        for name in dict.fromkeys(name for name, _ in look.masks):
            paths = [path for run, path in look.masks if run == name]
            if len(paths) == 1:
                self.mask_ready.emit(name, paths[0])
            else:
                self.masks_ready.emit(name, paths)
        self._adapt_interval()
        if self._is_wanted_again or look.has_more:
            self.refresh()

    def _adapt_interval(self) -> None:
        interval = _IDLE_MS if self.active is None else _BUSY_MS
        # Setting the same interval would begin it anew, again and again.
        if self._timer.isActive() and self._timer.interval() != interval:
            self._timer.setInterval(interval)

    def _announce_followed(self, look: Look) -> None:
        if look.events:
            self.events_appended.emit(look.followed, look.events)
        if look.log:
            self.log_appended.emit(look.followed, look.log)


def _outline(queue: QueueLook | None) -> object:
    """What of a queue is worth an announcement."""
    return None if queue is None else (queue.running, queue.waiting, queue.limits.budget_bytes)
