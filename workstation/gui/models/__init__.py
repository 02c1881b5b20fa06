"""The Models workspace: which models there are, what their cards say, and segmenting the open case with one."""
