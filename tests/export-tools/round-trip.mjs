// Sends every good sample through quicktype's TypeScript, compiled by tsc. Arguments: folders of the scratch tree.
// Prints a line of JSON for each sample.
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";

const text = (file) => readFileSync(file, "utf8");
const plain = (name) => name.replace(/[^\p{L}\p{N}]/gu, "").toLowerCase();
const say = (folder, file, rest) =>
  console.log(JSON.stringify({ tool: "quicktype TypeScript", folder: basename(folder), file, ...rest }));

for (const folder of process.argv.slice(2)) {
  const { Convert } = await import(resolve("compiled", basename(folder), "quicktype/events.js"));
  const converters = new Map(Object.getOwnPropertyNames(Convert).map((name) => [plain(name), Convert[name]]));
  for (const { event, file, valid } of JSON.parse(text(`${folder}/samples/index.json`)).samples) {
    if (!valid) continue;
    const title = plain(JSON.parse(text(`${folder}/schemas/${event}.json`)).title);
    const [read, write] = [converters.get(`to${title}`), converters.get(`${title}tojson`)];
    if (!read || !write) {
      say(folder, file, { error: "no class" });
      continue;
    }
    try {
      say(folder, file, { written: write(read(text(`${folder}/samples/${file}`))) });
    } catch (refused) {
      say(folder, file, { error: String(refused).split("\n")[0] });
    }
  }
}
