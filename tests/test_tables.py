"""Tables as CSV: what is written is read back, and an old table stays until the new one is whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from workstation.errors import FileMissing
from workstation.io.tables import read_table, write_table


def test_a_table_has_its_columns_in_order_and_one_line_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "new" / "points.csv"
    write_table(path, ("size", "seconds", "fitted", "error"), [{"size": (96, 80, 64), "seconds": 0.1, "fitted": True}])
    assert path.read_text() == "size,seconds,fitted,error\n96x80x64,0.1,true,\n"


def test_what_is_missing_is_an_empty_cell_and_what_holds_a_comma_is_quoted(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", ("a", "b"), [{"a": None, "b": "one, two"}])
    assert read_table(tmp_path / "a.csv") == [{"a": "", "b": "one, two"}]


def test_a_table_that_cannot_be_made_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_table(path, ("a",), [{"a": 1}])
    with pytest.raises(AttributeError):
        write_table(path, ("a",), [{"a": 2}, "no row"])  # type: ignore[list-item]
    assert read_table(path) == [{"a": "1"}]
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"none\.csv"):
        read_table(tmp_path / "none.csv")
