"""Reports as PDF and HTML: a report is a list of blocks, which `flow` paints on pages and `markup` writes as HTML.

`case_page` and `cohort_page` make the blocks from plain values; `writing` writes them. Everything here runs in a thread
or a process without a window: QImage and QPainter only, no widgets, no pixmaps.
"""
