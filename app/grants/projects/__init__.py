"""Projects and their cover: budget lines paid by several grants, own means and partners."""
