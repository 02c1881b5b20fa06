"""Plots of what was measured, from the plain values of its result: in the window, and as PNG for the command line.

`results` turns the JSON of a result into series and bars, without Qt; `panels` draws them with pyqtgraph; `figure` puts
the panels of a kind on a page; `saving` writes that page as a picture.
"""
