"""Results: the table of an analysis, and every form in which it leaves the hub."""
