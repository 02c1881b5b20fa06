"""The Train workspace: a form for a new training, the list of runs, and one run in detail."""
