"""The blocks of docs/export.md: what a user types and the files that a user copies, taken from the document itself."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "export.md"
HERE = pathlib.Path(__file__).resolve().parent
TEXT = DOCUMENT.read_text("utf-8")

#: Files by path, commands by name, and the commands that install.
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", TEXT, re.S))
RUNS = dict(re.findall(r"<!-- run: (\S+) -->\n```sh\n(.*?)```", TEXT, re.S))
INSTALLS = re.findall(r"<!-- install -->\n```sh\n(.*?)```", TEXT, re.S)


def pinned():
    """The version of every tool that the lock files and the document's pom.xml pin, by name."""
    lock = json.loads((HERE / "package-lock.json").read_text("utf-8"))
    versions = {name: lock["packages"][f"node_modules/{name}"]["version"] for name in lock["packages"][""]["dependencies"]}
    requirements = (HERE / "requirements.txt").read_text("utf-8")
    versions.update(re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", requirements, re.M))
    versions.update(re.findall(r"<artifactId>([\w.-]+)</artifactId>\s*<version>([\d.]+)</version>", FILES["pom.xml"]))
    return versions


def check_versions():
    """What the document tells to install is what the lock files pin, and so what was tested."""
    versions = pinned()
    said = re.findall(r"([@\w/.-]+?)(?:\[[\w,]+\])?(?:==|@)(\d[\w.]*)", "\n".join(INSTALLS))
    assert len(said) >= 8, said
    return [
        f"docs/export.md installs {name} {version}, tested is {versions.get(name)}"
        for name, version in said
        if versions.get(name) != version
    ]
