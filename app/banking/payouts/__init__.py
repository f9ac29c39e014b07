"""What payment providers pay out: told by them, tied to our payments and to the bank, to the cent."""
