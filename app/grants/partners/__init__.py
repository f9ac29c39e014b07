"""Who carries a grant with us: partners with their share and agreement, and what we pass on to them."""
