"""Draw the first pages of a PDF, one below the other, as a PNG. A program of its own, started by `pictures`:
a PDF from elsewhere is read here, where it can use up or crash nothing but this process.

The PDF comes on standard input, the picture goes to standard output; the arguments are how many pages at
most, and how many pixels wide and high a page may be. It imports nothing of ours, so that it starts fast.
"""

from __future__ import annotations

import struct
import sys
import zlib

MEMORY, SECONDS = 1_500_000_000, 20
GAP = 12  # rows between pages, grey


def main(most: int, width: int, height: int) -> None:
    _bound()
    import pypdfium2

    document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
    rows: list[bytes] = []
    for number in range(min(len(document), most)):
        page = document[number]
        wide, high = page.get_size()
        bitmap = page.render(
            scale=min(width / wide, height / high), rev_byteorder=True, fill_color=(255, 255, 255, 255)
        )
        drawn, used = bytes(bitmap.buffer), 3 * min(bitmap.width, width)
        if bitmap.n_channels != 3:
            raise ValueError(f"{bitmap.n_channels} channels")
        if rows:
            rows += [b"\xdd" * (3 * width)] * GAP
        start = (width - used // 3) // 2 * 3
        for row in range(bitmap.height):
            line = drawn[row * bitmap.stride : row * bitmap.stride + used]
            rows.append(line if used == 3 * width else (b"\xff" * start + line).ljust(3 * width, b"\xff"))
    sys.stdout.buffer.write(_png(width, rows))


def _png(width: int, rows: list[bytes]) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows), 4)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _bound() -> None:
    try:
        import resource
    except ImportError:  # not on this system; how long its caller waits is bounded anyway
        return
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):  # fmt: skip
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:4]))
