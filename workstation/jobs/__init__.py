"""Runs as processes: supervisor, turns, control; standard library and psutil only."""
