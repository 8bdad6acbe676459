"""The driver of the benches: see ../bench and ../../bench/README.md."""
