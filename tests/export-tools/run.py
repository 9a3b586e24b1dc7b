"""Runs the blocks of docs/export.md over contracts folders, and every sample through what the tools generated.

`run.py VERDICTS WORK`: VERDICTS is what tests/tests/samples.rs wrote, and names the folders. The first folder is gone through to
the letter, as a user would, with node_modules and .venv that are there already, pinned; in the others the same commands run with
tools that are found faster. Everything lands below WORK/<name of folder>.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import blocks
import judge

#: What is run in each folder, in this order; the rest needs Java or a compiler that is started once for all.
EACH = ["export", "ajv", "jsonschema", "json2ts", "datamodel-codegen", "quicktype", "modelina"]
#: Folders that jsonschema2pojo refuses: each by itself, or none of the others would get classes.
REFUSED_BY_POJO = judge.REFUSED_BY_POJO["jsonschema2pojo"]
#: The folder whose TypeScript by Modelina is none.
REFUSED_BY_MODELINA = ["alike"]


def name(folder):
    """A folder's name in the scratch tree, fit for a Java package."""
    return re.sub(r"\W", "_", re.sub(r"^codegen/tests/(?!import$)|^tests/(export-tools/)?|/contracts$", "", folder))


def shell(script, at, log):
    """Runs a script; its output goes to the file LOG, and its failure is told."""
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=at, capture_output=True, text=True)
    (at / f"{log}.out").write_text(done.stdout)
    return None if done.returncode == 0 else (done.stdout + done.stderr).strip()


def literals(at):
    """Writes a folder's good samples as constants of their json2ts types to good.ts, and the bad ones that a type can tell to bad.ts:
    a line each. What a number or a text may be is no matter of types."""
    listed = json.loads((at / "samples" / "index.json").read_text("utf-8"))["samples"]
    events = sorted({sample["event"] for sample in listed})
    head = []
    for number, event in enumerate(events):
        declared = (at / "types" / f"{event}.d.ts").read_text("utf-8")
        title = json.loads((at / "schemas" / f"{event}.json").read_text("utf-8"))["title"]
        assert re.search(rf"^export (interface|type) {title}\b", declared, re.M), f"{at.name}: json2ts has no {title}"
        head.append(f'import type {{ {title} as E{number} }} from "./types/{event}.js";\n')
    lines = {True: [], False: []}
    for number, sample in enumerate(listed):
        if sample.get("keyword") in [None, "required", "type"]:
            payload = json.dumps(json.loads((at / "samples" / sample["file"]).read_text("utf-8")))
            line = f"export const s{number}: E{events.index(sample['event'])} = {payload}; // {sample['file']}\n"
            lines[sample["valid"]].append(line)
    (at / "good.ts").write_text("".join(head + lines[True]), "utf-8")
    (at / "bad.ts").write_text("".join(head + lines[False]), "utf-8")


class Scratch:
    """The scratch tree of one run."""

    def __init__(self, work, folders):
        self.work, self.folders = work, folders
        self.failed = {}

    def at(self, folder):
        return self.work / name(folder)

    def lay_out(self, folder):
        at = self.at(folder)
        at.mkdir(exist_ok=True)
        for left in at.iterdir():
            if left.is_dir() and not left.is_symlink():
                if folder != self.folders[0] or left.name not in [".venv", "node_modules"]:
                    shutil.rmtree(left)
            else:
                left.unlink()
        shutil.copytree(blocks.ROOT / folder, at / "contracts")
        if folder != self.folders[0]:
            (at / ".venv").symlink_to(self.at(self.folders[0]) / ".venv")
            (at / "node_modules").symlink_to(self.at(self.folders[0]) / "node_modules")
        for path, text in blocks.FILES.items():
            (at / path).parent.mkdir(parents=True, exist_ok=True)
            (at / path).write_text(text, "utf-8")

    def run(self, folder, block):
        wrong = shell(blocks.RUNS[block], self.at(folder), block)
        if wrong is not None:
            self.failed[f"{name(folder)}: {block}"] = wrong

    def to_the_letter(self):
        """Installs and runs all that the document says in the first folder."""
        for left in self.work.glob("*.out"):
            left.unlink()
        first = self.folders[0]
        self.lay_out(first)
        for file in ["package.json", "package-lock.json"]:
            shutil.copy(blocks.HERE / file, self.at(first))
        for number, script in enumerate(blocks.INSTALLS):
            # The tarballs are in the cache, but `npm ci` reads no package documents: a new machine has to fetch those.
            wrong = shell(script.replace("npm install", "npm install --prefer-offline"), self.at(first), f"install-{number}")
            if wrong is not None:
                self.failed[f"install: {script}"] = wrong
        for block in blocks.RUNS:
            self.run(first, block)

    def everywhere_else(self):
        def one(folder):
            self.lay_out(folder)
            for block in EACH:
                self.run(folder, block)

        # npx looks around before it starts what is installed: that is seen once, and costs a second each time.
        shim = self.work / "shim"
        shim.mkdir(exist_ok=True)
        (shim / "npx").write_text(f'#!/bin/sh\ntool=$1; shift\nexec "node_modules/.bin/$tool" "$@"\n')
        (shim / "npx").chmod(0o755)
        os.environ["PATH"] = f"{shim}:{os.environ['PATH']}"
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, self.folders[1:]))

    def maven(self, log, folders):
        """A Maven project, compiled, with the schemas of some folders."""
        at = self.work / log
        shutil.rmtree(at, ignore_errors=True)
        for path, text in blocks.FILES.items():
            if path == "pom.xml" or path.endswith(".java"):
                (at / path).parent.mkdir(parents=True, exist_ok=True)
                (at / path).write_text(text, "utf-8")
        for folder in folders:
            shutil.copytree(self.at(folder) / "schemas-refs", at / "schemas-refs" / name(folder))
        wrong = shell(blocks.RUNS["maven"], at, log)
        if wrong is not None:
            self.failed[f"{log}: jsonschema2pojo"] = wrong
            return None
        return at

    def java(self):
        """One Maven project for all folders: jsonschema2pojo makes a package of each folder of schemas."""
        maven = self.maven("maven", [folder for folder in self.folders if name(folder) not in REFUSED_BY_POJO])
        if maven is None:
            return
        for folder in self.folders:
            if name(folder) in REFUSED_BY_POJO:
                self.maven(f"maven-{name(folder)}", [folder])
        (maven / "classes").mkdir()
        wrong = shell(f"javac -cp 'target/classes:target/dependency/*' -d classes '{blocks.HERE}/RoundTrip.java'", maven, "javac")
        if wrong is not None:
            self.failed["all: javac"] = wrong
            return

        def one(folder):
            if not (self.at(folder) / "target").exists():
                (self.at(folder) / "target").symlink_to(maven / "target")
                self.run(folder, "networknt")

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, self.folders))
        jobs = []
        for folder in self.folders:
            at = self.at(folder)
            if name(folder) not in REFUSED_BY_POJO:
                jobs += ["jsonschema2pojo", at, "-", f"org.example.events.{name(folder)}"]
            for tool, sources in [("quicktype Java", "quicktype"), ("Modelina Java", "modelina/java")]:
                if list((at / sources).glob("*.java")):
                    jobs += [tool, at, sources, "events"]
        arguments = " ".join(f"'{job}'" for job in jobs)
        self.lines("java", f"java -cp 'classes:target/classes:target/dependency/*' RoundTrip {arguments}", maven)

    def typescript(self):
        """Every sample as a literal of its type; quicktype's converters; Modelina's types. What tsc says of it is in its output."""
        for folder in self.folders:
            literals(self.at(folder))
        compiled = self.work / "compiled"
        shutil.rmtree(compiled, ignore_errors=True)
        tsc = f"{name(self.folders[0])}/node_modules/.bin/tsc --pretty false --strict --target es2022 --module esnext"
        tsc += " --moduleResolution bundler"
        (self.work / "package.json").write_text('{"type": "module"}\n')
        literal = [*self.each("types/*.d.ts"), *self.each("good.ts"), *self.each("bad.ts")]
        shell(f"{tsc} --noEmit {' '.join(map(str, literal))}", self.work, "tsc-literals")
        converters = " ".join(map(str, self.each("quicktype/events.ts")))
        wrong = shell(f"{tsc} --rootDir . --outDir {compiled} {converters}", self.work, "tsc-converters")
        if wrong is not None:
            self.failed["all: tsc-converters"] = wrong
        # A file that is no TypeScript at all ends the run before the others' types are looked at.
        for at in map(self.at, self.folders):
            if at.name in REFUSED_BY_MODELINA:
                shell(f"{tsc} --noEmit {at.name}/modelina/typescript/*.ts", self.work, f"tsc-modelina-{at.name}")
        models = [file for file in self.each("modelina/typescript/*.ts") if file.parents[2].name not in REFUSED_BY_MODELINA]
        shell(f"{tsc} --noEmit {' '.join(map(str, models))}", self.work, "tsc-modelina")
        folders = " ".join(str(file.parents[1]) for file in self.each("quicktype/events.ts"))
        self.lines("typescript", f"node '{blocks.HERE}/round-trip.mjs' {folders}", self.work)

    def each(self, file):
        return [found for at in map(self.at, self.folders) for found in sorted(at.glob(file))]

    def python(self):
        paths = " ".join(str(self.at(folder)) for folder in self.folders)
        self.lines("python", f"PYTHONDONTWRITEBYTECODE=1 {name(self.folders[0])}/.venv/bin/python '{blocks.HERE}/round_trip.py' {paths}", self.work)

    def mypy(self):
        """One package of all generated Python, because mypy wants each module to have one name. Its errors are in its output."""
        tree = self.work / "mypy"
        shutil.rmtree(tree, ignore_errors=True)
        for at in map(self.at, self.folders):
            shutil.copytree(at / "pydantic_events", tree / at.name / "pydantic_events")
            (tree / at.name / "__init__.py").touch()
            for file in at.glob("quicktype/events.py"):
                shutil.copy(file, tree / at.name / "quicktype_events.py")
        python = self.at(self.folders[0]) / ".venv/bin/python"
        said = shell(f"{python} -m mypy --no-color-output --no-error-summary .", tree, "mypy")
        (self.work / "mypy.out").write_text(said or "", "utf-8")

    def lines(self, log, script, at):
        wrong = shell(script, at, log)
        if wrong is not None:
            self.failed[f"all: {log}"] = wrong
        elif at != self.work:
            shutil.copy(at / f"{log}.out", self.work)


def main():
    rust, work = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    folders = list(dict.fromkeys(json.loads(line)["folder"] for line in rust.read_text("utf-8").splitlines()))
    scratch = Scratch(work, folders)
    problems = blocks.check_versions()
    for step in [scratch.to_the_letter, scratch.everywhere_else, scratch.java, scratch.python, scratch.mypy, scratch.typescript]:
        started = time.monotonic()
        step()
        print(f"{step.__name__:<24}{time.monotonic() - started:>8.1f} s")
    problems += judge.judge(scratch, rust, name)
    for problem in problems:
        print(problem[:2000])
    print(f"{len(folders)} folders, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
