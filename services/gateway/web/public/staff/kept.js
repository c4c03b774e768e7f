// What this desk keeps in the browser, so that it works and loses nothing without
// network: what it took along of its sites, branches and gates, what it scanned and has not handed
// in, and which passes it has accepted. All of it is numbers and codes; nobody's name.
const STORES = { desks: 'siteId', scans: 'scanRef', used: 'serial', tills: 'branchId', purchases: 'saleRef', gates: 'releaseId', departures: 'key', boardings: 'scanRef' };

const database = new Promise((done, fail) => {
  const request = indexedDB.open('scanner', 4);
  request.onupgradeneeded = () => {
    for (const [name, keyPath] of Object.entries(STORES)) {
      if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, { keyPath });
    }
  };
  request.onsuccess = () => {
    request.result.onversionchange = () => request.result.close(); // a newer page of another window
    done(request.result);
  };
  request.onerror = () => fail(request.error);
});

// Done when it is on the disk.
async function within(store, mode, work) {
  const transaction = (await database).transaction(store, mode, { durability: 'strict' });
  return new Promise((done, fail) => {
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => done(request.result);
    transaction.onerror = () => fail(transaction.error);
    transaction.onabort = () => fail(transaction.error);
  });
}

export const keep = (store, value) => within(store, 'readwrite', (it) => it.put(value));
export const find = (store, key) => within(store, 'readonly', (it) => it.get(key));
export const all = (store) => within(store, 'readonly', (it) => it.getAll());
export const drop = (store, key) => within(store, 'readwrite', (it) => it.delete(key));
