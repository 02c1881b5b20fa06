"""A model as one file: it comes back the same, and nothing hostile in such a file is believed."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from test_models import CONV, card, write_model

from workstation.errors import ExportError, FileMissing, ModelError
from workstation.io import model_exchange
from workstation.io.model_exchange import export_model, folder_name_of, import_model
from workstation.io.models import read_model_card, write_model_card

CARD, WEIGHTS, MANIFEST = "card.json", "model.keras", "manifest.json"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


def archive_of(tmp_path: Path, *layers: dict[str, object]) -> Path:
    return export_model(write_model(tmp_path / "source", *(layers or (CONV,))), tmp_path / "given")


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None], *, keeps_hashes: bool = False) -> Path:
    """The archive with other contents; the manifest's hashes are made to fit unless `keeps_hashes`."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    if MANIFEST in contents and not keeps_hashes:
        manifest = json.loads(contents[MANIFEST])
        for name in manifest["files"]:
            if name in contents:
                manifest["files"][name]["sha256"] = hashlib.sha256(contents[name]).hexdigest()
        contents[MANIFEST] = json.dumps(manifest).encode()
    other = path.with_name("hostile.model.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return other


def nothing_was_left(models: Path) -> bool:
    return not models.exists() or list(models.iterdir()) == []


def test_a_model_comes_back_byte_for_byte(tmp_path: Path, models: Path) -> None:
    path = archive_of(tmp_path)
    assert path.name == "given.model.zip"
    folder = import_model(path, models)
    assert folder == models / "small"
    for name in (CARD, WEIGHTS):
        assert (folder / name).read_bytes() == (tmp_path / "source" / name).read_bytes()
    assert read_model_card(folder).name == "small"
    assert [each.name for each in models.iterdir()] == ["small"]


def test_the_manifest_holds_the_hashes_of_the_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(archive_of(tmp_path)) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        assert sorted(archive.namelist()) == [CARD, MANIFEST, WEIGHTS]
    for name in (CARD, WEIGHTS):
        content = (tmp_path / "source" / name).read_bytes()
        assert manifest["files"][name] == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_a_file_that_was_not_named_is_not_replaced(tmp_path: Path) -> None:
    path = archive_of(tmp_path)
    before = path.read_bytes()
    other = write_model(tmp_path / "other", {**CONV, "config": {"name": "b"}})
    with pytest.raises(ExportError, match="is there already"):
        export_model(other, tmp_path / "given")
    assert path.read_bytes() == before
    export_model(other, path)
    assert path.read_bytes() != before


def test_equal_models_make_equal_files(tmp_path: Path) -> None:
    first = archive_of(tmp_path).read_bytes()
    for name in (CARD, WEIGHTS):
        os.utime(tmp_path / "source" / name, (10**9, 10**9))
    assert export_model(tmp_path / "source", tmp_path / "again.zip").read_bytes() == first


def test_weights_beyond_what_a_plain_archive_holds_travel_too(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 2 GiB, were they not too much for a test.
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    folder = import_model(archive_of(tmp_path), models)
    assert (folder / WEIGHTS).stat().st_size > 100
    assert (folder / WEIGHTS).read_bytes() == (tmp_path / "source" / WEIGHTS).read_bytes()


def test_the_same_model_is_not_taken_in_twice(tmp_path: Path, models: Path) -> None:
    path = archive_of(tmp_path)
    import_model(path, models)
    with pytest.raises(ModelError, match="is here already, as small"):
        import_model(path, models)
    assert [each.name for each in models.iterdir()] == ["small"]


def test_another_model_of_the_same_name_gets_a_folder_of_its_own(tmp_path: Path, models: Path) -> None:
    import_model(archive_of(tmp_path), models)
    other = write_model(tmp_path / "other", {**CONV, "config": {"name": "b"}})
    assert import_model(export_model(other, tmp_path / "other.zip"), models) == models / "small-2"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil.json", "leads out"),
        ("a/../../evil.json", "leads out"),
        ("..\\evil.json", "leads out"),
        ("/etc/passwd", "absolute path"),
        ("C:\\evil.json", "absolute path"),
        ("\\\\server\\share", "absolute path"),
        ("weights.pkl", "may hold code"),
        ("custom_layers.py", "may hold code"),
        ("readme.txt", "does not belong"),
        ("card.json/", "does not belong"),
        ("card.json\0.txt", "does not belong"),
    ],
)
def test_a_member_that_is_no_part_of_a_model_is_refused(tmp_path: Path, models: Path, name: str, words: str) -> None:
    path = archive_of(tmp_path)
    info = zipfile.ZipInfo("x")
    info.filename = name
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, b"x")
    with pytest.raises(ModelError, match=words):
        import_model(path, models)
    assert nothing_was_left(models)
    assert not (tmp_path / "evil.json").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_are_refused(tmp_path: Path, models: Path, kind: int) -> None:
    path = archive_of(tmp_path)
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = ((kind if name == WEIGHTS else stat.S_IFREG) | 0o777) << 16
            archive.writestr(info, b"/etc/passwd" if name == WEIGHTS else content)
    with pytest.raises(ModelError, match="link or a special file"):
        import_model(path, models)
    assert nothing_was_left(models)


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path, models: Path) -> None:
    path = archive_of(tmp_path)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(CARD, b"{}")
    with pytest.raises(ModelError, match="twice"):
        import_model(path, models)


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_contents_that_differ_from_the_manifest_are_refused(tmp_path: Path, models: Path, name: str) -> None:
    def change(contents: dict[str, bytes]) -> None:
        contents[name] += b" "

    with pytest.raises(ModelError, match=f"sha256 of {name}"):
        import_model(rewritten(archive_of(tmp_path), change, keeps_hashes=True), models)
    assert nothing_was_left(models)


def test_a_manifest_that_fits_does_not_make_other_weights_those_of_the_card(tmp_path: Path, models: Path) -> None:
    def change(contents: dict[str, bytes]) -> None:
        contents[WEIGHTS] += b" "

    with pytest.raises(ModelError, match="not the file that its card describes"):
        import_model(rewritten(archive_of(tmp_path), change), models)
    assert nothing_was_left(models)


@pytest.mark.parametrize("name", [MANIFEST, CARD, WEIGHTS])
def test_a_missing_part_is_named(tmp_path: Path, models: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"{name} is missing"):
        import_model(rewritten(archive_of(tmp_path), lambda contents: contents.pop(name)), models)


@pytest.mark.parametrize("manifest", [b"{", b"[]", b"{}", b'{"format": 2, "kind": "model", "files": {}}'])
def test_a_manifest_that_cannot_be_meant_is_refused(tmp_path: Path, models: Path, manifest: bytes) -> None:
    path = rewritten(archive_of(tmp_path), lambda contents: contents.update({MANIFEST: manifest}), keeps_hashes=True)
    with pytest.raises(ModelError, match="no usable manifest"):
        import_model(path, models)


def test_a_model_with_code_is_refused_though_all_hashes_fit(tmp_path: Path, models: Path) -> None:
    source = write_model(tmp_path / "source", CONV)
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {}, "registered_name": None}
    with zipfile.ZipFile(source / WEIGHTS, "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [layer]}}))
    write_model_card(source, card())
    files = {name: (source / name).read_bytes() for name in (CARD, WEIGHTS)}
    listed = {name: {"bytes": len(each), "sha256": hashlib.sha256(each).hexdigest()} for name, each in files.items()}
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(MANIFEST, json.dumps({"format": 1, "kind": "model", "name": "x", "files": listed}))
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(ModelError, match="would run code"):
        import_model(tmp_path / "evil.zip", models)
    assert nothing_was_left(models)


@pytest.mark.parametrize("name", ["assets/vocabulary.txt", "model.weights.npz", "state.pkl"])
def test_weights_that_hold_more_than_weights_are_refused(tmp_path: Path, models: Path, name: str) -> None:
    source = write_model(tmp_path / "source", CONV)
    with zipfile.ZipFile(source / WEIGHTS, "a") as archive:
        archive.writestr(name, b"x")
    write_model_card(source, card())
    with pytest.raises(ModelError, match="not part of such a model"):
        export_model(source, tmp_path / "x.zip")


def test_weights_that_unpack_to_more_than_the_network_has_are_refused(tmp_path: Path) -> None:
    source = write_model(tmp_path / "source", CONV)
    with zipfile.ZipFile(source / WEIGHTS, "a", zipfile.ZIP_DEFLATED) as archive:
        # 65 MiB of zeros pack to 64 kB; the network of the card has under a thousand parameters.
        archive.writestr("model.weights.h5", bytes(65 * 2**20))
    write_model_card(source, card())
    with pytest.raises(ModelError, match="claim 65 MiB"):
        read_model_card(source)


def test_a_claim_beyond_all_measure_is_refused_before_anything_is_read(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_of(tmp_path)
    monkeypatch.setitem(model_exchange._MOST_BYTES, WEIGHTS, 10)
    with pytest.raises(ModelError, match="more than it can be"):
        import_model(path, models)
    assert nothing_was_left(models)


def test_a_member_that_is_larger_than_it_claims_is_refused(tmp_path: Path, models: Path) -> None:
    path = archive_of(tmp_path)
    content = path.read_bytes()
    size = (tmp_path / "source" / WEIGHTS).stat().st_size
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo(WEIGHTS).file_size == size
    # Of the three places that name the size, the directory's is the one that is believed before reading.
    place = content.rfind(size.to_bytes(4, "little"))
    path.write_bytes(content[:place] + (size - 1).to_bytes(4, "little") + content[place + 4 :])
    with pytest.raises(ModelError):
        import_model(path, models)
    assert nothing_was_left(models)


def test_a_disk_that_is_too_small_is_told_before_writing(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_of(tmp_path)
    monkeypatch.setattr(model_exchange, "_DISK_RESERVE", 2**62)
    with pytest.raises(ExportError, match="left"):
        import_model(path, models)
    assert nothing_was_left(models)


def test_what_is_no_archive_is_refused(tmp_path: Path, models: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"not an archive")
    with pytest.raises(ModelError, match="cannot be read as an archive"):
        import_model(tmp_path / "x.zip", models)
    with pytest.raises(FileMissing):
        import_model(tmp_path / "absent.zip", models)


@pytest.mark.parametrize(
    ("name", "folder"), [("FLAIR / WT v2.1", "flair-wt-v2.1"), ("../..", "model"), ("", "model"), ("Ä" * 99, "model")]
)
def test_a_name_becomes_a_harmless_folder(name: str, folder: str) -> None:
    assert folder_name_of(name) == folder
