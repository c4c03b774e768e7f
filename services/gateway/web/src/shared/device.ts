// What this device is known by: random, made once, kept by it. Where it cannot be kept it is another one each time.
export const deviceNonce = new Promise<string>((done) => {
  const made = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const request = indexedDB.open('device', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('device').put(made, 'nonce');
  request.onerror = () => done(made);
  request.onsuccess = () => {
    const found = request.result.transaction('device').objectStore('device').get('nonce');
    found.onsuccess = () => done(found.result ?? made);
    found.onerror = () => done(made);
  };
});
