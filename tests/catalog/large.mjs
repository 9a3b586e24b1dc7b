// Writes a large organisation: 25 domains of 40 events and 6 types each, 100 services. `node large.mjs FOLDER`
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const DOMAINS = 25, EVENTS = 40, SERVICES = 4;
const subjects = ["Order", "Invoice", "Parcel", "Customer", "Ticket", "Claim", "Account", "Device", "Booking", "Route"];
const verbs = ["Opened", "Changed", "Closed", "Rejected"];
mkdirSync(folder, { recursive: true });
for (let d = 0; d < DOMAINS; d++) {
  const domain = `area${String(d).padStart(2, "0")}`;
  let text = `doc = "What happens in area ${d}."\nowner = "team ${d % 7}"\n`;
  const names = [];
  for (let e = 0; e < EVENTS; e++) {
    const name = subjects[e % 10] + verbs[Math.floor(e / 10)];
    names.push(name);
    text += `
[events.${name}]
doc     = "A ${name} of area ${d} took place; everybody who waits for it may go on."
subject = "${domain}.${name.toLowerCase()}"
stream  = "S${d}"
id      = "thing_id"
${e % 13 === 12 ? `deprecated = "use ${names[0]}"\n` : ""}[events.${name}.fields]
thing_id   = { type = "uuid", doc = "What it happened to." }
happened   = { type = "timestamp", doc = "When, by the clock of who says so." }
amount     = { type = "Amount", doc = "How much of it." }
state      = { type = "State", doc = "Where it stands now." }
note       = { type = "string?", max_length = 500, doc = "Shown as it is." }
quantity   = { type = "i32", min = 1, max = 10000, doc = "How many." }
tags       = { type = "list<string>", min_items = 1, doc = "Words to find it by." }
field_${e}_${d} = { type = "bool", doc = "Only here, to be found." }
`;
  }
  text += `
[types.Amount.fields]
value    = { type = "decimal", doc = "Exact." }
currency = { type = "Currency", doc = "Which." }
[types.Currency]
type    = "string"
pattern = "^[A-Z]{3}$"
[types.State]
enum = ["new", "open", "done"]
[streams.S${d}]
max_age = "30d"
`;
  for (let s = 0; s < SERVICES; s++) {
    const own = names.filter((_, n) => n % SERVICES === s).map((name) => `"${name}"`);
    const others = [1, 2, 3].map((n) => `"area${String((d + n * (s + 1)) % DOMAINS).padStart(2, "0")}.${names[(s * 7 + n) % EVENTS]}"`);
    const inside = names.filter((_, n) => n % 9 === s && n % SERVICES !== s).map((name) => `"${name}"`);
    text += `[services.service-${d}-${s}]\ndoc = "Part ${s} of area ${d}."\npublishes = [${own}]\nsubscribes = [${[...new Set([...others, ...inside])]}]\n`;
  }
  writeFileSync(join(folder, `${domain}.toml`), text);
}
