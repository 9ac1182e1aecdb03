# SPDX-License-Identifier: Apache-2.0
"""Validates a document against a schema of Docs/: python3 validate_json.py SCHEMA DOCUMENT

Knows the part of JSON Schema that our schemas use, and fails on any other word, so that nothing is skipped in silence.
"""
import json
import sys

KNOWN = {"$schema", "title", "type", "required", "properties", "items", "const", "enum"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def has_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def validate(value, schema, place="document"):
    unknown = set(schema) - KNOWN
    assert not unknown, f"{place}: the schema says {unknown}, which is not checked"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(has_type(value, name) for name in names), f"{place} is {value!r}, not {names}"
    if "const" in schema:
        assert value == schema["const"], f"{place} is {value!r}, not {schema['const']!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{place} is {value!r}, not one of {schema['enum']}"
    is_object = isinstance(value, dict)
    for key in schema.get("required", []) if is_object else []:
        assert key in value, f"{place} has no {key}"
    for key, part in schema.get("properties", {}).items():
        if is_object and key in value:
            validate(value[key], part, f"{place}.{key}")
    if "items" in schema:
        for index, item in enumerate(value):
            validate(item, schema["items"], f"{place}[{index}]")


try:
    with open(sys.argv[1]) as schema, open(sys.argv[2]) as document:
        validate(json.load(document), json.load(schema))
except (AssertionError, ValueError) as error:
    sys.exit(f"{sys.argv[2]}: {error}")
