"""What the run found, held against what is expected: verdicts on every sample, and what generated code does not keep.

Fails on every disagreement and on every difference that exceptions.toml does not name, as well as on one that it names and that
is no more. `exceptions.txt` lists them all by sample. With UPDATE_EXPECT=1 in the environment that file and the table in
docs/export.md are written anew.
"""

import json
import os
import re
import tomllib
from collections import Counter, defaultdict

import blocks
from differ import differences

UPDATE_EXPECT = os.environ.get("UPDATE_EXPECT") == "1"
BY_COMMAND = {"ajv": "ajv", "jsonschema": "jsonschema", "networknt": "networknt"}
DRAFTS = ["draft-07", "2020-12"]
KINDS = ["valid", "unknown", "invalid"]


#: What has to be there for a tool to be tested in a folder: a file that it wrote, or its input.
TOOLS = {
    "jsonschema2pojo": "schemas-refs/*.json",
    "quicktype Java": "quicktype/*.java",
    "Modelina Java": "modelina/java/*.java",
    "pydantic": "schemas/*.json",
    "quicktype Python": "quicktype/*.py",
    "quicktype TypeScript": "quicktype/*.ts",
    "json2ts": "schemas/*.json",
}
#: The tools whose versions the document names.
SHOWN = {
    "@asyncapi/modelina", "ajv", "ajv-formats", "datamodel-code-generator", "jackson-datatype-jsr310", "json-schema-to-typescript",
    "json-schema-validator", "jsonschema", "jsonschema2pojo-maven-plugin", "mypy", "pydantic", "quicktype", "typescript",
}
REFUSED_BY_POJO = {"jsonschema2pojo": ["alike"]}


class Sample:
    """A sample of a folder in the scratch tree."""

    def __init__(self, at, entry):
        self.at, self.entry = at, entry
        self.name = f"{at.name}/{entry['file']}"
        self.kind, self.valid = entry["kind"], entry["valid"]

    def payload(self):
        return json.loads((self.at / "samples" / self.entry["file"]).read_text("utf-8"))


def samples(scratch):
    """Every sample of every folder by `<folder>/<file>`, in the order of the index."""
    found = {}
    for at in map(scratch.at, scratch.folders):
        for entry in json.loads((at / "samples" / "index.json").read_text("utf-8"))["samples"]:
            sample = Sample(at, entry)
            found[sample.name] = sample
    return found


def verdicts(scratch, every, rust, name):
    """Whether each judge accepts each sample: by judge, then by sample."""
    judged = defaultdict(dict)
    for line in rust.read_text("utf-8").rstrip("\n").split("\n"):
        said = json.loads(line)
        for judge, accepted in said["accepted"].items():
            judge = judge if judge in ["rust", "model", "decode"] else f"rust {judge}"
            judged[judge][f"{name(said['folder'])}/{said['file']}"] = accepted
    for at in map(scratch.at, scratch.folders):
        for tool in BY_COMMAND:
            lines = (at / f"{tool}.out").read_text("utf-8").rstrip("\n").split("\n")
            half = len(lines) // 2
            for draft, part in zip(DRAFTS, [lines[:half], lines[half:]]):
                for line in part:
                    accepted, file = line.split(" ", 1)
                    judged[f"{tool} {draft}"][f"{at.name}/{file}"] = accepted == "accepted"
    return judged


def agreement(every, judged):
    """Prints the table of agreement; the problems."""
    total = Counter(sample.kind for sample in every.values())
    print(f"{'judge':<24}" + "".join(f"{kind + ' ' + str(total[kind]):>16}" for kind in KINDS))
    problems = []
    for judge, said in judged.items():
        right = Counter(every[name].kind for name, accepted in said.items() if name in every and accepted == every[name].valid)
        print(f"{judge:<24}" + "".join(f"{right[kind]:>16}" for kind in KINDS))
        if set(said) != set(every):
            odd = sorted(set(said) ^ set(every))
            problems.append(f"{judge} judged other samples: {odd[:5]} and {len(odd)} in all")
        for name, accepted in said.items():
            if name in every and accepted != every[name].valid:
                word = "accepts" if accepted else "refuses"
                problems.append(f"{judge} {word} {name}: {every[name].entry['reason']}")
    return problems


def found(scratch, every):
    """Everything that generated code did otherwise than the contract says: (tool, what, where, sample)."""
    tested = {tool: set() for tool in TOOLS}
    unusable = set()
    for log in ["java", "python", "typescript"]:
        # A log that is not there has its reason in scratch.failed.
        lines = (scratch.work / f"{log}.out").read_text("utf-8") if (scratch.work / f"{log}.out").exists() else ""
        for said in map(json.loads, lines.rstrip("\n").split("\n") if lines else []):
            tool, name = said["tool"], f"{said['folder']}/{said['file']}"
            if not said["file"]:
                yield tool, "unusable", said["error"].splitlines()[0], said["folder"]
                unusable.add((tool, said["folder"]))
                continue
            sample = every[name]
            tested[tool].add(name)
            if "error" in said and sample.valid:
                yield tool, "refused", said["error"], name
            elif "written" in said and not sample.valid:
                yield tool, "accepted", f"{sample.entry['keyword']}: {sample.entry['reason']}", name
            elif "written" in said:
                yield from kept(tool, sample, json.loads(said["written"]))
    yield from types(scratch, every, tested)
    yield from mypy((scratch.work / "mypy.out").read_text("utf-8"))
    for tool, names in tested.items():
        print(f"{tool:<24}{len(names):>8} samples through its types")
        # Nothing is left out in silence: what a tool wrote nothing of stands in `failed`, or has no services for Modelina.
        for name, sample in every.items():
            missing = sample.valid and name not in names and (tool, sample.at.name) not in unusable
            if missing and any(sample.at.glob(TOOLS[tool])) and sample.at.name not in REFUSED_BY_POJO.get(tool, []):
                yield tool, "untested", "", name


def kept(tool, sample, written):
    """What is not the same after reading and writing. A default that was filled in is no difference."""
    schema = (sample.at / "schemas" / f"{sample.entry['event']}.json").read_text("utf-8")
    filled = defaults(json.loads(schema))
    for what, where, value in differences(sample.payload(), written):
        field = where.rsplit(".", 1)[-1]
        if not (what == "added" and any(field == known and value == default for known, default in filled)):
            yield tool, what, f"{where}: {json.dumps(value)[:60]}", sample.name


def defaults(schema):
    """(property, default) wherever there is one."""
    if isinstance(schema, dict):
        for key, value in schema.get("properties", {}).items():
            if isinstance(value, dict) and "default" in value:
                yield key, value["default"]
        for value in schema.values():
            yield from defaults(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from defaults(value)


def types(scratch, every, tested):
    """What tsc says of the literals and of Modelina's files."""
    refused = defaultdict(dict)
    logs = [log for log in sorted(scratch.work.glob("tsc-*.out")) if log.name != "tsc-converters.out"]
    for line in "".join(log.read_text("utf-8") for log in logs).rstrip("\n").split("\n"):
        if place := re.match(r"(\S+?)\((\d+),\d+\): (.*)", line):
            file, number, said = place.groups()
            refused[file].setdefault(int(number), said)
        elif line.startswith("error"):
            raise SystemExit(f"tsc: {line}")
    for at in map(scratch.at, scratch.folders):
        for good in [True, False]:
            file = "good.ts" if good else "bad.ts"
            said = refused.pop(f"{at.name}/{file}", {})
            for number, line in enumerate((at / file).read_text("utf-8").rstrip("\n").split("\n"), 1):
                if line.startswith("import"):
                    continue
                name = f"{at.name}/{line.rsplit(' // ', 1)[1]}"
                tested["json2ts"].add(name)
                if good and number in said:
                    yield "json2ts", "refused", said[number], name
                elif not good and number not in said:
                    yield "json2ts", "accepted", every[name].entry["reason"], name
    for file, said in refused.items():
        tool = "Modelina TypeScript" if "modelina" in file else "json2ts"
        yield tool, "unusable", next(iter(said.values())), file.split("/")[0]


def mypy(said):
    """What mypy says of generated Python, by folder."""
    for line in said.split("\n"):
        if place := re.match(r"(\w+)/(pydantic_events/\w+|quicktype_events)\.py:\d+: error: (.*)", line):
            folder, module, error = place.groups()
            yield "quicktype Python" if module == "quicktype_events" else "pydantic", "mistyped", error, folder
        elif line and ": note: " not in line:
            yield "mypy", "unusable", line, "all"


def match(differences_found, failed, exceptions):
    """Each difference under the exception that names it: {exception's number: samples}, and what none names."""
    named, unnamed = defaultdict(set), []
    generators = [(place.split(": ")[1], "unusable", text, place.split(": ")[0]) for place, text in failed.items()]
    for tool, what, where, sample in [*differences_found, *generators]:
        for number, exception in enumerate(exceptions):
            tools = exception["tools"]
            if tool in tools and what == exception["what"] and re.search(exception["where"], where, re.S):
                if re.search(exception.get("sample", ""), sample):
                    named[number].add((tool, sample))
                    break
        else:
            unnamed.append(f"{tool}: {what}: {sample}: {where}")
    return named, unnamed


def report(every, named, unnamed, exceptions):
    """Holds what was found against exceptions.toml, exceptions.txt and the table of the document; the problems."""
    problems = [f"nothing names this in exceptions.toml: {line}" for line in unnamed]
    listed = []
    for number, exception in enumerate(exceptions):
        seen = {tool for tool, _ in named[number]}
        for tool in exception["tools"]:
            if tool not in seen:
                problems.append(f"exceptions.toml names what is no more: {tool}: {exception['shape']}")
        for tool in seen:
            names = whole_events({sample for by, sample in named[number] if by == tool}, every)
            listed += [f"{tool} | {exception['shape']} | {sample}" for sample in names]
    problems += hold(blocks.HERE / "exceptions.txt", "".join(f"{line}\n" for line in sorted(set(listed))))
    start, end = "<!-- exceptions -->\n", "<!-- end of exceptions -->"
    before, rest = blocks.TEXT.split(start)
    after = rest.split(end)[1]
    problems += hold(blocks.DOCUMENT, before + start + table(exceptions) + end + after)
    count = sum(map(len, named.values()))
    print(f"{count} samples or folders under {len(exceptions)} expected exceptions")
    return problems


def whole_events(names, every):
    """The samples by name; instead of all good ones of an event, `<folder>/<event>: all`."""
    events = defaultdict(set)
    for name, sample in every.items():
        if sample.valid:
            events[f"{sample.at.name}/{sample.entry['event']}: all"].add(name)
    whole = {event for event, good in events.items() if len(good) > 1 and good <= names}
    return (names - {name for event in whole for name in events[event]}) | whole


def table(exceptions):
    versions = blocks.pinned()
    rows = ["Tested: ", ", ".join(f"{name} {versions[name]}" for name in sorted(SHOWN)), ".\n\n"]
    rows += ["| what | tools | then |\n", "|---|---|---|\n"]
    rows += [f"| {e['shape']} | {', '.join(e['tools'])} | {e['why']} |\n" for e in exceptions]
    return "".join(rows)


def hold(file, text):
    if UPDATE_EXPECT:
        file.write_text(text, "utf-8")
    if file.exists() and file.read_text("utf-8") == text:
        return []
    old = set(file.read_text("utf-8").rstrip("\n").split("\n")) if file.exists() else set()
    new = set(text.splitlines())
    changes = [f"+ {line}" for line in sorted(new - old)] + [f"- {line}" for line in sorted(old - new)]
    shown = "\n    ".join(changes[:40])
    return [f"{file.name} is not what was found (UPDATE_EXPECT=1 writes it anew):\n    {shown}"]


def judge(scratch, rust, name):
    """All of it; the problems."""
    exceptions = tomllib.loads((blocks.HERE / "exceptions.toml").read_text("utf-8"))["exception"]
    every = samples(scratch)
    problems = agreement(every, verdicts(scratch, every, rust, name))
    named, unnamed = match(found(scratch, every), scratch.failed, exceptions)
    return problems + report(every, named, unnamed, exceptions)
