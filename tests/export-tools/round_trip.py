"""Sends every sample through the models of datamodel-code-generator and every good one through quicktype's Python.

Arguments: folders of the scratch tree. Prints a line of JSON for each sample: what was written back, or why it was refused.
"""

import importlib.util
import json
import pathlib
import re
import sys


def load(name, file, package=False):
    """A module from its file, as an own one for each folder."""
    search = [str(file.parent)] if package else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=search)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def plain(name):
    return re.sub(r"\W|_", "", name).lower()


def first_line(error):
    lines = [line.strip() for line in str(error).splitlines()]
    return f"{type(error).__name__}: {' '.join(lines[:3])}"


def pydantic(folder):
    package = f"pydantic_{folder.name}"
    load(package, folder / "pydantic_events" / "__init__.py", package=True)

    def through(event, title, text):
        name = re.sub(r"\W", "_", event)
        model = getattr(importlib.import_module(f"{package}.{name}"), title)
        return model.model_validate_json(text, strict=True).model_dump_json(by_alias=True, exclude_none=True)

    return through


def quicktype(folder):
    module = load(f"quicktype_{folder.name}", folder / "quicktype" / "events.py")
    classes = {plain(name): value for name, value in vars(module).items() if isinstance(value, type)}

    def through(_, title, text):
        model = classes.get(plain(title))
        if model is None:
            raise LookupError("no class")
        return json.dumps(model.from_dict(json.loads(text)).to_dict())

    return through


for folder in map(pathlib.Path, sys.argv[1:]):
    samples = json.loads((folder / "samples" / "index.json").read_text("utf-8"))["samples"]
    titles = {
        event: json.loads((folder / "schemas" / f"{event}.json").read_text("utf-8"))["title"]
        for event in {sample["event"] for sample in samples}
    }
    for tool, make, judges in [("pydantic", pydantic, True), ("quicktype Python", quicktype, False)]:
        said = {"tool": tool, "folder": folder.name}
        if tool == "quicktype Python" and not (folder / "quicktype" / "events.py").exists():
            continue  # quicktype refused the folder, and that is told already.
        try:
            through = make(folder)
        except Exception as error:
            print(json.dumps({**said, "file": "", "error": f"cannot be imported: {first_line(error)}"}))
            continue
        for sample in samples:
            if not (judges or sample["valid"]):
                continue
            text = (folder / "samples" / sample["file"]).read_text("utf-8")
            try:
                result = {"written": through(sample["event"], titles[sample["event"]], text)}
            except LookupError as error:
                result = {"error": str(error)}
            except Exception as error:
                result = {"error": first_line(error)}
            print(json.dumps({**said, "file": sample["file"], **result}))
