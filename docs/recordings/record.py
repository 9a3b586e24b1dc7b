"""Records the two pictures of the README from real runs: `record.py [--check]`, with `event-contracts` on PATH.

Each recording is a small contracts folder with a mistake or a change, and the command that reports it, run on a terminal of its
own. `--check` writes nothing and ends with 1 if a picture is not what the command prints now.
"""

import os
import pathlib
import pty
import subprocess
import sys
import tempfile

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = pathlib.Path(__file__).resolve().parent
WIDTH = 104

BROKEN = """\
[events.OrderPlaced]
doc     = "A customer has placed an order."
subject = "orders.{region}.placed"
stream  = "ORDERS"
id      = "order_id"
[events.OrderPlaced.fields]
order_id    = "uuid"
region      = "strng"
total_cents = { type = "i64", min = 0 }

[streams.ORDER]
max_age = "30 days"

[services.billing]
subscribes = ["OrderPlaced"]
"""

OLD = """\
[events.OrderPlaced]
subject = "orders.{region}.placed"
stream  = "ORDERS"
[events.OrderPlaced.fields]
region   = "string"
quantity = { type = "i32", min = 1, max = 1000 }

[streams.ORDERS]
max_age = "30d"

[services.shop]
publishes = ["OrderPlaced"]

[services.billing]
subscribes = ["OrderPlaced"]
"""
NEW = OLD.replace("max = 1000", "max = 100")


def on_terminal(folder, command):
    """What a command prints on a terminal, with its colours."""
    main, terminal = pty.openpty()
    # As `stty` would: lines are not broken by the terminal.
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(WIDTH)}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, cwd=folder, stdout=terminal, stderr=terminal, stdin=subprocess.DEVNULL, env=environment):
        os.close(terminal)
        out = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # how Linux says that nobody has the terminal open any more
                break
            if not piece:
                break
            out += piece
    os.close(main)
    return out.decode().replace("\r\n", "\n")


def picture(name, folder, command):
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w", encoding="utf-8"), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {' '.join(command)}", style="bold"))
    console.print(Text.from_ansi(on_terminal(folder, command).rstrip()), soft_wrap=False)
    svg = console.export_svg(title=name, theme=MONOKAI, unique_id=f"recording-{name}")
    # A picture loads nothing: whoever looks at it has a monospaced font.
    lines = svg.splitlines()
    kept, inside = [], False
    for line in lines:
        inside = inside or line.strip().startswith("@font-face")
        if not inside:
            kept.append(line.rstrip())
        if inside and line.strip() == "}":
            inside = False
    return "\n".join(kept) + "\n"


def main():
    stale = False
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for folder, text in [("broken/contracts", BROKEN), ("change/main", OLD), ("change/contracts", NEW)]:
            (scratch / folder).mkdir(parents=True)
            (scratch / folder / "orders.toml").write_text(text, encoding="utf-8")
        for name, folder, command in [
            ("check", "broken", ["event-contracts", "check"]),
            ("diff", "change", ["event-contracts", "diff", "--against", "main"]),
        ]:
            svg = picture(name, scratch / folder, command)
            file = HERE / f"{name}.svg"
            if "--check" not in sys.argv:
                file.write_text(svg, encoding="utf-8")
            elif not file.exists() or file.read_text(encoding="utf-8") != svg:
                print(f"{file.name} is stale: tests/recordings.sh --write")
                stale = True
    return int(stale)


sys.exit(main())
