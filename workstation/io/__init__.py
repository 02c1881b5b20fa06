"""Files in and out: NIfTI, BraTS layouts, run and model folders."""
