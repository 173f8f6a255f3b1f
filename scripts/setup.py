"""Make or refresh the virtual environment from the lock files.

Usage: setup.py [runtime|dev]. Runs on the standard library alone. The packages come from wherever pip or uv of this
machine are told to get them; each must match a hash of the lock.
"""

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
STAMP = VENV / "installed.txt"
LOCKS = {"runtime": ROOT / "requirements.lock", "dev": ROOT / "requirements-dev.lock"}

# pip itself travels with us, because a bare Debian has neither pip nor ensurepip.
PIP = ROOT / "scripts" / "vendor" / "pip-26.3-py3-none-any.whl"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main(kind: str) -> None:
    """Bring .venv up to date with the lock of this kind; does nothing when it already is."""
    if kind not in LOCKS:
        sys.exit(f"setup.py: “{kind}” is neither runtime nor dev.")
    with (ROOT / "scripts" / "setup.py").open() as this_file:
        fcntl.flock(this_file, fcntl.LOCK_EX)  # two makes at once: the second waits, then has nothing to do
        if is_current(kind):
            return
        make_venv()
        print(f"Installing the packages of {LOCKS[kind].name} …", flush=True)
        install(LOCKS[kind])
        STAMP.write_text("".join(f"{name} {digest(LOCKS[name])}\n" for name in kinds_within(kind)))


def kinds_within(kind: str) -> list[str]:
    """What an installation of this kind also is: dev holds all of runtime."""
    return ["runtime", "dev"] if kind == "dev" else ["runtime"]


def is_current(kind: str) -> bool:
    """True when .venv works and holds just what the lock says."""
    if not STAMP.is_file() or not works(PYTHON):
        return False
    return f"{kind} {digest(LOCKS[kind])}" in STAMP.read_text().splitlines()


def make_venv() -> None:
    """Make .venv, anew where its Python has gone away or is too old."""
    if works(PYTHON):
        return
    shutil.rmtree(VENV, ignore_errors=True)
    print(f"Making .venv with Python {sys.version.split()[0]} …", flush=True)
    try:
        import venv
    except ImportError:
        sys.exit("This Python has no venv module. On Debian and Ubuntu: apt install python3-venv.")
    try:
        venv.create(VENV, symlinks=True, with_pip=False)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"Could not make {VENV}: {error}. Is the folder writable, and the disk not full?")


def works(python: Path) -> bool:
    """True when this interpreter starts and is new enough."""
    check = [str(python), "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    try:
        return subprocess.run(check, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(lock: Path) -> None:
    """Install what the lock names, checking every hash."""
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), "--require-hashes", "-r", str(lock)]
    else:
        if digest(PIP) != PIP_SHA256:
            sys.exit(f"{PIP} is not the file that this release was made with; fetch the repository again.")
        command = [str(PYTHON), str(PIP / "pip"), "install", "-qq", "--disable-pip-version-check"]
        command += ["--no-warn-script-location", "--require-hashes", "-r", str(lock)]
    environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    if subprocess.run(command, env=environment, check=False).returncode != 0:
        sys.exit("The packages could not be installed; the lines above say why. Once it is put right, run this again.")


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "dev")
