"""Instalments: the parts in which a grant is paid, and the money received on them."""
