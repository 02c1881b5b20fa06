"""The Review workspace: panes, case list, layers, legend."""
