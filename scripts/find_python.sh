#!/bin/sh
# Prints the path of a Python that is new enough, or says in one sentence what to do.
# PYTHON=/path/to/python chooses one.
new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if new_enough "$candidate"; then
        command -v "$candidate"
        exit 0
    fi
done
found=$("${PYTHON:-python3}" --version 2>&1) || found="no Python"
echo "Nevertwice needs Python 3.11 or newer, but found $found. Install one, or name it: make PYTHON=/path/to/python3.12 …" >&2
exit 1
