"""Patients told by the names of cases."""

from __future__ import annotations

import pytest

from workstation.core.patients import by_patient, patient_of


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("BraTS2021_00006", "BraTS2021_00006"),
        ("BRATS_001", "BRATS_001"),
        ("BraTS20_Training_001", "BraTS20_Training_001"),
        ("BraTS2021_001", "BraTS2021_001"),
        ("2021_001", "2021_001"),
        ("BraTS-GLI-00001-000", "BraTS-GLI-00001"),
        ("BraTS-GLI-00001_001", "BraTS-GLI-00001"),
        ("BraTS-MEN-RT-0012-1", "BraTS-MEN-RT-0012-1"),
        ("UPENN-GBM-00001_11", "UPENN-GBM-00001"),
        ("UCSF-PDGM-0429_FU001d", "UCSF-PDGM-0429"),
        ("UCSF-PDGM-0429", "UCSF-PDGM-0429"),
        ("Brats18_CBICA_AAB_1", "Brats18_CBICA_AAB"),
        ("Brats17_TCIA_147_2", "Brats17_TCIA_147"),
        ("sub-07_ses-02", "sub-07"),
        ("new\nline", "new\nline"),
    ],
)
def test_patient_of_a_name(name: str, patient: str) -> None:
    assert patient_of(name) == patient


def test_cases_are_grouped_by_patient() -> None:
    groups = by_patient(["BraTS-GLI-00002-000", "BraTS-GLI-00001-001", "BraTS-GLI-00001-000"])
    assert groups == {
        "BraTS-GLI-00001": ["BraTS-GLI-00001-000", "BraTS-GLI-00001-001"],
        "BraTS-GLI-00002": ["BraTS-GLI-00002-000"],
    }
