// How the pages speak with the gateway: a session of this tab, calls, and refusals in
// the words the service gives (errmsg).
export const session = {
  get: () => JSON.parse(sessionStorage.getItem('session') || 'null'),
  // A verification answers with a new token only; the refresh token stays.
  set: (value) => sessionStorage.setItem('session', JSON.stringify({ ...session.get(), token: value.token,
    ...(value.refreshToken ? { refreshToken: value.refreshToken } : {}) })),
  clear: () => sessionStorage.removeItem('session'),
};

export class Refusal extends Error {
  constructor(problem) {
    super(problem.errmsg);
    Object.assign(this, problem);
  }
}

// What this device is known by: random, made once, kept by it. Where it cannot be kept it is another one each time.
const nonce = new Promise((done) => {
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

class Offline extends Error {}

/** What a failure is called before whoever looks at the page. */
export function words(error) {
  if (error instanceof Refusal) return error.message;
  if (error instanceof Offline) return '网络不通，请稍后再试';
  reportError(error);
  return '页面出错，请刷新后再试';
}
export const isOffline = (error) => error instanceof Offline;

/** A key for an operation that must not be done twice: one for each time it is meant. */
export const newKey = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

async function ask(method, path, body, key) {
  const headers = { 'Device-Nonce': await nonce };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (session.get()) headers.Authorization = `Bearer ${session.get().token}`;
  if (key) headers['Idempotency-Key'] = `"${key}"`;
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Offline();
  }
}

// Something between us and the gateway may answer in words of its own.
const problemOf = (response) => (response.ok ? null : response.json().catch(() => {
  throw new Offline();
}));

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Renews the session, once for all who find it expired at the same time.
let renewal = null;
async function renewed(expired) {
  if (session.get()?.token !== expired) return Boolean(session.get()); // it has been meanwhile
  if (!session.get()?.refreshToken) return false;
  renewal ??= ask('POST', '/v1/sessions:refresh', { refreshToken: session.get().refreshToken }).then(async (answer) => {
    if (answer.ok) session.set(await answer.json());
    return answer.ok;
  }).finally(() => { renewal = null; });
  return renewal;
}

// The Response of a call that was not refused. A session that has expired is renewed
// once; one that is over is told to the page.
async function responseOf(method, path, body, key) {
  const token = session.get()?.token;
  let response = await ask(method, path, body, key);
  let problem = await problemOf(response);
  if (problem?.reason === 'TOKEN_EXPIRED' && token && await renewed(token)) {
    response = await ask(method, path, body, key);
    problem = await problemOf(response);
  }
  // It may have been done: with the same key we are told.
  for (let left = 5; key && problem?.reason === 'OUTCOME_UNKNOWN' && left; left--) {
    await wait(1000);
    response = await ask(method, path, body, key);
    problem = await problemOf(response);
  }
  if (response.status === 401) {
    session.clear();
    document.dispatchEvent(new Event('signed-out'));
  }
  if (problem) throw new Refusal(problem);
  return response;
}

export const call = async (method, path, body, key) => (await responseOf(method, path, body, key)).json();
export const get = (path) => call('GET', path);
export const post = (path, body = {}, key = undefined) => call('POST', path, body, key);
