"""What is different between a payload that was read and the one that was written back."""

import datetime
import re

TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


def instant(text):
    """A timestamp as seconds and billionths: another offset or fewer zeros say the same."""
    found = TIMESTAMP.fullmatch(text)
    if not found:
        return None
    date, time, fraction, offset = found.groups()
    seconds = datetime.datetime.fromisoformat(f"{date}T{time}{'+00:00' if offset in 'Zz' else offset}")
    return seconds.timestamp(), (fraction or "").ljust(9, "0")


def same(sent, written):
    """Whether two values that are neither objects nor lists are one value."""
    numbers = [type(value) in (int, float) for value in (sent, written)]
    if all(numbers):
        return sent == written
    if type(sent) is not type(written):
        return False
    if isinstance(sent, str) and sent != written:
        return instant(sent) is not None and instant(sent) == instant(written)
    return sent == written


def differences(sent, written, path=""):
    """Each difference: `lost`, `added` or `changed`, where, and the value that was sent or added."""
    if isinstance(sent, dict) and isinstance(written, dict):
        for key, value in sent.items():
            at = f"{path}.{key}" if path else key
            if key not in written:
                yield "lost", at, value
            else:
                yield from differences(value, written[key], at)
        for key, value in written.items():
            if key not in sent:
                yield "added", f"{path}.{key}" if path else key, value
    elif isinstance(sent, list) and isinstance(written, list) and len(sent) == len(written):
        for number, (one, other) in enumerate(zip(sent, written)):
            yield from differences(one, other, f"{path}[{number}]")
    elif isinstance(sent, (dict, list)) or isinstance(written, (dict, list)) or not same(sent, written):
        yield "changed", path, sent
