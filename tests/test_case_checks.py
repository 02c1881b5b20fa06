"""The check-up: every trap is found in a small case made to have it, and a clean case has none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from workstation.core.case import DataSet
from workstation.core.findings import Finding, merged, unusable
from workstation.core.set_checks import check_up, patients_in_parts
from workstation.core.split import Split
from workstation.io.examination import examine
from workstation.io.layouts import open_dataset
from workstation.io.phantoms import write_phantoms

SHAPE = (48, 48, 40)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms; never written to."""
    root = tmp_path_factory.mktemp("checks") / "clean"
    write_phantoms(root, cases=2, shape=SHAPE, layout="brats2021", seed=7)
    return root


@pytest.fixture
def root(clean: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    for path in clean.rglob("*.nii.gz"):
        target = tmp_path / "set" / path.relative_to(clean)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return tmp_path / "set"


def file_of(root: Path, part: str, *, case: int = 1) -> Path:
    return root / f"Phantom_{case:05d}" / f"Phantom_{case:05d}_{part}.nii.gz"


def read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    image = nib.load(path)
    return np.asarray(image.dataobj), image.affine


def rewrite(path: Path, data: np.ndarray, affine: np.ndarray, **fields: bytes) -> nib.Nifti1Image:
    image = nib.Nifti1Image(data, affine)
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, path)
    return image


def found(root: Path, *, split: Split | None = None) -> tuple[Finding, ...]:
    data_set: DataSet = open_dataset(root)
    return check_up(data_set.cases, [examine(case) for case in data_set.cases], split=split)


def kinds(findings: tuple[Finding, ...]) -> dict[str, str]:
    return {finding.kind: finding.severity for finding in findings}


def detail(findings: tuple[Finding, ...], kind: str) -> str:
    return next(finding for finding in findings if finding.kind == kind).places[0].detail


def test_clean_cases_have_no_findings(clean: Path) -> None:
    assert found(clean) == ()


@pytest.mark.real
def test_real_cases_have_neither_errors_nor_warnings(real_cases: Path) -> None:
    findings = found(real_cases)
    assert kinds(findings) == {"empty-region": "note"}
    assert [(place.case, place.detail) for place in findings[0].places] == [("BraTS2021_01477", "no enhancing tumour")]


@pytest.mark.real
@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)], ids=["left-right", "front-back", "both"])
def test_flipped_real_masks_are_suspected(real_cases: Path, tmp_path: Path, axes: tuple[int, ...]) -> None:
    name = "BraTS2021_01482"  # The hardest of the eleven: the contrasts of its flips are nearest to the right one.
    (tmp_path / name).mkdir()
    for path in (real_cases / name).iterdir():
        (tmp_path / name / path.name).symlink_to(path)
    mask, affine = read(real_cases / name / f"{name}_seg.nii.gz")
    (tmp_path / name / f"{name}_seg.nii.gz").unlink()
    rewrite(tmp_path / name / f"{name}_seg.nii.gz", np.flip(mask, axes), affine)
    findings = found(tmp_path)
    assert kinds(findings)["flip"] == "warning"
    words = {(0,): "left-right", (1,): "front-back", (0, 1): "left-right and front-back"}
    assert detail(findings, "flip").startswith(words[axes] + " (")


def spoil_identity(root: Path) -> None:
    rewrite(file_of(root, "seg"), read(file_of(root, "seg"))[0], np.eye(4))


def spoil_flip(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), mask[::-1], affine)


def spoil_header_flip(root: Path) -> None:
    """RAS about the same centre: the header lays it exactly on the images, turned by half a turn."""
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), mask, np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine)


def spoil_permuted(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), mask.transpose(0, 2, 1), affine)


def spoil_scaled(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), np.where(mask == 4, 3.9999999990686774, mask), affine)


def spoil_fractions(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), mask * np.float32(0.7), affine)


def spoil_value(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), np.where(mask == 4, 7, mask).astype(np.uint8), affine)


def spoil_ambiguous(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), np.where(mask == 4, 3, mask).astype(np.uint8), affine)


def spoil_empty(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), np.zeros_like(mask), affine)


def spoil_region(root: Path) -> None:
    mask, affine = read(file_of(root, "seg"))
    rewrite(file_of(root, "seg"), np.where(mask == 4, 1, mask).astype(np.uint8), affine)


def spoil_outside(root: Path) -> None:
    """A tumour of which a fifth lies beside the head; its flips lie no better."""
    mask, affine = read(file_of(root, "seg"))
    mask = mask.copy()
    mask[:, :, :1] = 2
    rewrite(file_of(root, "seg"), mask, affine)


def spoil_sequence(root: Path) -> None:
    data, affine = read(file_of(root, "t2"))
    moved = affine.copy()
    moved[2, 3] += 0.002
    rewrite(file_of(root, "t2"), data, moved)


def spoil_sequence_shape(root: Path) -> None:
    data, affine = read(file_of(root, "t2"))
    rewrite(file_of(root, "t2"), data[:-2], affine)


def spoil_sequence_turned(root: Path) -> None:
    data, affine = read(file_of(root, "t2"))
    turned = nib.as_closest_canonical(nib.Nifti1Image(data, affine))
    nib.save(turned, file_of(root, "t2"))


def spoil_standardised(root: Path) -> None:
    data, affine = read(file_of(root, "flair"))
    head = data > 0
    rewrite(
        file_of(root, "flair"), np.where(head, (data - data[head].mean()) / data[head].std(), 0).astype("f4"), affine
    )


def spoil_negative(root: Path) -> None:
    data, affine = read(file_of(root, "flair"))
    rewrite(file_of(root, "flair"), np.where(data > 0, data - 600, 0).astype(np.int16), affine)


def spoil_non_finite(root: Path) -> None:
    data, affine = read(file_of(root, "flair"))
    data = data.astype(np.float32)
    data[20, 20, 20:23] = [np.nan, np.inf, -np.inf]
    rewrite(file_of(root, "flair"), data, affine)


def spoil_blank(root: Path) -> None:
    data, affine = read(file_of(root, "flair"))
    rewrite(file_of(root, "flair"), np.zeros_like(data), affine)


def spoil_twin(root: Path) -> None:
    data, affine = read(file_of(root, "t1"))
    # Another type, other bytes in the file: equal in every voxel all the same.
    rewrite(file_of(root, "t2"), data.astype(np.float32), affine)


def spoil_duplicate(root: Path) -> None:
    file_of(root, "t1", case=2).write_bytes(file_of(root, "t1").read_bytes())


def spoil_texts(root: Path) -> None:
    image = nib.load(file_of(root, "t1"))
    image = nib.Nifti1Image(np.asarray(image.dataobj), image.affine)
    image.header["descrip"] = b"DOE^JANE 19700101"
    image.header.extensions.append(nib.nifti1.Nifti1Extension(6, b"scanned by Dr. X"))
    nib.save(image, file_of(root, "t1"))


def spoil_truncated(root: Path) -> None:
    file_of(root, "t1").write_bytes(file_of(root, "t1").read_bytes()[:3000])


def spoil_truth_file(root: Path) -> None:
    file_of(root, "seg").write_bytes(b"not an image")


def spoil_missing(root: Path) -> None:
    file_of(root, "t1ce").unlink()


def spoil_no_truth(root: Path) -> None:
    file_of(root, "seg").unlink()


TRAPS: list[tuple[Callable[[Path], None], str, str, str]] = [
    (spoil_identity, "mask-grid", "error", "has an identity affine, T1 has axes LPS"),
    (spoil_flip, "flip", "warning", "left-right (probable)"),
    (spoil_header_flip, "header-flip", "warning", "left-right and front-back (probable)"),
    (spoil_permuted, "mask-shape", "error", "48x40x48 voxels on 48x48x40; its axes seem to be in another order"),
    (spoil_scaled, "fractions", "warning", "up to 9.3e-10 off"),
    (spoil_fractions, "values", "error", "values from 0 to 2.8"),
    (spoil_value, "labels", "error", "values 1, 2, 7 fit no known label scheme"),
    (spoil_ambiguous, "labels", "error", "fit"),
    (spoil_empty, "empty-truth", "warning", ""),
    (spoil_region, "empty-region", "note", "no enhancing tumour"),
    (spoil_outside, "outside", "warning", "of the mask lie where every image is background"),
    (spoil_sequence, "sequence-grid", "error", "T2: has axes LPS, T1 has axes LPS; up to 0.002 mm apart"),
    (spoil_sequence_shape, "sequence-shape", "error", "T2: 46x48x40 voxels on 48x48x40"),
    (spoil_sequence_turned, "turned", "note", "T2 has axes RAS, T1 LPS"),
    (spoil_standardised, "standardised", "warning", "FLAIR: mean 0.00, deviation 1.00"),
    (spoil_negative, "negative", "warning", "FLAIR:"),
    (spoil_non_finite, "non-finite", "warning", "FLAIR: 3 voxels"),
    (spoil_blank, "empty-image", "warning", "FLAIR: 0 everywhere"),
    (spoil_twin, "same-image", "warning", "T1 and T2 are equal in every voxel"),
    (spoil_duplicate, "duplicate", "warning", "T1: equal in every voxel to Phantom_00002"),
    (spoil_texts, "header-text", "warning", "descrip (17 bytes) and comment extension"),
    (spoil_truncated, "unreadable", "error", "T1:"),
    (spoil_truth_file, "unreadable", "error", "truth:"),
    (spoil_missing, "missing", "warning", "lacks T1c"),
    (spoil_no_truth, "no-truth", "note", ""),
]


@pytest.mark.parametrize(("spoil", "kind", "severity", "words"), TRAPS, ids=[trap[0].__name__[6:] for trap in TRAPS])
def test_a_trap_is_found_and_nothing_else(
    root: Path, spoil: Callable[[Path], None], kind: str, severity: str, words: str
) -> None:
    spoil(root)
    findings = found(root)
    assert kinds(findings) == {kind: severity}
    assert words in detail(findings, kind).replace("-0.00", "0.00")
    assert findings[0].advice
    assert unusable(findings) == (("Phantom_00001",) if severity == "error" else ())


def test_a_damaged_file_of_four_sequences_is_one_finding(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "msd", cases=1, shape=(24, 24, 24), layout="msd", seed=7)
    path = tmp_path / "msd" / "imagesTr" / "BRATS_001.nii.gz"
    path.write_bytes(path.read_bytes()[:2000])
    (finding,) = found(tmp_path / "msd")
    assert [place.parts for place in finding.places] == [("T1", "T1c", "T2", "FLAIR")]
    assert detail((finding,), "unreadable").startswith("T1, T1c, T2, FLAIR: ")


def test_what_headers_say_is_not_in_the_finding(root: Path) -> None:
    spoil_texts(root)
    words = str([finding.as_dict() for finding in found(root)])
    assert "JANE" not in words
    assert "Dr. X" not in words


def test_a_program_name_in_a_header_is_no_finding(root: Path) -> None:
    data, affine = read(file_of(root, "t1"))
    rewrite(file_of(root, "t1"), data, affine, descrip=b"FSL5.0")
    assert found(root) == ()


def test_examinations_of_one_patient_are_told_by_name(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "set", cases=1, shape=(32, 32, 32), layout="brats2023", seed=1)
    first = tmp_path / "set" / "Phantom-GLI-00001-000"
    second = first.with_name("Phantom-GLI-00001-001")
    second.mkdir()
    for path in first.iterdir():
        data, affine = read(path)
        is_mask = "seg" in path.name
        rewrite(second / path.name.replace("-000-", "-001-"), data if is_mask else data + (data > 0), affine)
    findings = found(tmp_path / "set")
    assert kinds(findings)["patients"] == "note"
    assert "BraTS-GLI-00001-000" in next(each.advice for each in findings if each.kind == "patients")


def test_a_patient_in_two_parts_is_a_leak() -> None:
    split = Split(("BraTS-GLI-00001-000", "BraTS-GLI-00002-000"), (), ("BraTS-GLI-00001-001",))
    (finding,) = patients_in_parts(split)
    assert (finding.kind, finding.severity) == ("leak", "warning")
    assert finding.cases == ("BraTS-GLI-00001-000", "BraTS-GLI-00001-001")
    assert patients_in_parts(Split(("BraTS2021_00001",), (), ("BraTS2021_00002",))) == []


def test_the_worst_comes_first() -> None:
    notes, errors = (Finding(severity, severity, severity, "", ()) for severity in ("note", "error"))  # type: ignore[arg-type]
    warnings = [Finding("warning", "w", "w", "", ()), Finding("warning", "w", "w", "", ())]
    assert [each.severity for each in merged([notes, *warnings, errors])] == ["error", "warning", "note"]
