// Validates AsyncAPI documents: `node validate.mjs FILE...`. Exits with 1 when one of them has any error or warning.

import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

// 3.0 is what is exported, on purpose: newer minor versions say nothing more about what is in these documents.
const known = new Set(["asyncapi-latest-version"]);

const parser = new Parser();

async function problems(text) {
  const { document, diagnostics } = await parser.parse(text);
  const found = diagnostics.filter((diagnostic) => !known.has(diagnostic.code));
  const shown = found.map((diagnostic) => `${diagnostic.path.join(".")}: ${diagnostic.message}`);
  return { document, shown: document || shown.length ? shown : ["it is no document"] };
}

const files = process.argv.slice(2);
let bad = 0;
for (const file of files) {
  const { document, shown } = await problems(readFileSync(file, "utf8"));
  if (shown.length) {
    bad += 1;
    console.log(`${file}:\n  ${shown.join("\n  ")}`);
    continue;
  }
  // What the parser made of it is what was written.
  const written = JSON.parse(readFileSync(file, "utf8"));
  const operations = document.operations().all();
  const counts = [
    [document.channels().all().length, Object.keys(written.channels).length, "channels"],
    [operations.length, Object.keys(written.operations).length, "operations"],
    [document.schemas().length > 0, true, "schemas"],
  ];
  for (const operation of operations) {
    const queue = operation.bindings().get("nats")?.value().queue;
    counts.push([Boolean(queue), operation.isReceive(), `queue of ${operation.id()}`]);
    for (const message of operation.messages().all()) {
      counts.push([message.hasPayload(), true, `payload of ${message.id()}`]);
    }
  }
  for (const [found, wanted, what] of counts) {
    if (found !== wanted) {
      bad += 1;
      console.log(`${file}: ${what}: ${found} instead of ${wanted}`);
    }
  }
}

// A validator that takes everything would show nothing.
const broken = JSON.parse(readFileSync(files[0], "utf8"));
for (const operation of Object.values(broken.operations)) operation.action = "shout";
if (!(await problems(JSON.stringify(broken))).shown.length) {
  bad += 1;
  console.log("a document whose operations shout is taken");
}

console.log(`${files.length} documents, ${bad} bad`);
process.exit(bad || !files.length ? 1 : 0);
