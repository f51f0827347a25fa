#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""JSON from a shell, whatever the bytes: object KEY VALUE ... or rows KEY ... (tab-separated stdin)."""
import json
import os
import sys


def text(value: str) -> str:
    """Arguments and logs may hold anything; JSON must be UTF-8."""
    return os.fsencode(value).decode("utf-8", "replace")


def main() -> None:
    form, arguments = sys.argv[1], [text(a) for a in sys.argv[2:]]
    if form == "object":
        document = dict(zip(arguments[::2], arguments[1::2]))
    elif form == "rows":
        lines = sys.stdin.buffer.read().decode("utf-8", "replace").splitlines()
        document = [dict(zip(arguments, line.split("\t"))) for line in lines]
    else:
        sys.exit("usage: to-json.py object KEY VALUE ... | rows KEY ...")
    print(json.dumps(document))


main()
