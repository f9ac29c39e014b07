"""Income in step with the costs a grant covers: what is spent is recognised, month by month."""
