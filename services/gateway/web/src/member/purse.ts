// What her telephone keeps so that her codes, of coupons and of orders that wait for her, open without network: whose they
// are, her coupons as they were last seen, and of each pass the beginning of its codes with a key that cannot be read out (common/pass/pass.h). It goes when she signs
// out, when the service says that her session is over, and when somebody else signs in here.
import { shallowRef, ref, watch } from 'vue';
import { api, got, now, type Schemas, supposeClock } from '../shared/api';
import { session } from '../shared/session';
import { me, readMe } from './me';
import type { TurningCode } from './turning';

export type Coupon = Schemas['coupon.Coupon'];
interface Pass { head: Uint8Array; key: CryptoKey }
interface Kept { owner: string; seenAt: number; ahead: number; coupons: Coupon[]; passes: Record<string, Pass> }

/** Passes are known by the coupon's id, or orderPass(); ALL is that of all her coupons. */
export const ALL = '0';
export const orderPass = (orderId: string) => `order-${orderId}`;
const STEP_MS = 30000, HEAD = 11, KEPT_MOST = 20;

// ---- kept in this browser ----

const store = (mode: IDBTransactionMode, work: (all: IDBObjectStore) => IDBRequest) => new Promise<Kept | undefined>((done) => {
  const request = indexedDB.open('purse', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('purse');
  request.onerror = () => done(undefined);
  request.onsuccess = () => {
    const asked = work(request.result.transaction('purse', mode).objectStore('purse'));
    asked.onsuccess = asked.onerror = () => { done(asked.result); request.result.close(); };
  };
});

export const purse = shallowRef<Kept | null>(null);
/** Whether this device keeps anything once the page is closed; on one that others use too it must not. */
export const keeping = ref(localStorage.getItem('keep-coupons') !== 'no');

export const opened = store('readonly', (all) => all.get('kept')).then((kept) => {
  if (!kept || (me.value && me.value.memberId !== kept.owner)) return;
  purse.value ??= kept;
  supposeClock(kept.ahead);
});

function put(change: Partial<Kept>) {
  purse.value = { owner: '', seenAt: 0, ahead: 0, coupons: [], passes: {}, ...purse.value, ...change };
  if (keeping.value) store('readwrite', (all) => all.put(purse.value, 'kept'));
}
export function forget() {
  purse.value = null;
  store('readwrite', (all) => all.delete('kept'));
}
watch(session, (now) => { if (!now) forget(); }, { flush: 'sync' });
watch(me, (now) => { if (now && purse.value && purse.value.owner !== now.memberId) forget(); }, { flush: 'sync' });
watch(keeping, (yes) => {
  if (yes) localStorage.removeItem('keep-coupons');
  else localStorage.setItem('keep-coupons', 'no');
  if (!yes) store('readwrite', (all) => all.delete('kept'));
  else if (purse.value) put({});
});

// ---- passes ----

const bytesOf = (base64: string) => Uint8Array.from(atob(base64.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));

/** Asks for a pass and keeps it; gives what is shown now. */
async function obtain(id: string): Promise<TurningCode> {
  const [, orderId] = id.split('-');
  if (!me.value) await readMe();
  const pass = orderId ? await got(api.GET('/v1/me/shop-orders/{orderId}/code', { params: { path: { orderId } } })) : await got(api.POST('/v1/me/coupon-passes', { body: { couponId: id } }));
  if (crypto.subtle) { // without TLS there is none, and the service is asked each time
    const key = await crypto.subtle.importKey('raw', bytesOf(pass.turnKey), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    put({ owner: me.value!.memberId, ahead: now() - Date.now(), passes: { ...purse.value?.passes, [id]: { head: bytesOf(pass.code).slice(0, HEAD), key } } });
  }
  return pass;
}

async function codeAt({ head, key }: Pass, at: number) {
  const step = Math.floor(at / STEP_MS), asked = new DataView(new ArrayBuffer(8)), code = new Uint8Array(24);
  asked.setBigUint64(0, BigInt(step));
  code.set(head);
  code.set([step >> 8 & 255, step & 255], HEAD);
  code.set(new Uint8Array(await crypto.subtle.sign('HMAC', key, asked)).slice(0, 11), HEAD + 2);
  return btoa(String.fromCharCode(...code)).replaceAll('+', '-').replaceAll('/', '_');
}

const asked = new Set<string>(); // passes that the service has been asked for since the page was opened
/** Asks anew for a pass that this telephone has kept, since she may have renewed them elsewhere. */
export async function refreshed(id: string) {
  await opened;
  if (!session.value || asked.has(id) || !purse.value?.passes[id]) return false;
  await obtain(id);
  asked.add(id);
  return true;
}

/** What is shown now: made here, once the pass is known. */
export async function codeNow(id: string): Promise<TurningCode> {
  await opened;
  if (!purse.value?.passes[id]) {
    const given = await obtain(id);
    asked.add(id);
    if (!crypto.subtle) return given;
  }
  const at = now(), code = await codeAt(purse.value!.passes[id], at), { renderSVG } = await import('uqr');
  return { code, svg: renderSVG(code, { ecc: 'M', border: 4 }), changesAt: new Date((Math.floor(at / STEP_MS) + 1) * STEP_MS).toISOString() };
}

const only = (wanted: (id: string) => boolean) => ({ passes: Object.fromEntries(Object.entries(purse.value?.passes ?? {}).filter(([id]) => wanted(id))) });
/** What is spent or handed over needs no code any more. */
export const drop = (id: string) => { if (purse.value?.passes[id]) put(only((one) => one !== id)); };
export async function renew() {
  await got(api.POST('/v1/me/coupon-passes:renew'));
  put(only((id) => id.startsWith('order-')));
}

// ---- what is wanted without network ----

/** Keeps the app's files, those of these pages among them, for worker.js. */
async function keepFiles() {
  if (!('serviceWorker' in navigator)) return;
  await Promise.all([navigator.serviceWorker.register('/worker.js'), import('uqr'), import('./pages/CouponsPage.vue'), import('./pages/CouponPassPage.vue'), import('./pages/OrderPage.vue')]);
  const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name)).filter(({ origin }) => origin === location.origin);
  const wanted = ['/', '/icon.svg', ...new Set(loaded.map(({ pathname }) => pathname).filter((path) => path.startsWith('/assets/')))];
  const cache = await caches.open('app'), there = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  // Without network meanwhile what was kept stays, and is renewed the next time.
  if (!await cache.addAll(wanted.filter((path) => path === '/' || !there.includes(path))).then(() => true, () => false)) return;
  await Promise.all(there.filter((path) => !wanted.includes(path)).map((path) => cache.delete(path)));
}

/** Keeps her coupons, and the passes of those that she can spend, with all that it takes to show them without network. */
export async function keepCoupons(coupons: Coupon[]) {
  if (!me.value) await readMe();
  await opened;
  put({ owner: me.value!.memberId, seenAt: now(), ahead: now() - Date.now(), coupons, ...only((id) => id === ALL || id.startsWith('order-') || coupons.some(({ couponId }) => couponId === id)) });
  const usable = coupons.filter(({ state, voucher }) => state === 'GRANTED' && !voucher).slice(0, KEPT_MOST).map(({ couponId }) => couponId);
  if (!usable.length || !keeping.value || !crypto.subtle) return;
  for (const one of [ALL, ...usable]) if (!purse.value?.passes[one]) await obtain(one);
  await keepFiles();
}
