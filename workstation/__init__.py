"""A workstation for brain-tumour segmentation; ARCHITECTURE.md is the map of this package."""

__version__ = "0.1.0"
