"""Properties of the readers: whatever is written honestly comes back equal; whatever is not is read or refused by name.

More examples: `WORKSTATION_EXAMPLES=1000 pytest tests/test_reader_properties.py`.
"""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from property_cases import changed, few, texts, trees
from small_cases import box
from test_models import CONV, card, write_model

from workstation.core.case import CaseFiles, DataSet, ImageRef
from workstation.core.label_edits import Edit, EditableLabelMap, History
from workstation.core.requests import LOSSES, TrainRequest, request_from_dict
from workstation.core.review import STATUSES, Decision
from workstation.core.split import Draw, Split
from workstation.errors import EditError, InputError, ModelError, RequestError, WorkstationError
from workstation.io.edit_journal import begin_journal, read_journal, replayed
from workstation.io.events import append_record, read_records
from workstation.io.layouts import open_dataset
from workstation.io.models import read_model_card
from workstation.io.nifti import read_volume
from workstation.io.review_store import ReviewStore
from workstation.io.splits import read_manifest, save_manifest
from workstation.io.tables import read_table, write_table

DATASET = {
    "name": "BRATS",
    "modality": {"0": "FLAIR", "1": "T1w"},
    "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
    "numTraining": 1,
    "training": [{"image": "./imagesTr/BRATS_001.nii.gz", "label": "./labelsTr/BRATS_001.nii.gz"}],
    "test": [],
}


@contextmanager
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def write_content(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content, 1) if path.name.endswith(".gz") else content)
    return path


@st.composite
def images(draw: st.DrawFn) -> tuple[nib.Nifti1Image, str]:
    """Small images of all stored types, byte orders, scales and places, and a name for them."""
    shape = draw(st.tuples(*[st.integers(1, 4)] * 3))
    dtype = draw(st.sampled_from(("uint8", "int8", "int16", "uint16", "int32", "uint32", "float32", "float64")))
    count = int(np.prod(shape))
    values = draw(st.lists(st.integers(0, 120), min_size=count, max_size=count))
    affine = np.diag([*draw(st.tuples(*[st.sampled_from((-2.0, -1.0, 0.5, 1.0, 3.0))] * 3)), 1.0])
    affine[:3, 3] = draw(st.tuples(*[st.integers(-200, 200)] * 3))
    header = nib.Nifti1Header(endianness=draw(st.sampled_from("<>")))
    image = nib.Nifti1Image(np.array(values).reshape(shape).astype(dtype), affine, header=header)
    image.header.set_data_dtype(dtype)
    slope, inter = draw(st.sampled_from(((1, 0), (2, 0), (0.5, 3), (None, None))))
    image.header.set_slope_inter(slope, inter)
    return image, draw(st.sampled_from(("a.nii", "a.nii.gz")))


@few
@given(images())
def test_an_image_is_read_as_nibabel_reads_it(given_image: tuple[nib.Nifti1Image, str]) -> None:
    image, name = given_image
    with scratch() as folder:
        nib.save(image, folder / name)
        volume, expected = read_volume(folder / name), nib.load(folder / name)
        np.testing.assert_array_equal(volume.data, np.asanyarray(expected.dataobj).astype(volume.data.dtype))
        np.testing.assert_array_equal(volume.grid.affine, expected.affine)


@few
@given(images(), st.lists(st.tuples(st.integers(0, 420), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4))
def test_a_changed_header_is_read_or_refused_with_a_hint(
    given_image: tuple[nib.Nifti1Image, str], changes: list[tuple[int, bytes]]
) -> None:
    image, name = given_image
    content = bytearray(image.to_bytes())
    for at, words in changes:
        content[at : at + len(words)] = words
    with scratch() as folder:
        path = write_content(folder / name, bytes(content))
        try:
            volume = read_volume(path)
        except WorkstationError as refused:
            assert refused.hint
            assert path.name in refused.message
        else:
            # No more than the file can hold, at one byte a voxel and compressed a thousandfold.
            assert volume.data.size <= 1032 * path.stat().st_size


@few
@given(changed(DATASET))
def test_a_changed_description_of_a_data_set_is_read_or_refused(description: dict[str, Any]) -> None:
    with scratch() as folder:
        for name in ("imagesTr", "labelsTr"):
            (folder / name).mkdir()
            (folder / name / "BRATS_001.nii.gz").write_bytes(b"voxels")
        (folder / "dataset.json").write_text(json.dumps(description))
        try:
            data = open_dataset(folder)
        except WorkstationError as refused:
            assert refused.hint
        else:
            paths = [ref.path for case in data.cases for ref in (*case.sequences.values(), case.truth) if ref]
            # A description opens nothing outside its folder.
            assert all(path.resolve().is_relative_to(folder.resolve()) for path in paths)


@few
@given(
    st.builds(
        TrainRequest,
        data=texts.filter(bool),
        epochs=st.integers(1, 1000),
        batch=st.integers(1, 16),
        learning_rate=st.floats(1e-6, 1.0),
        loss=st.sampled_from(LOSSES),
        seed=st.integers(0, 2**31 - 1),
        filters=st.integers(1, 64),
        depth=st.integers(1, 5),
        augment=st.booleans(),
        validation=st.floats(0.0, 0.4),
        test=st.floats(0.0, 0.4),
    )
)
def test_a_request_comes_back_equal_through_json(request: TrainRequest) -> None:
    assert request_from_dict("train", json.loads(json.dumps(request.as_dict()))) == request


@few
@given(st.sampled_from(("train", "segment", "profile", "bench", "seams", "?")), changed(TrainRequest("/d").as_dict()))
def test_a_changed_request_is_refused_or_stays_as_it_was_read(kind: str, values: dict[str, Any]) -> None:
    try:
        request = request_from_dict(kind, values)
    except RequestError as refused:
        assert refused.message
    else:
        assert request_from_dict(kind, request.as_dict()) == request


records = st.lists(st.dictionaries(texts, trees, max_size=3), max_size=5)


def finite(value: Any) -> Any:
    """As JSON says it: what is no number becomes nothing."""
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list) else value


@few
@given(records, st.lists(st.binary(max_size=20), max_size=5), st.integers(1, 400))
def test_records_come_back_whole_whatever_lies_between_them(
    written: list[dict[str, Any]], between: list[bytes], most: int
) -> None:
    with scratch() as folder:
        path = folder / "events.jsonl"
        for number, record in enumerate(written):
            append_record(path, {"time": number, **record})
            if number < len(between):
                with path.open("ab") as file:
                    file.write(b"}" + between[number].replace(b"\n", b""))
        found = read_records(path).records
        assert found == [{"time": number, **finite(record)} for number, record in enumerate(written)]
        # In pieces, as a window follows them, they are the same.
        pieces, offset = [], 0
        while True:
            piece = read_records(path, offset, most_bytes=most)
            pieces += piece.records
            if piece.offset == offset:
                break
            offset = piece.offset
        assert pieces == found


@few
@given(st.data())
def test_a_changed_card_is_refused_or_stays_as_it_was_read(data: st.DataObject) -> None:
    with scratch() as folder:
        model = write_model(folder / "m", CONV)
        honest = json.loads((model / "card.json").read_text())
        values = data.draw(changed(honest))
        (model / "card.json").write_text(json.dumps(values))
        try:
            found = read_model_card(model)
        except ModelError as refused:
            assert refused.hint
        else:
            assert type(card()).from_dict(json.loads(json.dumps(found.as_dict()))) == found


@st.composite
def strokes(draw: st.DrawFn) -> tuple[tuple[slice, ...], int]:
    """A box in 20 voxels a side, and a label."""
    starts = draw(st.tuples(*[st.integers(0, 15)] * 3))
    sides = draw(st.tuples(*[st.integers(1, 4)] * 3))
    return tuple(slice(a, a + b) for a, b in zip(starts, sides, strict=True)), draw(st.sampled_from((0, 1, 2, 4)))


@few
@given(st.lists(strokes() | st.sampled_from(("undo", "redo")), max_size=6), st.integers(0, 2000), st.integers(0, 255))
def test_a_torn_or_damaged_journal_holds_the_edits_before_that(verbs: list[Any], from_end: int, damage: int) -> None:
    with scratch() as folder:
        journal = begin_journal(folder, folder / "a.nii.gz", box(5, 8), origin="empty")
        editable = EditableLabelMap(box(5, 8))
        history, states = History(editable), [editable.data.copy()]
        for verb in verbs:
            if verb == "undo" and history.undo() is not None:
                journal.append_undo()
            elif verb == "redo" and history.redo() is not None:
                journal.append_redo()
            elif not isinstance(verb, str):
                where, label = verb
                edit = Edit("brush", editable.paint(where, np.ones([s.stop - s.start for s in where], bool), label))
                history.add(edit)
                journal.append_edit(edit)
            states.append(editable.data.copy())
        journal.close()
        content = bytearray(journal.path.read_bytes())
        assert np.array_equal(replayed(read_journal(journal.path))[0].data, states[-1])
        at = max(0, len(content) - 1 - from_end)
        for bad in (content[:at], content[:at] + bytes([content[at] ^ (damage or 1)]) + content[at + 1 :]):
            journal.path.write_bytes(bad)
            try:
                found = replayed(read_journal(journal.path))[0].data
            except EditError as refused:
                assert refused.hint
            else:
                assert any(np.array_equal(found, state) for state in states)


def save_split(folder: Path) -> Path:
    (folder / "a.nii.gz").write_bytes(b"voxels")
    files = CaseFiles("a", {"FLAIR": ImageRef(folder / "a.nii.gz")}, None, "msd")
    data_set = DataSet("set", folder, "msd", (files,))
    return save_manifest(folder / "split.json", data_set, Split(("a",), (), ()), draw=Draw())


@few
@given(st.data())
def test_a_changed_manifest_of_a_split_is_refused_or_names_files_inside_the_data_set(data: st.DataObject) -> None:
    with scratch() as folder:
        path = save_split(folder)
        path.write_text(json.dumps(data.draw(changed(json.loads(path.read_text())))))
        try:
            manifest = read_manifest(path)
        except InputError as refused:
            assert refused.hint
        else:
            parts = [name for names in manifest.split.parts.values() for name in names]
            assert len(parts) == len(set(parts))
            named = [Path(each.path) for files in manifest.files.values() for each in files]
            assert not any(each.is_absolute() or ".." in each.parts for each in named)


names = texts.filter(bool)
decisions = st.builds(
    Decision, case=names, reader=names, status=st.sampled_from(STATUSES), note=texts, seconds=st.floats(0, 1e6)
)


@few
@given(st.lists(decisions, max_size=4))
def test_decisions_come_back_equal_in_their_order(made: list[Decision]) -> None:
    with scratch() as folder, ReviewStore(folder / "reviews.sqlite") as store:
        kept = [store.decide(each) for each in made]
        assert list(store.history()) == kept
        facts = [(each.case, each.reader, each.status, each.note, each.seconds) for each in kept]
        assert facts == [(each.case, each.reader, each.status, each.note, each.seconds) for each in made]


@few
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), texts)
def test_a_table_comes_back_equal_and_no_cell_of_it_is_a_formula(rows: list[tuple[str, str]], column: str) -> None:
    columns = ("case", f"{column}2")
    with scratch() as folder:
        path = folder / "a.csv"
        write_table(path, columns, [dict(zip(columns, row, strict=True)) for row in rows])

        def lines(text: str) -> str:
            return "\n".join(text.splitlines())

        assert [list(row.values()) for row in read_table(path)] == [[lines(each) for each in row] for row in rows]
        # By the commas and, as where lists have semicolons, by those.
        for mark in ",;":
            with path.open(encoding="utf-8", newline="") as file:
                cells = [cell for row in csv.reader(file, delimiter=mark) for cell in row]
            assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
