"""What the actions of reading a case do: layouts, cine, going through slices and lesions, mouse tools, measurements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from workstation.gui.review.workspace import ReviewWorkspace
from workstation.session import commands
from workstation.session.pointer import MEASURES, SCHEMES, TOOLS
from workstation.session.session import Session
from workstation.session.view import PLANES

_MOVES = ("slice_up", "slice_down", "first", "last", "left", "right", "up", "down")


class ReadingVerbs:
    """Verbs and ticks by action.

    Parameters
    ----------
    session : Session
    review : ReviewWorkspace
    """

    def __init__(self, session: Session, review: ReviewWorkspace) -> None:
        self._session = session
        self._review = review

    @property
    def verbs(self) -> Mapping[str, Callable[[], object]]:
        """What each action does."""
        session, view, review = self._session, self._session.view, self._review
        pointer, marks = session.pointer, session.marks
        return {
            "view.sequences": partial(self._show_one_plane, "sequences"),
            "view.planes": partial(view.set_layout, "planes"),
            "view.lightbox": partial(self._show_one_plane, "lightbox"),
            "view.restore": self._restore,
            "view.cine": review.panes.cine.toggle,
            "view.scene_planes": view.toggle_scene_planes,
            "view.scene_volume": view.toggle_scene_volume,
            **{f"go.{each}": partial(review.do_in_pane, f"go.{each}") for each in _MOVES},
            "go.largest": lambda: commands.jump_to_largest(session, review.panes.active_view.plane),
            "go.next_lesion": partial(commands.jump_to_next_lesion, session),
            **{f"tools.{each}": partial(self._toggle_measure, each) for each in MEASURES},
            **{f"tools.{each}": partial(pointer.set_scheme, each) for each in SCHEMES},
            **{f"tools.{each}": partial(self._take_tool, each) for each in TOOLS},
            "tools.remove_last": marks.remove_last,
            "tools.remove_all": marks.clear,
        }

    @property
    def switches(self) -> Mapping[str, Callable[[], bool]]:
        """What each ticked action stands for."""
        view, pointer, cine = self._session.view, self._session.pointer, self._review.panes.cine
        return {
            "view.cine": lambda: cine.is_running,
            "view.scene_planes": lambda: view.scene_planes_visible,
            "view.scene_volume": lambda: view.scene_volume_visible,
            **{f"tools.{each}": partial(lambda name: pointer.measure == name, each) for each in MEASURES},
            **{f"tools.{each}": partial(lambda name: pointer.scheme == name, each) for each in SCHEMES},
            **{f"tools.{each}": partial(self._is_tool, each) for each in TOOLS},
        }

    def _show_one_plane(self, layout: str) -> None:
        """A layout of one plane: that of the active pane at first, then one after the other."""
        view = self._session.view
        is_shown = view.layout == layout
        view.set_layout(
            layout, next_of(PLANES, view.layout_plane) if is_shown else self._review.panes.active_view.plane
        )

    def _restore(self) -> None:
        """One thing at a time: what is being drawn, the tool, the cine, the large pane."""
        session, cine = self._session, self._review.panes.cine
        if self._review.leave_tool():
            return
        if session.marks.draft is not None:
            session.marks.draw(None)
        elif session.pointer.measure is not None:
            session.pointer.set_measure(None)
        elif cine.is_running:
            cine.stop()
        else:
            session.view.set_maximised(None)

    def _toggle_measure(self, measure: str) -> None:
        pointer = self._session.pointer
        pointer.set_measure(None if pointer.measure == measure else measure)

    def _take_tool(self, tool: str) -> None:
        """A tool of the left button belongs to the PACS scheme, so choosing one chooses that; an edit tool is left."""
        self._session.editing.tools.set_tool("")
        self._session.pointer.set_tool(tool)
        self._session.pointer.set_scheme("pacs")

    def _is_tool(self, tool: str) -> bool:
        pointer, is_editing = self._session.pointer, bool(self._session.editing.tools.tool)
        is_free = pointer.measure is None and not is_editing
        return pointer.scheme == "pacs" and is_free and pointer.tool == tool


def next_of(values: tuple[str, ...], value: str) -> str:
    """The value that comes after another, round and round."""
    return values[(values.index(value) + 1) % len(values)]
