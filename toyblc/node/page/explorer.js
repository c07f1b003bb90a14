"use strict";
// Reads one node and shows it. What comes from the chain goes into the page as text and never as markup.

const pageSize = 20;
let last = null; // height at the top of the list; null follows the head
let seen = -1; // the head shown last

const find = (selector) => document.querySelector(selector);

// element makes one with text or other elements in it.
function element(name, ...content) {
  const e = document.createElement(name);
  e.append(...content.map((c) => (c instanceof Node ? c : String(c))));
  return e;
}

function fill(selector, rows) {
  find(selector).replaceChildren(...rows);
}

const row = (...cells) => element("tr", ...cells.map((c) => element("td", c)));
const code = (text) => element("code", text);
const short = (hex) => code(hex.slice(0, 8) + "…" + hex.slice(-8));
const signer = (key, show) => (/^0*$/.test(key) ? "–" : show(key)); // nobody signed genesis
const when = (seconds) => new Date(seconds * 1000).toLocaleString();

function link(id, content) {
  const a = element("a", content);
  a.href = "#" + encodeURIComponent(id);
  return a;
}

async function read(path) {
  const response = await fetch(path, { cache: "no-store" });
  const body = await response.json();
  if (!response.ok) throw new Error(body.message || "status " + response.status);
  return body;
}

function size(n) {
  for (const unit of ["", " k", " M", " G"]) {
    if (n < 1000 || unit === " G") return (n < 10 && n % 1 ? n.toFixed(1) : Math.round(n)) + unit;
    n /= 1000;
  }
}

function showStatus(s) {
  find("#chain").textContent = s.chainID;
  const facts = {
    "Height": s.height, "Newest block": when(s.headTime), "Interval": s.intervalSeconds + " s",
    "Difficulty": size(s.difficulty) + " hashes", "All miners": size(s.chainHashRate) + " H/s",
    "Peers": s.peers, "Synced": s.synced ? "yes" : "no", "Texts waiting": s.waiting,
    "This node": s.mining ? "mines, " + size(s.hashRate) + " H/s" : "does not mine now",
  };
  if (s.publicKey) facts["Blocks won by this node's key"] = s.won;
  fill("#status", Object.entries(facts).map(([k, v]) => element("div", element("dt", k), element("dd", v))));
}

function showHeaders(headers, head) {
  headers.reverse();
  fill("#blocks tbody", headers.map((h) => {
    const r = row(link(h.index, h.index), when(h.timestamp), link(h.hash, short(h.hash)), h.address || "–", signer(h.publicKey, short));
    if (seen >= 0 && h.index > seen) r.className = "new";
    return r;
  }));
  seen = head;
}

async function showList(head) {
  const top = last === null ? head : Math.min(last, head);
  const from = Math.max(0, top - pageSize + 1);
  showHeaders(await read(`v1/headers?from=${from}&limit=${top - from + 1}`), head);
  find("#newer").disabled = top >= head;
  find("#older").disabled = from === 0;
  find("#newer").onclick = () => { last = top + pageSize >= head ? null : top + pageSize; refresh(); };
  find("#older").onclick = () => { last = from - 1; refresh(); };
}

async function showRest() {
  const [posted, signers, peers] = await Promise.all([read("v1/data"), read("v1/signers?limit=100"), read("v1/peers")]);
  fill("#data tbody", posted.map((d) => row(d.waiting ? "waits" : link(d.height, "in block " + d.height), d.data)));
  signers.sort((a, b) => b.blocks - a.blocks);
  fill("#signers tbody", signers.map((s) => row(code(s.publicKey), s.blocks)));
  fill("#peers", peers.map((p) => element("li", code(p))));
}

// showBlock shows the block that the address names after its #.
async function showBlock() {
  const id = decodeURIComponent(location.hash.slice(1));
  find("#block").hidden = id === "";
  if (id === "") return;
  try {
    const b = await read("v1/blocks/" + encodeURIComponent(id));
    const fields = {
      "Height": b.index, "Hash": code(b.hash), "Before it": link(b.previousHash, code(b.previousHash)), "Time": when(b.timestamp),
      "Owner": b.address || "–", "Signer": signer(b.publicKey, code), "Signature": code(b.signature), "Target": code(b.target), "Nonce": b.nonce,
      "Data root": code(b.dataRoot),
    };
    fill("#block tbody", Object.entries(fields).map(([k, v]) => row(k, v)));
    fill("#items", b.data === "" ? [] : b.data.split("\u001e").map((item) => element("li", item)));
    trouble("");
  } catch (e) {
    find("#block").hidden = true;
    trouble(`Block ${id}: ${e.message}`);
  }
}

function trouble(text) {
  find("#trouble").hidden = text === "";
  find("#trouble").textContent = text;
}

let busy = false;
async function refresh() {
  if (busy) return;
  busy = true;
  try {
    const status = await read("v1/status");
    showStatus(status);
    await Promise.all([showList(status.height), showRest()]);
    if (find("#trouble").textContent.startsWith("This node")) trouble("");
  } catch (e) {
    trouble("This node cannot be read: " + e.message);
  } finally {
    busy = false;
  }
}

find("#find").onsubmit = (event) => {
  event.preventDefault();
  location.hash = encodeURIComponent(find("#query").value.trim());
};
addEventListener("hashchange", showBlock);
// The stream says when there is something new; a node that has too many followers is asked now and then.
const stream = new EventSource("v1/blocks/stream");
stream.addEventListener("block", refresh);
stream.addEventListener("reorg", refresh);
setInterval(refresh, 5000);
refresh();
showBlock();
