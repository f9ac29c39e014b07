"""Opening balances: what stood in the books, and which mandates lived, on the day Draagvlak took over."""
