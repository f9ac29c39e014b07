"""What opening and reading a ZIP can raise where it is damaged or made to harm, of whichever kind it is."""

from __future__ import annotations

import zipfile
import zlib
from lzma import LZMAError

DAMAGED_ZIP = (
    zipfile.BadZipFile, zlib.error, LZMAError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError,
    LookupError,
)  # fmt: skip
