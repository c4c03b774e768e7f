// Opens the member's app without network, from the files of it that its pages keep (src/member/purse.ts). Calls of the
// API are never kept.
const FILES = 'app', PATIENCE_MS = 3000;

async function answer(request, path) {
  const kept = await (await caches.open(FILES)).match(path);
  if (kept && path.startsWith('/assets/')) return kept; // its name changes with what is in it
  const fetched = fetch(request);
  if (!kept) return fetched;
  fetched.catch(() => {}); // too late
  return Promise.race([fetched.catch(() => kept), new Promise((done) => setTimeout(() => done(kept), PATIENCE_MS))]);
}

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method === 'GET' && origin === location.origin && (pathname === '/' || pathname === '/icon.svg' || pathname.startsWith('/assets/')))
    event.respondWith(answer(event.request, pathname));
});
