"""The figures of the house: how large it is, which modules need one another in a circle, how its comments begin.

`house.py [--limits]` prints the table, each figure beside its goal; with `--limits` a figure beyond its limit ends with 1. Reads what git tracks, as text: an
arrow goes from a file to the file in which a name that it uses is defined, re-exports followed, tests left out, and so is `$crate`: what a macro says where it is expanded.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
#: The first words of a comment that says which question it answers, and not what the thing is.
WH = re.compile(r"^(what|whether|how|where|who|whose|why|which|when)\b", re.I)

#: Figure -> the goal of the design's second plan, and the limit: a figure that has not reached its goal gets no worse. Lower a
#: limit in the commit that lowers the figure.
LIMITS = {
    "Rust lines, product": (50_000, 70_800),
    "Rust lines, all": (84_000, 118_800),
    "largest circle of files": (3, 3),
    "doc comments that begin with a wh-word, %": (4.0, 4.0),
    "lines of the runtime that a service compiles": (7_000, 15_700),
    "files with a branch for imported schemas": (0, 0),
    "crates that a build script gains by `import`": (0, 0),
    'features of the product for its test kit': (0, 0),
}


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.rs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [pathlib.PurePosixPath(line) for line in out.splitlines() if (ROOT / line).exists()]


def crates(files):
    """The folder of each crate of the product -> its files below src."""
    found = {}
    for file in files:
        parts = file.parts
        if "src" in parts:
            folder = "/".join(parts[: parts.index("src")])
            if folder and not folder.startswith(("tests", "examples")) and (ROOT / folder / "Cargo.toml").exists():
                found.setdefault(folder, []).append(file)
    return found


def code(text):
    """Without comments, texts and what is behind `#[cfg(test)]`."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    # A visibility uses nothing.
    text = re.sub(r"pub\(in [\w:]+\)", "pub(crate)", text)
    return re.sub(r"#\[cfg\((?:all\()?test\b[^\]]*\]\s*mod\s+\w+\s*\{.*?\n\}", "", text, flags=re.S)


class Crate:
    """The modules of one crate, and which file uses which."""

    def __init__(self, folder, files):
        self.text, self.by_path = {}, {}
        for file in files:
            parts = file.parts[len(pathlib.PurePosixPath(folder).parts) + 1 :]
            module = tuple(p.removesuffix(".rs") for p in parts)
            if module[-1] in ("lib", "main", "mod"):
                module = module[:-1]
            if "tests" in module or "bin" in module:
                continue
            self.by_path[module] = str(file)
            self.text[module] = code((ROOT / file).read_text("utf-8"))
        self.exports = {module: self.uses(module, public=True) for module in self.text}
        self.arrows = {module: self.targets(module) for module in self.text}

    def uses(self, module, public=False):
        """What a module's `use` declarations bring in: name -> path."""
        names = {}
        visible = r"pub(?:\([^)]*\))?\s+" if public else r"(?:pub(?:\([^)]*\))?\s+)?"
        for tree in re.findall(rf"(?m)^\s*{visible}use\s+([^;]+);", self.text[module]):
            for path in self.leaves(re.sub(r"\s+", " ", tree).strip()):
                path, _, alias = path.partition(" as ")
                path = tuple(part.strip() for part in path.split("::"))
                names[alias.strip() or path[-1]] = path
        return names

    def leaves(self, tree):
        """The paths of a `use` tree."""
        at = tree.find("{")
        if at < 0:
            return [tree]
        head, depth, part, out = tree[:at], 0, "", []
        for char in tree[at + 1 : tree.rfind("}")] + ",":
            if char == "," and depth == 0:
                if part.strip():
                    out += [head + leaf for leaf in self.leaves(part.strip())]
                part = ""
                continue
            depth += {"{": 1, "}": -1}.get(char, 0)
            part += char
        return [re.sub(r"::self\b", "", leaf) for leaf in out]

    def resolve(self, module, path, depth=0):
        """The module in which the thing at a path is defined; none for what is of another crate."""
        path = list(path)
        if path[0] == "crate":
            here, path = (), path[1:]
        elif path[0] == "self":
            here, path = module, path[1:]
        elif path[0] == "super":
            here = module
            while path and path[0] == "super":
                here, path = here[:-1], path[1:]
        elif module + (path[0],) in self.text:
            here = module
        else:
            return None
        while path and here + (path[0],) in self.text:
            here, path = here + (path[0],), path[1:]
        if path and depth < 8:
            onward = self.exports.get(here, {}).get(path[0])
            if onward is not None:
                return self.resolve(here, onward, depth + 1) or here
            for name, glob in self.exports.get(here, {}).items():
                if name == "*":
                    return self.resolve(here, glob[:-1], depth + 1) or here
        return here if here in self.text else None

    def targets(self, module):
        paths = list(self.uses(module).values())
        paths += [tuple(p.split("::")) for p in re.findall(r"(?<![$\w])((?:crate|super|self)(?:::\w+)+)", self.text[module])]
        children = "|".join(re.escape(m[-1]) for m in self.text if m and m[:-1] == module)
        if children:
            paths += [tuple(p.split("::")) for p in re.findall(rf"(?<![\w:])((?:{children})::\w+)", self.text[module])]
        found = {self.resolve(module, path) for path in paths}
        return {target for target in found if target is not None and target != module}

    def circles(self):
        """Sets of modules that reach one another (Tarjan), largest first."""
        index, low, stack, out = {}, {}, [], []

        def visit(node):
            index[node] = low[node] = len(index)
            stack.append(node)
            for target in self.arrows.get(node, ()):
                if target not in index:
                    visit(target)
                    low[node] = min(low[node], low[target])
                elif target in stack:
                    low[node] = min(low[node], index[target])
            if low[node] == index[node]:
                circle = []
                while True:
                    circle.append(stack.pop())
                    if circle[-1] == node:
                        break
                if len(circle) > 1:
                    out.append(sorted(self.by_path[module] for module in circle))

        for node in sorted(self.text):
            if node not in index:
                visit(node)
        return sorted(out, key=len, reverse=True)


def lines(files):
    return sum((ROOT / file).read_text("utf-8").count("\n") for file in files)


def comments(files):
    """The first lines of the doc comments of items."""
    first = []
    for file in files:
        before = ""
        for line in (ROOT / file).read_text("utf-8").splitlines():
            line = line.strip()
            if line.startswith("///") and not before.startswith("///"):
                first.append(line[3:].strip())
            before = line
    return first


def branches(files):
    """Files that treat a type that comes from a JSON Schema in another way than one of a contract."""
    special = re.compile(r"\b(?:Body|TypeKind)::Schema\b|\bImported\b")
    texts = re.compile(r'"(?:\\.|[^"\\])*"')
    of = {file: texts.sub('""', code((ROOT / file).read_text("utf-8"))) for file in files if "json_schema" not in file.parts}
    return sum(1 for text in of.values() if special.search(text))


def crates_of(features):
    """The crates that a build script compiles for `event-codegen` with these features."""
    command = ["cargo", "tree", "-p", "event-codegen", "--no-default-features", "--features", features, "-e", "normal", "--prefix", "none"]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in out.splitlines() if line.strip()}


def main():
    files = tracked()
    product = crates(files)
    inside = [file for group in product.values() for file in group]
    said = comments(inside)
    wh = sum(1 for line in said if WH.match(line))
    circles = {folder: Crate(folder, group).circles() for folder, group in product.items()}
    runtime = [file for folder in ("event-runtime", "event-runtime/wire") for file in product.get(folder, []) if "testing" not in file.parts]
    figures = {
        "Rust lines, product": lines(inside),
        "Rust lines, all": lines(files),
        "largest circle of files": max((len(c) for group in circles.values() for c in group), default=0),
        "doc comments that begin with a wh-word, %": round(100 * wh / len(said), 1),
        "lines of the runtime that a service compiles": lines(runtime),
        "files with a branch for imported schemas": branches(product["codegen"] + product["codegen/cli"]),
        "crates that a build script gains by `import`": len(crates_of("import") - crates_of("toml")),
        "features of the product for its test kit": sum('feature = "testing"' in (ROOT / file).read_text("utf-8") for file in inside),
    }
    beyond = 0
    for name, value in figures.items():
        goal, limit = LIMITS[name]
        mark = "" if value <= goal else f"  open, limit {limit:,}" if value <= limit else f"  beyond the limit of {limit:,}"
        beyond += value > limit
        print(f"{name:<48}{value:>10,}  goal {goal:,}{mark}")
    for folder, group in circles.items():
        for circle in group:
            if len(circle) > 3:
                print(f"circle of {len(circle)} in {folder}: {' '.join(file.removeprefix(folder + '/src/') for file in circle)}")
    return 1 if beyond and "--limits" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
