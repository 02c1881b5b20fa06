"""The state behind a window, without widgets: open case, view, layers, runs, verbs."""
