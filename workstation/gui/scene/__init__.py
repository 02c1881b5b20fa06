"""The 3D pane: surfaces of truth and prediction, rendered by VTK off screen once a child process has shown it can."""
