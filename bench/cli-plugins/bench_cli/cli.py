#!/usr/bin/env python3
"""Adds two numbers: a program as plugins of the standard library alone are, with what they commonly import."""

import argparse
import json
import sys
import urllib.request

DESCRIPTION = {
    "commands": [
        {
            "name": "add",
            "description": "Add two numbers",
            "parameters": [
                {"name": "a", "type": "number", "required": True},
                {"name": "b", "type": "number", "required": True},
            ],
        }
    ]
}


def main():
    parser = argparse.ArgumentParser(description="Sums")
    parser.add_argument("--describe", action="store_true")
    commands = parser.add_subparsers(dest="command")
    add = commands.add_parser("add", help="Add two numbers")
    add.add_argument("--a", type=float, required=True)
    add.add_argument("--b", type=float, required=True)
    given = parser.parse_args()
    if given.describe:
        print(json.dumps(DESCRIPTION))
        return 0
    print(json.dumps({"result": given.a + given.b}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
