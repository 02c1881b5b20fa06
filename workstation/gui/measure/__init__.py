"""Measuring from the window: forms that start profiles, benchmarks and comparisons of tiles, and their results."""
