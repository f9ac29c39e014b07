"""The funder's final word on a grant (vaststelling): higher, lower, and what is paid back."""
