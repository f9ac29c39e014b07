"""What the pipeline may bring, and how often we win."""
