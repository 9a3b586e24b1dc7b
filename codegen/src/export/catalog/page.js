// What the page does beyond its text: search, highlights of the graph, downloads, the theme. Touches no network.
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const status = byId("page-status");
  root.classList.add("scripted");

  // Theme: the system's, until somebody chooses; the choice is kept where the browser allows it.
  const toggle = byId("theme-toggle");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const remember = { get() { try { return localStorage.getItem("theme"); } catch { return null; } },
                     set(value) { try { localStorage.setItem("theme", value); } catch { /* for this visit only */ } } };
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const showTheme = () => toggle.setAttribute("aria-pressed", String(isDark()));
  if (["dark", "light"].includes(remember.get())) root.dataset.theme = remember.get();
  toggle.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember.set(root.dataset.theme);
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();

  // Graphs: a node under the pointer, in focus, or chosen lights up with its neighbours.
  const graphs = all(".graph svg").map((svg) => {
    const nodes = all("a", svg), arrows = all("[data-e]", svg);
    const ends = arrows.map((arrow) => arrow.dataset.e.split(" ").map(Number));
    let chosen = [];
    // `lit` are positions: a service may stand in a picture twice.
    const light = (lit) => {
      svg.classList.toggle("lit", lit.length > 0);
      const near = new Set(lit);
      arrows.forEach((arrow, n) => {
        const on = ends[n].some((end) => lit.includes(end));
        arrow.classList.toggle("on", on);
        if (on) ends[n].forEach((end) => near.add(end));
      });
      nodes.forEach((node, n) => node.classList.toggle("on", near.has(n)));
    };
    const of = (event) => { const node = event.target.closest("a"); return node ? [Number(node.dataset.n)] : chosen; };
    for (const over of ["pointerover", "focusin"]) svg.addEventListener(over, (event) => light(of(event)));
    for (const out of ["pointerleave", "focusout"]) svg.addEventListener(out, () => light(chosen));
    // An article's own picture always shows that article: what was chosen lights up in the others only.
    if (svg.closest("article")) return () => {};
    const targets = nodes.map((node) => decodeURIComponent(node.getAttribute("href").slice(1)));
    return (id) => {
      chosen = [];
      nodes.forEach((node, n) => {
        if (targets[n] !== id) return node.removeAttribute("aria-current");
        node.setAttribute("aria-current", "true");
        chosen.push(n);
      });
      light(chosen);
    };
  });

  // Deep links. Focus follows, so that a screen reader reads on from there; a field's row brings its article along.
  const arrive = () => {
    let target = null;
    try { target = byId(decodeURIComponent(location.hash.slice(1))); } catch { /* no such place */ }
    const article = target?.closest("article");
    all(".here").forEach((old) => old.classList.remove("here"));
    article?.classList.add("here");
    if (!target) return;
    if (target.id !== "the-graph") graphs.forEach((choose) => choose(article?.id ?? target.id));
    (target.matches("[tabindex]") ? target : article)?.focus({ preventScroll: true });
    const line = article && lines.get(article.querySelector(".hash").getAttribute("href"));
    if (line) line.closest("details").open = true;
    if (many) hold(target, 6);
  };
  // Of articles that were never near the window the browser only guesses the height: when they are laid out, the place that
  // was jumped to moves. It is held for some frames.
  const many = document.body.classList.contains("many");
  const hold = (target, frames) => {
    target.scrollIntoView();
    if (frames > 0) requestAnimationFrame(() => hold(target, frames - 1));
  };
  addEventListener("hashchange", arrive);

  // Contents: hidden behind a button where there is no room for them; the line of what is being read is marked.
  const contents = byId("contents"), opener = byId("contents-toggle");
  const showContents = (open) => {
    contents.classList.toggle("open", open);
    opener.setAttribute("aria-expanded", String(open));
  };
  opener.addEventListener("click", () => showContents(!contents.classList.contains("open")));
  contents.addEventListener("click", (event) => { if (event.target.closest("a")) showContents(false); });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && contents.classList.contains("open")) { showContents(false); opener.focus(); }
  });
  const lines = new Map(all(".contents li a").map((line) => [line.getAttribute("href"), line]));
  const inner = document.querySelector(".contents .inner");
  let current = null;
  const follow = new IntersectionObserver((entries) => {
    const seen = entries.find((entry) => entry.isIntersecting);
    const line = seen && lines.get(all(".hash", seen.target)[0]?.getAttribute("href"));
    if (!line || line === current) return;
    current?.removeAttribute("aria-current");
    current = line;
    line.setAttribute("aria-current", "location");
    // Only inside the contents: the page itself stays where it is.
    const top = line.getBoundingClientRect().top - inner.getBoundingClientRect().top;
    if (line.offsetParent && (top < 0 || top > inner.clientHeight - 40)) inner.scrollTop += top - inner.clientHeight / 3;
  }, { rootMargin: "-90px 0px -75% 0px" });
  all("article, .domain > header").forEach((part) => follow.observe(part));

  // Downloads and copies: the text is the page's own.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-do]");
    if (!button) return;
    const text = button.closest("details, figure").querySelector("pre").textContent + "\n";
    if (button.dataset.do === "save") {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/schema+json" }));
      link.download = button.dataset.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      status.textContent = `${button.dataset.file} downloaded`;
    } else {
      try { await navigator.clipboard.writeText(text); status.textContent = "Copied"; }
      catch { status.textContent = "The browser does not allow copying"; return; }
      const label = button.firstChild, before = label.data;
      if (before === "Copied") return;
      label.data = "Copied";
      setTimeout(() => { label.data = before; }, 1500);
    }
  });

  // Search. The index is built once, from the page itself, when there is time or when it is needed first.
  const input = byId("search-input"), list = byId("search-results");
  const MOST = 40;
  let index = null, hits = [], at = -1;
  const kinds = { domain: 0, event: 1, service: 2, type: 3, stream: 4, field: 5 };
  const build = () => index ??= all("[data-kind]").flatMap((part) => {
    const { kind, n, s = "" } = part.dataset, id = part.id || n;
    const doc = part.querySelector(".doc")?.textContent ?? "";
    const home = id.startsWith(kind + "/") || id === n ? "" : id.slice(0, -n.length - 1);
    const own = { id, kind, name: n, low: n.toLowerCase(), more: `${s} ${id} ${doc}`.toLowerCase(), about: [home, s || doc].filter(Boolean).join(" · ") };
    const fields = all("tr[id]", part).map((row) => {
      const [name, , meaning] = row.children, wire = name.querySelector("code").textContent;
      return { id: row.id, kind: "field", name: wire, low: wire.toLowerCase(), more: `${row.id} ${meaning.textContent}`.toLowerCase(), about: id };
    });
    return [own, ...fields];
  });
  (window.requestIdleCallback ?? setTimeout)(build);

  // Every word must be found; names count more than the rest, beginnings more than middles, and events more than fields.
  const score = (entry, words) => {
    let sum = 0;
    for (const word of words) {
      const place = entry.low.indexOf(word);
      if (place === 0) sum += entry.low.length === word.length ? 0 : 1;
      else if (place > 0) sum += 3;
      else if (entry.more.includes(word)) sum += 12;
      else return -1;
    }
    return sum + kinds[entry.kind] / 2 + entry.low.length / 200;
  };
  const marked = (name, words) => {
    const out = document.createElement("b"), low = name.toLowerCase();
    const word = words.find((w) => low.includes(w)), from = word ? low.indexOf(word) : name.length;
    const mark = document.createElement("mark");
    mark.textContent = name.slice(from, from + (word?.length ?? 0));
    out.append(name.slice(0, from), ...(word ? [mark] : []), name.slice(from + (word?.length ?? 0)));
    return out;
  };
  const element = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
  const choose = (n) => {
    at = n;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === n)));
    if (n < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", "search-hit-" + n);
    list.children[n].scrollIntoView({ block: "nearest" });
  };
  const close = () => { list.hidden = true; input.setAttribute("aria-expanded", "false"); choose(-1); };
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) { list.replaceChildren(); hits = []; status.textContent = ""; return close(); }
    const found = build().map((entry) => [score(entry, words), entry]).filter(([points]) => points >= 0);
    found.sort((a, b) => a[0] - b[0]);
    hits = found.slice(0, MOST).map(([, entry]) => entry);
    list.replaceChildren(...hits.map((entry, n) => {
      const item = document.createElement("li"), text = document.createElement("span");
      item.id = "search-hit-" + n;
      item.setAttribute("role", "option");
      item.dataset.to = entry.id;
      text.append(marked(entry.name, words), element("small", entry.about));
      item.append(element("i", entry.kind), text);
      return item;
    }));
    if (!hits.length) {
      const none = element("li", "Nothing found");
      none.className = "none";
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      list.append(none);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    status.textContent = !found.length ? "Nothing found" : found.length === 1 ? "1 result"
      : `${found.length} results` + (found.length > MOST ? `, the first ${MOST} are listed` : "");
    choose(hits.length ? 0 : -1);
  };
  const go = (id) => {
    close();
    const hash = "#" + encodeURIComponent(id).replace(/%2F/g, "/");
    if (location.hash === hash) { byId(id)?.scrollIntoView(); arrive(); }
    else location.hash = hash;
  };
  input.addEventListener("input", search);
  input.addEventListener("focus", () => { if (input.value && list.hidden) search(); });
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const item = event.target.closest("[data-to]");
    if (item && event.button === 0) go(item.dataset.to);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length) {
      event.preventDefault();
      if (list.hidden) search(); else choose((at + step + hits.length) % hits.length);
    } else if (event.key === "Enter" && !list.hidden && hits[at]) {
      go(hits[at].id);
    } else if (event.key === "Escape") {
      if (list.hidden) { input.value = ""; search(); } else close();
      event.preventDefault();
    }
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input, textarea, [contenteditable]");
    const key = event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (key || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });

  if (location.hash) {
    arrive();
    // The browser's own jump of a freshly opened page comes late.
    if (many) addEventListener("load", arrive);
  }
})();
