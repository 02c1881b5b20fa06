"""Hand-made mappings: a `mapping.json` that says how the files of an unusual data set are named.

    {
      "sequences": {"FLAIR": "{case}/flair*.nii.gz", "T1c": "{case}/t1_gd.nii.gz"},
      "truth": "{case}/mask.nii.gz",
      "scheme": "brats2021"
    }

Patterns are relative to the data set's folder; `{case}` stands for the case's name, `*` for anything but a slash.
"truth" and "scheme" may be absent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from workstation.core.case import SEQUENCES, CaseFiles, ImageRef
from workstation.core.labels import scheme_named
from workstation.errors import LayoutError
from workstation.io.files import read_json
from workstation.io.nifti import is_image_name

MAPPING_NAME = "mapping.json"


def cases_by_mapping(root: Path, mapping: Path | None = None) -> list[CaseFiles]:
    """The cases that a folder's mapping describes.

    Parameters
    ----------
    root : Path
    mapping : Path or None
        The mapping's file; None takes `mapping.json` in `root`.

    Raises
    ------
    LayoutError
        The mapping names an unknown sequence, has a pattern without `{case}`, or matches two files where one is meant.
    InputError
        It is no JSON object.
    """
    path = mapping or root / MAPPING_NAME
    facts = read_json(path)
    patterns = _patterns(facts, path)
    scheme = facts.get("scheme")
    if scheme is not None:
        scheme_named(str(scheme))
    parts: dict[str, dict[str, ImageRef]] = defaultdict(dict)
    for image in sorted(image for image in root.rglob("*") if is_image_name(image)):
        name = image.relative_to(root).as_posix()
        for part, pattern in patterns.items():
            match = pattern.fullmatch(name)
            if match and part in parts[match["case"]]:
                raise LayoutError(
                    f"{path}: both {parts[match['case']][part].path.name} and {image.name} match the pattern of {part}",
                    hint="Make the pattern narrower.",
                    path=path,
                )
            if match:
                parts[match["case"]][part] = ImageRef(image)
    return [
        CaseFiles(
            name,
            {sequence: found[sequence] for sequence in SEQUENCES if sequence in found},
            found.get("truth"),
            "mapping",
            None if scheme is None else str(scheme),
        )
        for name, found in parts.items()
        if set(found) - {"truth"}
    ]


def _patterns(mapping: dict[str, Any], path: Path) -> dict[str, re.Pattern[str]]:
    sequences = mapping.get("sequences")
    if not isinstance(sequences, dict) or not sequences or not set(sequences) <= set(SEQUENCES):
        raise LayoutError(
            f'{path} needs "sequences" with some of {", ".join(SEQUENCES)}',
            hint='Such as {"sequences": {"FLAIR": "{case}/flair.nii.gz"}}.',
            path=path,
        )
    texts = dict(sequences) | ({"truth": mapping["truth"]} if "truth" in mapping else {})
    return {part: _pattern(str(text), path) for part, text in texts.items()}


def _pattern(text: str, path: Path) -> re.Pattern[str]:
    if "{case}" not in text:
        raise LayoutError(f"{path}: the pattern {text!r} has no {{case}}", hint="Say where the name stands.", path=path)
    escaped = re.escape(text).replace(r"\*", "[^/]*").replace(re.escape("{case}"), "{case}")
    first = escaped.replace("{case}", "(?P<case>[^/]+?)", 1)
    return re.compile(first.replace("{case}", "(?P=case)"))
