"""What donors get on paper about their gifts: receipts, statements of a year or any range, letters of thanks."""
