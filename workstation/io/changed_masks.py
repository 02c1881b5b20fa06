"""Whether the masks that a training learned from are still what they were.

A training on accepted and corrected masks learned from copies, whose originals `reviewed.json` names; any other from
the truths of its data set, whose hashes stand in the manifest of its split or in the card of its model. A file is
hashed only if it was touched since the run was asked for. A correction is a new file and a new decision, so a case that
was decided otherwise since counts as changed too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workstation.core.case import DataSet
from workstation.core.requests import TrainRequest
from workstation.core.review import Decision
from workstation.errors import WorkstationError
from workstation.io.files import read_json, sha256_of
from workstation.io.layouts import open_dataset
from workstation.io.models import CARD_NAME
from workstation.io.review_store import ReviewStore, review_path
from workstation.io.reviewed_set import REVIEWED_NAME
from workstation.io.runs import RunFolder


def changed_masks(
    run: RunFolder,
    *,
    open_data: Callable[[Path], DataSet] = open_dataset,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[str, ...]:
    """The cases of a training whose masks were changed or removed since it was asked for, sorted.

    Parameters
    ----------
    run : RunFolder
    open_data : callable
        Finds the cases of a folder; of many runs it may remember.
    should_stop : callable

    Returns
    -------
    tuple of str
        Empty for runs of another kind, and where nothing tells what the masks were.
    """
    try:
        request = run.request() if run.kind == TrainRequest.kind else None
        since = run.created
    except (WorkstationError, OSError):
        return ()
    if not isinstance(request, TrainRequest):
        return ()
    changed = _decided_otherwise(Path(request.data) / REVIEWED_NAME)
    for case, path, sha256 in _learned_from(run, request, open_data):
        if should_stop():
            return ()
        if case not in changed and _differs(path, sha256, since):
            changed.add(case)
    return tuple(sorted(changed))


def _learned_from(
    run: RunFolder, request: TrainRequest, open_data: Callable[[Path], DataSet]
) -> Iterator[tuple[str, Path, str]]:
    """Case, mask and the mask's hash as it was."""
    root = Path(request.data)
    try:
        if (root / REVIEWED_NAME).is_file():
            for case, facts in read_json(root / REVIEWED_NAME)["cases"].items():
                yield str(case), Path(facts["mask"]["path"]), str(facts["mask"]["sha256"])
            return
        hashes = _split_hashes(Path(request.split)) if request.split else _card_hashes(run)
        if not hashes:
            return
        for files in open_data(root).cases:
            if files.truth is not None:
                known = hashes.get(files.name, {}).get(files.truth.path.name)
                if known is not None:
                    yield files.name, files.truth.path, known
    except (WorkstationError, OSError, LookupError, TypeError, ValueError, AttributeError):
        # What cannot be read tells nothing of a change.
        return


def _decided_otherwise(path: Path) -> set[str]:
    """Cases of a reviewed set that were rejected since, or whose last verdict is about another mask."""
    if not path.is_file():
        return set()
    try:
        facts = read_json(path)
        store = review_path(Path(facts["root"]))
        if not store.is_file():
            return set()
        with ReviewStore(store) as opened:
            latest = opened.latest()
        hashes = {str(case): str(each["mask"]["sha256"]) for case, each in facts["cases"].items()}
    except (WorkstationError, OSError, LookupError, TypeError, ValueError, AttributeError):
        return set()
    last: dict[str, Decision] = {}
    for decision in latest.values():
        if decision.is_read and (decision.case not in last or decision.number > last[decision.case].number):
            last[decision.case] = decision
    return {case for case, sha256 in hashes.items() if case in last and _says_otherwise(last[case], sha256)}


def _says_otherwise(decision: Decision, sha256: str) -> bool:
    return decision.status == "rejected" or (decision.mask is not None and decision.mask.sha256 != sha256)


def _split_hashes(path: Path) -> Mapping[str, Mapping[str, str]]:
    cases: Mapping[str, Any] = read_json(path)["cases"]
    return {
        name: {str(each["path"]).rsplit("/", 1)[-1]: str(each["sha256"]) for each in case["files"]}
        for name, case in cases.items()
    }


def _card_hashes(run: RunFolder) -> Mapping[str, Mapping[str, str]]:
    if not (run.model / CARD_NAME).is_file():
        return {}
    entries: list[Any] = read_json(run.model / CARD_NAME)["training"]["data"]
    return {each["case"]: {file["name"]: str(file["sha256"]) for file in each["files"]} for each in entries}


def _differs(path: Path, sha256: str, since: float) -> bool:
    try:
        # The time of the last change of the file itself, which copying with old dates does not hide.
        if path.stat().st_ctime <= since:
            return False
        return sha256_of(path) != sha256
    except (OSError, ValueError, WorkstationError):
        return True
