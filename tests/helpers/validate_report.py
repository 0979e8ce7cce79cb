#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Validates JSON reports against the schema that ships with the program, and checks what a schema cannot say.

    validate_report.py [--schema FILE] REPORT...

Exits 0 where all are valid, 1 with one line a fault, 2 where the schema or a report cannot be read.
"""
import argparse
import json
import os
import sys
from decimal import Decimal

import jsonschema

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "report.schema.json")


def no_twice(pairs):
    """An object whose names are unique; JSON allows twice, readers disagree on it."""
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise ValueError("a name stands twice in an object: " + ", ".join(name for name, _ in pairs))
    return seen


def no_constant(word):
    raise ValueError(f"{word} is not JSON")


def load(path):
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", errors="strict")
    return json.loads(text, object_pairs_hook=no_twice, parse_constant=no_constant, parse_float=Decimal)


def faults_of(report):
    """What a schema cannot say: the parts agree with each other."""
    attempts = report["attempts"]
    omitted = report.get("attempts_omitted") or 0
    if len(attempts) + omitted != report["total_attempts"]:
        yield f"{len(attempts)} attempts and {omitted} omitted, but total_attempts is {report['total_attempts']}"
    if report["retries"] != max(report["total_attempts"] - 1, 0):
        yield f"retries is {report['retries']} with {report['total_attempts']} attempts"
    numbers = [attempt["attempt"] for attempt in attempts]
    if numbers != sorted(set(numbers)):
        yield "attempts are not in order"
    if numbers and (numbers[0] != 1 or numbers[-1] != report["total_attempts"]):
        yield f"attempts run from {numbers[0]} to {numbers[-1]} of {report['total_attempts']}"
    if omitted == 0:
        delays = [attempt.get("delay_seconds") for attempt in attempts]
        waited = sum((Decimal(str(delay)) for delay in delays if delay is not None), Decimal(0))
        if report["reason"] != "interrupted" and waited != Decimal(str(report["total_delay_seconds"])):
            yield f"the delays sum to {waited}, but total_delay_seconds is {report['total_delay_seconds']}"
        if delays and delays[-1] is not None and report["reason"] != "interrupted":
            yield "a wait is told after the last attempt"
    if report["status"] == "success" and attempts and attempts[-1]["status"] != "success":
        yield "a success whose last attempt failed"
    for attempt in attempts:
        if attempt["status"] == "success" and attempt["error"] is not None:
            yield f"attempt {attempt['attempt']} succeeded with the error {attempt['error']!r}"
        if attempt["status"] == "failed" and not attempt["error"]:
            yield f"attempt {attempt['attempt']} failed without an error"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--schema", default=SCHEMA)
    parser.add_argument("reports", nargs="+")
    options = parser.parse_args()
    try:
        with open(options.schema, encoding="utf-8") as file:
            schema = json.load(file, parse_float=Decimal)
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        validator = kind(schema)
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        print(f"{options.schema}: {error}", file=sys.stderr)
        return 2
    faults = 0
    for path in options.reports:
        try:
            report = load(path)
        except (OSError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 2
        lines = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(report)]
        for line in lines or faults_of(report):
            print(f"{path}: {line}", file=sys.stderr)
            faults += 1
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
