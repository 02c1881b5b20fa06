"""The errors a user can meet, as one tree.

    WorkstationError                anything a user can understand and act on
    +-- InputError                  a file or folder that was given cannot be used
    |   +-- FileMissing             it is not there, or may not be read
    |   +-- ImageFormatError        it is not the image its name says: no NIfTI, truncated, empty, damaged
    |   +-- ImageTooLarge           its header claims more than can be meant, or more than memory holds
    |   +-- GeometryError           its affine cannot be used, or two grids differ
    |   +-- LabelError              its values are not a label map of the scheme
    |   |   +-- AmbiguousScheme     its values fit several label schemes; the user must say which
    |   +-- LayoutError             a folder follows no known layout, or a sequence or truth is missing
    |   +-- ViewLinkError           a copied view is damaged, of another version, or of a case that is not here
    +-- RequestError                a field of a request is out of range (carries `field`)
    +-- ModelError                  a model folder is damaged, unsafe, or does not fit the case
    +-- RunError                    a run folder is damaged, or cannot do what was asked in its state
    +-- ReviewError                 the decisions of a data set cannot be read or kept
    +-- EngineError                 the engine gave up: see the subclasses
    |   +-- NonFiniteLoss           the loss became NaN or infinite
    |   +-- OutOfMemory             an allocation failed
    +-- EditError                   an edit of a mask has nothing to work on, or cannot be taken up again
    +-- ExportError                 a file could not be written, or read back differently
    +-- DisplayError                there is no screen, or a picture could not be made

Every class takes a message (what happened, to which file) and a `hint` (what to do now). The window shows both in its
message bar, the command line prints both without a traceback and exits with 1. Stopping a run is not an error.
Everything outside this tree is a bug.
"""

from __future__ import annotations

from pathlib import Path


class WorkstationError(Exception):
    """Something a user can understand and act on.

    Parameters
    ----------
    message : str
        What happened and to what; names the file.
    hint : str
        What to do now; empty only where nothing can be done.
    path : Path or None
        The file or folder concerned, for "show in folder".
    """

    def __init__(self, message: str, *, hint: str = "", path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path

    def __str__(self) -> str:
        return self.message


class InputError(WorkstationError):
    """A file or folder that was given cannot be used."""


class FileMissing(InputError):
    """A file is not there, or may not be read."""


class ImageFormatError(InputError):
    """A file is not the image its name says."""


class ImageTooLarge(InputError):
    """A header claims more data than can be meant or held."""


class GeometryError(InputError):
    """An affine cannot be used, or two grids differ."""


class LabelError(InputError):
    """Values are not a label map of the scheme."""


class AmbiguousScheme(LabelError):
    """Values fit several label schemes; the user must say which."""


class LayoutError(InputError):
    """A folder follows no known layout, or misses what is needed."""


class ViewLinkError(InputError):
    """A copied view is damaged, of another version, or of a case that is not here."""


class RequestError(WorkstationError):
    """A field of a request is out of range.

    Parameters
    ----------
    field : str
        The request's field, so that a form can show the message beside it.
    """

    def __init__(self, message: str, *, field: str, hint: str = "", path: Path | None = None) -> None:
        super().__init__(message, hint=hint, path=path)
        self.field = field


class ModelError(WorkstationError):
    """A model folder is damaged, unsafe, or does not fit the case."""


class RunError(WorkstationError):
    """A run folder is damaged, or cannot do what was asked in its state."""


class ReviewError(WorkstationError):
    """The decisions of a data set cannot be read or kept: damaged, locked, of a newer program, or decided anew."""


class EngineError(WorkstationError):
    """The engine gave up; the run keeps its last good checkpoint."""


class NonFiniteLoss(EngineError):
    """The loss became NaN or infinite."""


class OutOfMemory(EngineError):
    """An allocation failed."""


class EditError(WorkstationError):
    """An edit of a mask has nothing to work on, or cannot be taken up again."""


class ExportError(WorkstationError):
    """A file could not be written, or read back differently."""


class DisplayError(WorkstationError):
    """There is no screen, or a picture could not be made."""
