"""A funder's report in parts: what each partner delivers, until when, and the page they do it on."""
