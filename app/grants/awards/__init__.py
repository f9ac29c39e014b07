"""Awards: an application the funder said yes to, as a grant with a period and rules."""
