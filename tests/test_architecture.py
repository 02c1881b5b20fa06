"""The import table of ARCHITECTURE.md, read from the syntax tree of every module (imports inside functions too)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "workstation"

# What each layer may import of the layers, and of other distributions beyond the standard library.
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "core": ({"errors", "core"}, {"numpy", "scipy"}),
    "io": ({"errors", "core", "io"}, {"numpy", "scipy", "nibabel", "isal", "platformdirs"}),
    "engine": ({"errors", "core", "io", "engine"}, {"numpy", "scipy", "tensorflow", "keras", "llvmlite", "psutil"}),
    "jobs": ({"errors", "core", "io", "jobs"}, {"psutil"}),
    "session": ({"errors", "core", "io", "jobs", "session"}, {"numpy", "PySide6.QtCore"}),
    "gui": (
        {"errors", "core", "io", "jobs", "session", "gui"},
        {"numpy", "PySide6", "shiboken6", "pyqtgraph", "vtkmodules", "psutil"},
    ),
    "cli": (
        {"errors", "core", "io", "engine", "jobs", "session", "gui", "cli"},
        {"numpy", "psutil"},
    ),
}

# A script for another interpreter: it may import what the program may not, and no module imports it.
PEER = "engine/peer_torch.py"

MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py" or path.parent != PACKAGE)


def layer_of(path: Path) -> str:
    """The layer a module belongs to: its first folder, or its own name at the top."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported_names(path: Path) -> Iterator[tuple[int, str]]:
    """(line, dotted name) of everything a module imports, anywhere in it; relative imports made absolute."""
    here = ("workstation", *path.relative_to(PACKAGE).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*here[: len(here) - node.level]] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{stem}.{alias.name}") for alias in node.names)


def is_allowed(name: str, layer: str) -> bool:
    """Whether `layer` may import the dotted `name`."""
    own, foreign = LAYERS[layer]
    parts = name.split(".")
    if parts[0] == "workstation":
        return len(parts) > 1 and (parts[1] in own or parts[1] == "__version__")
    if parts[0] in sys.stdlib_module_names:
        return True
    return any(name == allowed or name.startswith(allowed + ".") for allowed in foreign)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_from_layers_further_left(path: Path) -> None:
    layer = layer_of(path)
    if layer == "__init__":
        layer = "errors"
    if str(path.relative_to(PACKAGE)) == PEER:
        pytest.skip("stands alone")
    broken = [f"line {line}: {name}" for line, name in imported_names(path) if not is_allowed(name, layer)]
    assert not broken, f"{path.name} ({layer}) may not import: " + "; ".join(broken)


def test_the_peer_stands_alone() -> None:
    names = [name for _, name in imported_names(PACKAGE / PEER)]
    assert {name.split(".")[0] for name in names} - sys.stdlib_module_names == {"torch"}
    others = [name for path in MODULES for _, name in imported_names(path) if path != PACKAGE / PEER]
    assert not [name for name in others if "peer_torch" in name.split(".") or name.split(".")[0] == "torch"]


def test_the_check_sees_an_import_inside_a_function(tmp_path: Path) -> None:
    module = PACKAGE / "core" / "example.py"
    source = "def late():\n    from workstation.gui import main_window\n    import tensorflow\n"
    names = [
        name
        for node in ast.walk(ast.parse(source))
        for name in (
            [f"{node.module}.{alias.name}" for alias in node.names]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    ]
    assert names == ["workstation.gui.main_window", "tensorflow"]
    assert not any(is_allowed(name, layer_of(module)) for name in names)
