"""Squares that a phone reads: of a bank transfer, of an app for codes."""

from __future__ import annotations


def image_of(text: str) -> str:
    """This text as a QR code, as the address of an image (`data:`), black on white in dark mode too."""
    import segno

    code = segno.make(text, error="m", boost_error=False, encoding="utf-8", micro=False)
    return str(code.svg_data_uri(omitsize=True, border=4, svgclass=None, lineclass=None, light="#fff"))
