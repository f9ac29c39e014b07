"""Year-end: the result appropriated to funds and reserves, by programme."""
