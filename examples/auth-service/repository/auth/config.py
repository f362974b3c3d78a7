"""Settings from config.yaml: flat lines, checked strictly, so that a typo stops the service at its start."""
import os

KEYS = {"issuer": str, "token_ttl_seconds": int, "password_schemes": list, "max_attempts_per_minute": int}


def load(path=os.path.join(os.path.dirname(__file__), "..", "config.yaml")):
    settings = {}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            text = line.split("#", 1)[0].strip()
            if not text:
                continue
            key, separator, value = text.partition(":")
            if not separator or key not in KEYS:
                raise ValueError(f"config.yaml:{number}: unknown setting {key!r}")
            kind = KEYS[key]
            value = value.strip()
            settings[key] = [part.strip() for part in value.split(",")] if kind is list else kind(value)
    missing = sorted(set(KEYS) - set(settings))
    if missing:
        raise ValueError(f"config.yaml: missing {', '.join(missing)}")
    return settings
