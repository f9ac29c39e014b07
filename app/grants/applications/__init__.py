"""Applications: the pipeline from a first idea to the funder's decision."""
