"""The bar that offers edits which were not finished: restore them, or discard them."""

from __future__ import annotations

import datetime

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from workstation.gui.tooltips import guarded_tip
from workstation.session.session import Session


class RestoreBar(QFrame):
    """There while the session has unfinished work to offer; not answering it loses nothing."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("message_bar")
        self.setProperty("kind", "offer")
        self._text = QLabel()
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.restore = QPushButton(self.tr("Restore"))
        self.restore.setDefault(True)
        self.restore.setToolTip(self.tr("Go on where the work stopped, with its undo history"))
        self.restore.clicked.connect(session.editing.restore)
        self.discard = QToolButton()
        self.discard.setText(self.tr("Discard"))
        self.discard.setToolTip(self.tr("Delete these edits for good"))
        self.discard.clicked.connect(session.editing.discard_offer)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 8, 6)
        row.addWidget(self._text, 1)
        row.addWidget(self.restore)
        row.addWidget(self.discard)
        session.editing.changed.connect(self._refresh)
        self._refresh()

    @property
    def text(self) -> str:
        """What it says; empty while there is nothing to offer."""
        return "" if self.isHidden() else self._text.text()

    def _refresh(self) -> None:
        offer = self._session.editing.offer
        self.setVisible(offer is not None)
        if offer is None:
            return
        sources = {
            "prediction": self.tr("the prediction"),
            "truth": self.tr("the truth"),
            "second": self.tr("the second mask"),
            "edited": self.tr("the corrected mask"),
            "empty": self.tr("an empty mask"),
        }
        when = datetime.datetime.fromtimestamp(offer.written_at).astimezone()
        words = self.tr("Unfinished edits of this case: {count}, last on {when}, begun on {source}.").format(
            count=self.tr("1 edit") if offer.edit_count == 1 else self.tr("{} edits").format(offer.edit_count),
            when=when.strftime("%Y-%m-%d %H:%M"),
            source=sources.get(offer.origin, offer.origin),
        )
        self._text.setText(words)
        self._text.setToolTip(guarded_tip(str(offer.path)))
