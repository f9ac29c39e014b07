"""Make .venv and install a locked requirements file into it: `python3 scripts/environment.py requirements.txt`.

Needs nothing but Python 3.11. Quick when nothing changed: a stamp holds the digest of what was
installed. Two at once wait for each other. uv is used when it is there, else venv and pip.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(requirements: Path) -> None:
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    stamp = VENV / f".{requirements.name}.installed"
    if installed(stamp, digest):
        return
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    with (ROOT / "var" / ".environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if installed(stamp, digest):
            return
        uv = shutil.which("uv")
        if not works(PYTHON):
            create(uv)
        print(f"Installing {requirements.name} …", file=sys.stderr, flush=True)
        run(*installer(uv), "--require-hashes", "-r", str(requirements))
        stamp.write_text(digest, encoding="ascii")


def installed(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="ascii") == digest and PYTHON.exists()


def works(python: Path) -> bool:
    """Whether this interpreter starts and is new enough; a moved or upgraded one leaves a dead link."""
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0  # noqa: S603
    except OSError:
        return False


def create(uv: str | None) -> None:
    if uv:
        run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV))
        return
    try:
        import ensurepip  # noqa: F401  (Debian keeps it in a package of its own)

        run(sys.executable, "-m", "venv", "--clear", str(VENV))
    except ImportError:
        if not has_pip(sys.executable):
            sys.exit("Cannot make .venv: install python3-venv (Debian: apt install python3-venv), or uv.")
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV))


def has_pip(python: str) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0  # noqa: S603


def installer(uv: str | None) -> list[str]:
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(PYTHON)]
    pip = ["install", "--quiet", "--disable-pip-version-check", "--no-input"]
    if has_pip(str(PYTHON)):
        return [str(PYTHON), "-m", "pip", *pip]
    return [sys.executable, "-m", "pip", "--python", str(PYTHON), *pip]


def run(*words: str) -> None:
    done = subprocess.run(words, check=False, env=os.environ | {"VIRTUAL_ENV": str(VENV)})  # noqa: S603
    if done.returncode:
        sys.exit(f"Set-up stopped: {Path(words[0]).name} said why above.")


if __name__ == "__main__":
    main(ROOT / sys.argv[1])
