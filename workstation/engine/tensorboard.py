"""A training's numbers as TensorBoard event files, in RUN/tensorboard, for those who watch their runs there.

Written with TensorFlow alone: `tf.summary.scalar` wants the package tensorboard, which a run does not need. A scalar is
a tensor of rank 0 whose metadata name the plugin "scalars".
https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/scalar/metadata.py
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf

_FLUSH_MILLISECONDS = 10_000


class ScalarWriter:
    """Appends scalars to an event file of its own; a resumed training adds another file, which TensorBoard joins.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder), flush_millis=_FLUSH_MILLISECONDS)
        self._metadata = tf.compat.v1.SummaryMetadata(
            plugin_data=tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        )

    def write(self, values: Mapping[str, float | None], *, step: int) -> None:
        """Append values under their names; None is left out."""
        with self._writer.as_default():
            for name, value in values.items():
                if value is not None:
                    tf.summary.write(name, tf.constant(value, tf.float32), step=step, metadata=self._metadata)

    def flush(self) -> None:
        """Let readers see what was written."""
        self._writer.flush()
