"""What the tests stand on: databases, a browser, guards."""
