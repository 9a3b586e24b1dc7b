// The catalog in a real browser. Pages, modules and the browser come from catalog.sh by the environment.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

const { MODULES, PAGES, SHOTS, CHROMIUM = "/usr/bin/chromium" } = process.env;
const require = createRequire(join(MODULES, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const file = (name) => join(PAGES, `${name}.html`);
const url = (name, hash = "") => pathToFileURL(file(name)).href + hash;
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

let browser, profile;
before(async () => {
  profile = mkdtempSync(join(tmpdir(), "catalog-"));
  browser = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM, args: FLAGS, headless: true, viewport: { width: 1440, height: 960 }, acceptDownloads: true,
  });
});
after(async () => {
  await browser?.close();
  rmSync(profile, { recursive: true, force: true });
});

// A page that fails the test on any error, and on any request but the one for itself.
async function open(t, name, { hash = "", scheme = "light", width = 1440, wait = "load" } = {}) {
  const page = await browser.newPage();
  const troubles = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) troubles.push(message.text()); });
  page.on("pageerror", (error) => troubles.push(error.stack));
  page.on("dialog", (dialog) => { troubles.push("dialog: " + dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => { if (!/^(file|blob|data):/.test(request.url())) troubles.push("request: " + request.url()); });
  await page.setViewportSize({ width, height: 960 });
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(url(name, hash), { waitUntil: wait });
  t.after(async () => {
    await page.close();
    assert.deepEqual(troubles, []);
  });
  return page;
}

const hash = (page) => page.evaluate(() => decodeURIComponent(location.hash));
const top = (page, id) => page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, id);
const focused = (page) => page.evaluate(() => document.activeElement.id);
const settled = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
// What a jump to an id must have done: below the bar and near the top.
async function arrived(page, id) {
  await settled(page);
  const y = await top(page, id);
  assert.ok(y > 40 && y < 300, `${id} is at ${y}`);
}

async function axeFindings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + " " + (node.any[0]?.message ?? "")).join(" | ")}`);
}

test("the example organisation is below 300 kB", () => {
  const { size } = statSync(file("example"));
  console.log(`example: ${(size / 1000).toFixed(0)} kB`);
  assert.ok(size < 300_000, `${size} bytes`);
});

for (const scheme of ["light", "dark"]) {
  for (const name of ["example", "awkward"]) {
    test(`axe has no serious findings: ${name}, ${scheme}`, async (t) => {
      const page = await open(t, name, { scheme });
      await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
      assert.deepEqual(await axeFindings(page), []);
      await page.fill("#search-input", "e");
      await page.waitForSelector("#search-results li");
      assert.deepEqual(await axeFindings(page), []);
    });
  }
}

test("axe has no serious findings on a telephone", async (t) => {
  const page = await open(t, "example", { width: 390 });
  assert.deepEqual(await axeFindings(page), []);
  await page.click("#contents-toggle");
  assert.deepEqual(await axeFindings(page), []);
});

test("search as you type, by keyboard alone", async (t) => {
  const page = await open(t, "example");
  await page.keyboard.press("/");
  assert.equal(await focused(page), "search-input");
  await page.keyboard.type("userschedule");
  const options = page.locator("#search-results [role=option]");
  assert.match(await options.first().innerText(), /UserScheduleCreated/);
  assert.match(await page.innerText("#page-status"), /^\d+ results?/);
  assert.equal(await page.getAttribute("#search-input", "aria-activedescendant"), "search-hit-0");
  await page.keyboard.press("Enter");
  assert.equal(await hash(page), "#scheduling.UserScheduleCreated");
  await arrived(page, "scheduling.UserScheduleCreated");
  assert.equal(await focused(page), "scheduling.UserScheduleCreated");
  assert.equal(await page.getAttribute("#search-input", "aria-expanded"), "false");

  await page.keyboard.press("Control+k");
  await page.keyboard.type("amountminor");
  assert.match(await options.first().innerText(), /^field\s+amountMinor/);
  await page.keyboard.press("Enter");
  assert.equal(await hash(page), "#billing.Money.amount_minor");
  await arrived(page, "billing.Money.amount_minor");

  await page.keyboard.press("/");
  await page.keyboard.type("notif");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.getAttribute("#search-input", "aria-activedescendant"), "search-hit-1");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.equal(await page.getAttribute("#search-input", "aria-activedescendant"), `search-hit-${await options.count() - 1}`);
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("#search-results"), false);
  await page.keyboard.press("Escape");
  assert.equal(await page.inputValue("#search-input"), "");
  await page.keyboard.type("nothing at all");
  assert.equal(await page.innerText("#page-status"), "Nothing found");
});

test("every word counts, and a click goes there", async (t) => {
  const page = await open(t, "example");
  await page.fill("#search-input", "order money");
  const found = await page.locator("#search-results [role=option]").allInnerTexts();
  assert.ok(found.length > 0 && found.length < 10, String(found.length));
  await page.fill("#search-input", "notifier");
  await page.click("#search-results [data-to='service/notifier']");
  await arrived(page, "service/notifier");
});

test("through the graph by clicks", async (t) => {
  const page = await open(t, "example");
  const graph = page.locator(".top .graph svg");
  const lit = () => graph.locator("a.on text:not(.sub)").allTextContents();
  await graph.locator("a[href='#billing.PaymentCreated']").hover();
  assert.deepEqual((await lit()).sort(), ["PaymentCreated", "billing", "notifier"]);
  await page.mouse.move(5, 5);
  assert.deepEqual(await lit(), []);

  await graph.locator("a[href='#service/notifier']").click();
  assert.equal(await hash(page), "#service/notifier");
  await arrived(page, "service/notifier");
  assert.deepEqual((await lit()).sort(), ["PaymentCreated", "SmsNotificationCreated", "UserInfoAvailed", "notifier"]);
  assert.equal(await graph.locator("a[aria-current=true]").getAttribute("href"), "#service/notifier");
  assert.equal(await graph.locator(".arrows path.on").count(), 3);

  const own = page.locator("[id='service/notifier'] .graph svg");
  await own.locator("a[href='#notifications.SmsNotificationCreated']").click();
  await arrived(page, "notifications.SmsNotificationCreated");
  await page.locator("[id='notifications.SmsNotificationCreated'] .flow a.svc", { hasText: "gateway" }).click();
  await arrived(page, "service/gateway");
  await page.goBack();
  assert.equal(await hash(page), "#notifications.SmsNotificationCreated");
  await arrived(page, "notifications.SmsNotificationCreated");
});

test("through the graph by keyboard", async (t) => {
  const page = await open(t, "example");
  await page.focus(".top .graph a[href='#service/scheduler']");
  assert.deepEqual((await page.locator(".top .graph a.on text:not(.sub)").allTextContents()).sort(), ["UserScheduleCreated", "scheduler"]);
  await page.keyboard.press("Enter");
  await arrived(page, "service/scheduler");
  assert.equal(await focused(page), "service/scheduler");
});

test("the first stop of the keyboard skips to the content", async (t) => {
  const page = await open(t, "example");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "main");
});

test("deep links to an event, a field and a service", async (t) => {
  for (const id of ["shop.orders.OrderPlaced", "shop.orders.OrderPlaced.payment", "service/gateway", "stream/ORDERS", "profiles"]) {
    const page = await open(t, "example", { hash: "#" + id });
    if (id !== "stream/ORDERS") await arrived(page, id);
    await page.close();
  }
});

test("every link of every page leads somewhere, and every id stands once", async (t) => {
  for (const name of ["example", "awkward", "large"]) {
    const page = await open(t, name);
    const lost = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")]
      .map((link) => link.getAttribute("href")).filter((href) => !document.getElementById(decodeURIComponent(href.slice(1)))));
    assert.deepEqual(lost, [], name);
    const twice = await page.evaluate(() => {
      const seen = new Set();
      return [...document.querySelectorAll("[id]")].map((part) => part.id).filter((id) => seen.has(id) || !seen.add(id));
    });
    assert.deepEqual(twice, [], name);
    await page.close();
  }
});

test("what a contract says is text and nothing else", async (t) => {
  const page = await open(t, "awkward");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator("script").count(), 1);
  assert.equal(await page.locator("main img, main marquee, main i, main s").count(), 0);
  assert.match(await page.innerText(".domain header .doc"), /<\/script><script>window\.hacked = 1<\/script> "double" 'single' & <img/);
  assert.match(await page.innerText("[id='odd.Closing'] .doc"), /<\/style><\/title><\/textarea> and <\/pre><\/code>/);
  const sample = await page.innerText("[id='odd.Closing'] .code pre");
  assert.deepEqual(JSON.parse(sample), { text: "</script><script>window.hacked = 1</script>", n: -1.5, nested: { 'a"b': "\u2028\u0001</pre>" } });
  await page.fill("#search-input", "x#y");
  await page.keyboard.press("Enter");
  await arrived(page, "service/x#y%z\"'");
  assert.equal(await page.locator(".top .graph a[aria-current=true] text:not(.sub)").textContent(), "x#y%z\"'");
});

test("deprecations are listed with who still uses them", async (t) => {
  const page = await open(t, "awkward");
  const items = await page.locator(".deprecated li").allInnerTexts();
  assert.equal(items.length, 2);
  assert.match(items.join("\n"), /Former\s+Latter says more <b>really<\/b>\.\s+Still used by a<b&c, x#y%z"'\./);
  assert.match(await page.innerText("[id='odd.Former'] .warn"), /Deprecated/);
});

test("the schema is downloaded as the export writes it", async (t) => {
  const page = await open(t, "example");
  const schema = page.locator("[id='billing.PaymentCreated'] .schema");
  await schema.locator("summary").click();
  const [download] = await Promise.all([page.waitForEvent("download"), schema.locator("[data-do=save]").click()]);
  assert.equal(download.suggestedFilename(), "billing.PaymentCreated.json");
  const text = readFileSync(await download.path(), "utf8");
  assert.equal(text, readFileSync(join(PAGES, "schemas", "billing.PaymentCreated.json"), "utf8"));
  assert.match(await page.innerText("#page-status"), /downloaded/);
});

test("the theme follows the system until somebody chooses", async (t) => {
  const page = await open(t, "example", { scheme: "dark" });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  assert.equal(await page.getAttribute("#theme-toggle", "aria-pressed"), "true");
  await page.click("#theme-toggle");
  const light = await ground();
  assert.notEqual(light, dark);
  await page.reload();
  assert.equal(await ground(), light);
  await page.evaluate(() => localStorage.clear());
});

test("without the script everything can be read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "catalog-"));
  const plain = await chromium.launchPersistentContext(folder, { executablePath: CHROMIUM, args: FLAGS, headless: true, javaScriptEnabled: false });
  try {
    const page = await plain.newPage();
    await page.goto(url("example", "#shop.orders.OrderPlaced"));
    assert.equal(await page.isVisible("#search-input"), false);
    assert.equal(await page.isVisible(".contents"), true);
    assert.equal(await page.locator("[id='shop.orders.OrderPlaced'] tbody tr").count(), 8);
    await page.click("[id='shop.orders.OrderPlaced'] .schema summary");
    assert.match(await page.innerText("[id='shop.orders.OrderPlaced'] .schema pre"), /"title": "OrderPlaced"/);
  } finally {
    await plain.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a telephone has no sideways scrolling and reaches the contents", async (t) => {
  for (const name of ["example", "awkward", "large"]) {
    const page = await open(t, name, { width: 360 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, name);
    assert.equal(await page.isVisible("#contents"), false);
    await page.click("#contents-toggle");
    assert.equal(await page.isVisible("#contents"), true);
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible("#contents"), false);
    await page.close();
  }
});

test("paper has the content and none of the controls", async (t) => {
  const page = await open(t, "example", { scheme: "dark" });
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  for (const gone of [".bar", ".contents", ".schema", ".code button"]) assert.equal(await page.locator(gone).first().isVisible(), false, gone);
  assert.equal(await page.locator("article h3").first().isVisible(), true);
  assert.ok((await page.pdf({ format: "A4" })).length > 20_000);
});

test("a thousand events open and are searched without waiting", async (t) => {
  const started = performance.now();
  const page = await open(t, "large", { wait: "domcontentloaded" });
  await settled(page);
  const shown = performance.now() - started;
  const times = await page.evaluate(() => {
    const { domInteractive, domContentLoadedEventEnd } = performance.getEntriesByType("navigation")[0];
    return { domInteractive, domContentLoadedEventEnd };
  });
  const search = (text) => page.evaluate((text) => {
    const input = document.getElementById("search-input"), from = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input"));
    return performance.now() - from;
  }, text);
  const first = await search("field_37_2");
  const next = [];
  for (const text of ["t", "ti", "ticket", "ticket area19", "e", "when by the clock"]) next.push(await search(text));
  assert.match(await page.innerText("#page-status"), /^1000 results, the first 40/);
  await search("area19 ticketclosed");
  const from = performance.now();
  await page.focus("#search-input");
  await page.keyboard.press("Enter");
  await arrived(page, "area19.TicketClosed");
  const jump = performance.now() - from;
  console.log(`large: ${(statSync(file("large")).size / 1e6).toFixed(1)} MB, shown after ${shown.toFixed(0)} ms (interactive ${times.domInteractive.toFixed(0)} ms, ` +
    `script done ${times.domContentLoadedEventEnd.toFixed(0)} ms), first search ${first.toFixed(0)} ms, later ones at most ${Math.max(...next).toFixed(0)} ms, jump ${jump.toFixed(0)} ms`);
  // Ten times what it takes on a slow machine: only something quadratic gets there.
  assert.ok(shown < 20_000 && first < 5_000 && Math.max(...next) < 2_000);

  const direct = await open(t, "large", { hash: "#area24.RouteRejected" });
  await arrived(direct, "area24.RouteRejected");
});

if (SHOTS) {
  test("screenshots", async (t) => {
    for (const scheme of ["light", "dark"]) {
      const page = await open(t, "example", { scheme });
      await page.screenshot({ path: join(SHOTS, `${scheme}.png`) });
      await page.close();
    }
  });
}
