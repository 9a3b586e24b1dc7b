"""Runs a command on a pseudo-terminal: terminal.py TALK COMMAND [ARG ...].

TALK is a JSON list of [text, answer]: when the text has been shown, the answer is typed ("\u0003" is Ctrl-C). What was
shown goes to stdout; the exit code is the command's, or 99 when a text did not come in time.
"""

import json
import os
import pty
import select
import sys
import time


def main():
    talk = json.loads(sys.argv[1])
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    shown, seen, deadline, late = b"", 0, time.monotonic() + 60, False
    while True:
        if time.monotonic() > deadline:
            late = True
            os.kill(child, 9)
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:  # Linux says so when the other side is closed.
                data = b""
            if not data:
                break
            shown += data
        while talk and talk[0][0].encode() in shown[seen:]:
            text, answer = talk.pop(0)
            seen = shown.index(text.encode(), seen) + len(text.encode())
            os.write(terminal, answer.encode())
        if late:
            break
    _, status = os.waitpid(child, 0)
    sys.stdout.buffer.write(shown)
    sys.exit(99 if late or talk else os.waitstatus_to_exitcode(status))


main()
