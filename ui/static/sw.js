// The worker that lets learners read without network. It keeps our static files, by version, and of pages exactly those that the
// server marks with Binhdan-Day (ui/keeping.py): never an answer, a form or anything of a person. Everything else passes by it.
// The server puts the version and the files in.
const VERSION = "__VERSION__";
const FILES = "__FILES__";
const PREFIX = "binhdan-files-";
const OWN = PREFIX + VERSION;
const PAGES = "binhdan-pages";
const PICTURES = "binhdan-pictures";
const MOST = { [PAGES]: 80, [PICTURES]: 20 }; // some 3 MB and 6 MB
const WAIT_MS = 3000; // longer than this, a copy that is there serves better
const DAY = "Binhdan-Day";
const OFFLINE = "/ngoai-tuyen";
const GATEWAY_FAILED = [502, 504]; // a proxy speaks for a server that is away

const BELOW = /^\/(?:bai-hoc|luyen-tap)\//; // here a query only says from where somebody came
const isPicture = (path) => path.endsWith(".png");
const placeOf = (url) => (isPicture(url.pathname) ? PICTURES : PAGES);
const keyOf = (url) => url.pathname + url.search;

async function keep(url, response) {
  if (!response.headers.has(DAY)) return;
  const place = placeOf(url);
  const cache = await caches.open(place);
  await cache.put(keyOf(url), response);
  const keys = await cache.keys(); // the newest last
  for (const old of keys.slice(0, Math.max(0, keys.length - MOST[place]))) await cache.delete(old);
}

async function kept(url) {
  const cache = await caches.open(placeOf(url));
  const copy = (await cache.match(keyOf(url), { ignoreVary: true }))
    ?? (BELOW.test(url.pathname) ? await cache.match(url.pathname, { ignoreVary: true, ignoreSearch: true }) : undefined);
  if (!copy || isPicture(url.pathname)) return copy;
  const page = (await copy.text()).replace("<html", `<html data-kept="${copy.headers.get(DAY)}"`);
  const headers = new Headers(copy.headers);
  headers.delete("Content-Encoding"); // the text is unpacked
  headers.delete("Content-Length");
  return new Response(page, { headers });
}

async function fromNetwork(request) {
  const response = await fetch(request);
  if (GATEWAY_FAILED.includes(response.status)) throw new TypeError("the server is away");
  return response;
}

function page(event) {
  const url = new URL(event.request.url);
  const fresh = fromNetwork(event.request);
  event.waitUntil(fresh.then((response) => keep(url, response.clone())).catch(() => {})); // a full disk costs the copy, not the page
  const copyInTime = new Promise((resolve) => { setTimeout(resolve, WAIT_MS); }).then(() => kept(url));
  return Promise.race([fresh, copyInTime])
    .then((found) => found ?? fresh)
    .catch(async () => (await kept(url)) ?? (isPicture(url.pathname) ? Response.error() : caches.match(OFFLINE, { ignoreVary: true })));
}

async function file(request) {
  const cache = await caches.open(OWN);
  const found = await cache.match(request, { ignoreVary: true });
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

async function begin() {
  const cache = await caches.open(OWN);
  await cache.addAll(FILES.map((path) => new Request(path, { cache: "no-cache" })));
  await self.skipWaiting();
}

async function takeOver() {
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== OWN) await caches.delete(name);
  await self.clients.claim();
  // The page that brought the worker was loaded without it.
  const open = await self.clients.matchAll({ type: "window" });
  await Promise.allSettled(open.map(async ({ url }) => keep(new URL(url), await fetch(url))));
}

self.addEventListener("install", (event) => event.waitUntil(begin()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (pathname.startsWith("/own/")) event.respondWith(file(event.request));
  else if (mode === "navigate" || (pathname.startsWith("/van-ban/") && isPicture(pathname))) event.respondWith(page(event));
});
