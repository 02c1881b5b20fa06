"""Other programs that edit masks: where they are installed, and how they are started with an image and a mask."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.errors import EditError


@dataclass(frozen=True, slots=True)
class Editor:
    """A program that opens an image with a mask, and saves the mask into its file.

    Parameters
    ----------
    name : str
        Of its command on the search path.
    title : str
        For people.
    places : tuple of str
        Where else it may be, as patterns; "~" is the user's folder.
    arguments : callable
        Command-line arguments from the paths of image and mask.
    home_page : str
    """

    name: str
    title: str
    places: tuple[str, ...]
    arguments: Callable[[Path, Path], Sequence[str]]
    home_page: str

    def program(self) -> Path:
        """The program's file: the command on the search path, else the newest in the usual places.

        Raises
        ------
        EditError
            It is not installed.
        """
        found = shutil.which(self.name)
        if found is not None:
            return Path(found)
        for place in self.places:
            for path in sorted(_matching(place), reverse=True):
                if path.is_file() and os.access(path, os.X_OK):
                    return path
        hint = f"Install it from {self.home_page}, or put its folder on the PATH, and start the workstation again."
        raise EditError(f"{self.title} was not found on this machine", hint=hint)


def _matching(place: str) -> Iterator[Path]:
    pattern = Path(os.path.expandvars(place)).expanduser()
    # Where a variable is not set, it is another system's place.
    return Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))) if pattern.is_absolute() else iter(())


def _slicer_arguments(image: Path, mask: Path) -> Sequence[str]:
    # Given as a plain argument, a mask would be opened as an image.
    lines = (f"slicer.util.loadVolume({str(image)!r})", f"slicer.util.loadSegmentation({str(mask)!r})")
    return ("--python-code", "; ".join(lines))


EDITORS = {
    "itksnap": Editor(
        "itksnap",
        "ITK-SNAP",
        (
            "/opt/itksnap*/bin/itksnap",
            "/usr/local/itksnap*/bin/itksnap",
            "~/itksnap*/bin/itksnap",
            "/Applications/ITK-SNAP*.app/Contents/MacOS/ITK-SNAP",
            "$PROGRAMFILES/ITK-SNAP*/bin/ITK-SNAP.exe",
        ),
        lambda image, mask: ("-g", str(image), "-s", str(mask)),
        "www.itksnap.org",
    ),
    "slicer": Editor(
        "Slicer",
        "3D Slicer",
        (
            "/opt/[Ss]licer*/Slicer",
            "/usr/local/[Ss]licer*/Slicer",
            "~/[Ss]licer*/Slicer",
            "/Applications/Slicer*.app/Contents/MacOS/Slicer",
            "$LOCALAPPDATA/slicer.org/Slicer*/Slicer.exe",
        ),
        _slicer_arguments,
        "www.slicer.org",
    ),
}
