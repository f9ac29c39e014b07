"""Public recognition: the funders that agreed to be shown, with the words and the order their contracts ask."""
