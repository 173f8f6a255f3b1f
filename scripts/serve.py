"""Run Nevertwice on this machine: migrate, first account, then web server and worker together until Ctrl-C.

Runs in the virtual environment that setup.py makes. Started again on the same data it changes nothing.
"""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.error import URLError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
GUNICORN = ["-m", "gunicorn", "-c", "python:config.gunicorn", "--log-level", "warning"]
WAIT_FOR_START = 30  # seconds
WAIT_FOR_END = 25  # seconds; gunicorn gives requests 20


def main() -> None:
    """Prepare, start both processes, and stay until one of them ends or somebody ends us."""
    port = free_port(os.environ.get("PORT", "8000"))
    os.environ["PORT"] = str(port)
    os.environ.setdefault("BASE_URL", f"http://127.0.0.1:{port}")
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, end)
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    prepare()
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        processes["web server"] = start_process([*GUNICORN, "config.wsgi"])
        processes["worker"] = start_process(["manage.py", "run_worker"])
        wait_until_it_answers(port, processes)
        print(f"\nNevertwice is running: open {os.environ['BASE_URL']} in a browser. Ctrl-C ends it.\n", flush=True)
        ended = first_to_end(processes)
        sys.exit(f"The {ended} ended by itself, so the rest ends too; the lines above say why.")
    finally:
        end_all(list(processes.values()))


def free_port(text: str) -> int:
    """The port as a number; ends with one sentence when it is none, or taken."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT is “{text}”, but has to be a number from 1 to 65535.")
    port = int(text)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            sys.exit(f"Port {port} may only be opened by root. Choose one above 1023: make run PORT=8000")
        except OSError:
            other = port + 1 if port < 65535 else 8000
            sys.exit(
                f"Port {port} is taken; perhaps Nevertwice runs already. Choose another one: make run PORT={other}"
            )
    return port


def prepare() -> None:
    """Bring the database and the static files up to date; an empty one gets an account and the example."""
    from config import start

    start.load_settings()
    import django
    from django.core.management import CommandError, call_command
    from django.db import DatabaseError, InterfaceError, connections

    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        collect_static_files()
        call_command("first_admin", verbosity=0)
        call_command("load_example", if_empty=True, verbosity=0)
    except (DatabaseError, InterfaceError) as error:
        sys.exit(f"The database cannot be used: {' '.join(str(error).split())}")
    except CommandError as error:
        sys.exit(str(error))
    finally:
        connections.close_all()


def collect_static_files() -> None:
    """Collect the static files, unless nothing has changed since they were."""
    from django.conf import settings
    from django.core.management import call_command

    if not settings.STORAGES["staticfiles"]["BACKEND"].endswith("CompressedManifestStaticFilesStorage"):
        return
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    current = static_files_digest()
    if stamp.is_file() and stamp.read_text() == current:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(current)


def static_files_digest() -> str:
    """Changes with any name, size or time of a static file."""
    from django.contrib.staticfiles.finders import get_finders

    lines = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            lines.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def start_process(arguments: list[str]) -> subprocess.Popen[bytes]:
    """Start Python with these arguments, apart from the terminal's signals: we pass on the one that ends both."""
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, start_new_session=True)


def wait_until_it_answers(port: int, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    """Return once the web server answers; end with one sentence when it does not in time."""
    from django.conf import settings

    request = Request(f"http://127.0.0.1:{port}/livez", headers={"Host": settings.ALLOWED_HOSTS[0].lstrip(".")})
    for _ in range(WAIT_FOR_START * 10):
        for name, process in processes.items():
            if process.poll() is not None:
                sys.exit(f"The {name} did not start; the lines above say why.")
        try:
            with urlopen(request, timeout=2):  # noqa: S310 - the address is the one above
                return
        except (URLError, OSError):
            time.sleep(0.1)
    sys.exit(f"The web server did not answer within {WAIT_FOR_START} seconds.")


def first_to_end(processes: dict[str, subprocess.Popen[bytes]]) -> str:
    """Wait until one of the processes has ended; its name."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                return name
        time.sleep(0.3)


def end_all(processes: list[subprocess.Popen[bytes]]) -> None:
    """Ask all of them to finish what they are at, and kill what does not."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + WAIT_FOR_END
    for process in processes:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Leave by way of the finally clauses; ending on request is no error."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    sys.exit(0)


if __name__ == "__main__":
    main()
