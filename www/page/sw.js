/* global __FILES__, __CACHE__ */
// Keeps the page's files, so that it opens without a network; never a user's data.

const worker = /** @type {any} */ (self);

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(__CACHE__).then(cache => cache.addAll(__FILES__.map(file => new Request(file, { cache: "no-cache" })))).then(() => worker.skipWaiting()));
});

/** What few files need is kept from its first use on. @param {Request} request */
async function fetchAndKeep(request) {
  const response = await fetch(request);
  if (response.ok && request.url.startsWith(new URL("more/", worker.registration.scope).href)) {
    await caches.open(__CACHE__).then(cache => cache.put(request, response.clone()));
  }
  return response;
}

worker.addEventListener("activate", (/** @type {any} */ event) => {
  const old = (/** @type {string[]} */ names) => names.filter(name => name.startsWith("clickfold-") && name !== __CACHE__);
  event.waitUntil(caches.keys().then(names => Promise.all(old(names).map(name => caches.delete(name)))).then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (/** @type {any} */ event) => {
  // Other servers are asked by the page itself, whose policy is stricter than ours, also about where an answer leads on to.
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== worker.location.origin) return;
  event.respondWith(caches.match(event.request, { cacheName: __CACHE__, ignoreSearch: event.request.mode === "navigate" }).then(kept => kept ?? fetchAndKeep(event.request)));
});
