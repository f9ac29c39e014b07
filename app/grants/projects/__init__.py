"""Projects and their cover (dekkingsplan): what work costs, and which grants, own means and partners pay it."""
