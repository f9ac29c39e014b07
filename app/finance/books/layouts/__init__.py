"""The files accounting packages and auditors take, one module for each layout."""
