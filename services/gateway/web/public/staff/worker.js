// Keeps the files of the desk's page, so that it opens without network: the newest when
// there is one, else those of the last time. Calls of the API are never kept.
const FILES = 'desk';

async function answer(request) {
  const cache = await caches.open(FILES);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method === 'GET' && url.origin === location.origin && !url.pathname.startsWith('/v1/'))
    event.respondWith(answer(event.request));
});
