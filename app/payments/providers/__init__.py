"""Payment providers: the contract, and the ones we have."""
