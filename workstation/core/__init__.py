"""Values and pure functions: no Qt, no TensorFlow, no files, no clocks."""
