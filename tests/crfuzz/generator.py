"""Custom resources from the schema of their CRD: at the edges, empty, as large as they may be, in other scripts,
and with one thing in them that the schema forbids. Everything follows from the random numbers that it is given.
"""

import functools
import re

UNICODE = ["ü", "日本語", "а", "\u202egnp", "e\u0301", "🔥", "\ufeff", "İ", "ß", "\u0000"]
LONG = 400  # a text that may be longer is taken this long, unless it is to be the longest
TEXTS = ["a", "default", "shop", "kube-system", "a-b", "A", "10.0.0.0/8", "2001:db8::/32", "example.com",
         "https://example.com/hook", "2026-12-31T00:00:00Z", "2026-12-31T23:59:60.999999999+14:00", "0", "1", "01:30",
         "Mon", "app", "firebreak.dev/a", "http", "/login", "postgres", "arn", "true", "", " ", "-", "..", "v1",
         "^a$", "[", "(a+)+$", "main", "console", "Deployment"]


@functools.lru_cache(maxsize=None)
def _pattern(text):
    return re.compile(text)


def _fits(schema, text):
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 1 << 30):
        return False
    pattern = schema.get("pattern")
    return pattern is None or bool(_pattern(pattern).search(text))


def _text(schema, random):
    if "enum" in schema:
        return random.choice(schema["enum"])
    least, most = schema.get("minLength", 0), min(schema.get("maxLength", LONG), LONG)
    candidates = TEXTS + UNICODE[:-1] + ["x" * most, "x" * least, "x" * max(least, 1), "日" * most, "9" * most]
    fitting = [each for each in candidates if _fits(schema, each)]
    if not fitting:
        return "x"
    return random.choice(fitting)


def _number(schema, random):
    if "enum" in schema:
        return random.choice(schema["enum"])
    least, most = schema.get("minimum", -(2**31)), schema.get("maximum", 2**31 - 1)
    near = [each for each in (0, 1, 2, 100) if least <= each <= most]
    return random.choice([least, least, most, most, (least + most) // 2, min(least + 1, most)] + near)


def _items(schema, random, depth):
    least, most = schema.get("minItems", 0), schema.get("maxItems", 4)
    count = random.choice([least, least, max(least, 1), 2, min(most, 4), most if depth > 2 else 3])
    count = min(count, most)
    made = [valid(schema.get("items", {}), random, depth - 1) for _ in range(count)]
    if schema.get("x-kubernetes-list-type") == "set":
        return [each for n, each in enumerate(made) if each not in made[:n]]
    keys = schema.get("x-kubernetes-list-map-keys")
    if not keys:
        return made
    seen, unique = set(), []
    for each in made:
        key = tuple(str(each.get(name)) for name in keys)
        if key not in seen:
            seen.add(key)
            unique.append(each)
    return unique


def valid(schema, random, depth=8):
    """A value that the schema, apart from its CEL rules, lets through."""
    kind = schema.get("type")
    if schema.get("x-kubernetes-int-or-string"):
        return random.choice([1, 8080, "http", "50%"])
    if kind == "object" or "properties" in schema:
        made = {}
        for name, each in schema.get("properties", {}).items():
            if name in schema.get("required", []) or (depth > 0 and random.random() < 0.5):
                made[name] = valid(each, random, depth - 1)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            for name in random.sample(["app", "tier", "kubernetes.io/metadata.name", "a.b/c"], random.choice([0, 1, 2])):
                made[name] = valid(more, random, depth - 1)
        return made
    if kind == "array":
        return _items(schema, random, depth)
    if kind in ("integer", "number"):
        return _number(schema, random)
    if kind == "boolean":
        return random.choice([True, False])
    if kind == "string":
        return _text(schema, random)
    return random.choice([{}, {"a": "b"}])  # x-kubernetes-preserve-unknown-fields


def _places(schema, value, path, found):
    found.append((schema, path))
    if isinstance(value, dict):
        for name, each in value.items():
            inner = schema.get("properties", {}).get(name)
            if inner is None and isinstance(schema.get("additionalProperties"), dict):
                inner = schema["additionalProperties"]
            if inner is not None:
                _places(inner, each, path + [name], found)
    elif isinstance(value, list):
        for index, each in enumerate(value[:3]):
            _places(schema.get("items", {}), each, path + [index], found)


def _wrong(schema, random):
    """What is wrong here, and a value that is; nothing where the schema forbids nothing."""
    kind, wrongs = schema.get("type"), []
    if "enum" in schema:
        wrongs.append(("an unknown enum", "Sideways"))
    if "maximum" in schema:
        wrongs.append(("above its maximum", schema["maximum"] + 1))
    if "minimum" in schema:
        wrongs.append(("below its minimum", schema["minimum"] - 1))
    if schema.get("maxLength", LONG) < 1 << 16 and kind == "string":
        wrongs.append(("too long", "x" * (schema.get("maxLength", LONG) + 1)) if "maxLength" in schema else ("", None))
    if schema.get("minLength", 0) > 0:
        wrongs.append(("empty", ""))
    if "pattern" in schema:
        wrongs += [("beside its pattern", each) for each in UNICODE[:-1] if not _fits({"pattern": schema["pattern"]}, each)][:1]
    if schema.get("maxItems", 1 << 20) < 200 and kind == "array" and schema.get("items", {}).get("type") == "string":
        wrongs.append(("too many", [f"a{n}" for n in range(schema["maxItems"] + 1)]))
    for other, bad in (("string", 7), ("integer", "seven"), ("array", "list"), ("object", [1]), ("boolean", "yes")):
        if kind == other and not schema.get("x-kubernetes-int-or-string"):
            wrongs.append(("of another type", bad))
    if schema.get("properties") and not schema.get("x-kubernetes-preserve-unknown-fields"):
        wrongs.append(("an unknown field", None))
    wrongs = [each for each in wrongs if each[0]]
    return random.choice(wrongs) if wrongs else None


def spoiled(schema, value, random):
    """`value` with one thing in it that the schema forbids; answers it and what that is."""
    places = []
    _places(schema, value, [], places)
    random.shuffle(places)
    for inner, path in places:
        wrong = _wrong(inner, random)
        if wrong is None or not path:
            continue
        what, bad = wrong
        here = value
        for step in path[:-1]:
            here = here[step]
        if what == "an unknown field":
            here[path[-1]]["unheardOf"] = "x"
        else:
            here[path[-1]] = bad
        return value, f"{'.'.join(map(str, path))} is {what}"
    value["unheardOf"] = "x"
    return value, "an unknown field"
