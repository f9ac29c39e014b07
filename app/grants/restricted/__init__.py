"""Money that may only be used for what it was given for: how grants are divided over funds and programmes,
and what of it is not spent yet."""
