"""What the software costs, measured: `python -m benchmarks` runs every module here that has a `measure(workdir)`."""
