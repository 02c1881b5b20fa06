"""What `bench-ui` starts in a fresh process: the window as `workstation` opens it, until its first paint.

Nothing else is imported here: what the benchmark itself needs would be measured with the start.
"""

from __future__ import annotations

import gc
import os
import time


def report_start() -> None:
    """Open the window and print the time of its first paint."""
    # As `cli/window.py` does.
    gc.disable()
    from workstation.gui.application import make_application
    from workstation.gui.main_window import MainWindow
    from workstation.session.session import Session

    app = make_application()
    window = MainWindow(Session())

    def on_painted() -> None:
        print(time.time(), flush=True)
        # Leave without Qt's clean-up: only the start is of interest.
        os._exit(0)

    window.first_painted.connect(on_painted)
    window.show()
    app.exec()
