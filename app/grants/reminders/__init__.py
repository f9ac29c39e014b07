"""Reminder mails of obligations that come due, and the weekly digest of what is late."""
