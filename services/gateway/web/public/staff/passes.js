// What judges passes without network (the union's published format of passes): the
// public keys and the list of revocations that this desk took along, and what it has
// accepted itself. A code that changes on the screen is judged by the service alone.
const CURVE = { name: 'ECDSA', namedCurve: 'P-256' }, SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };
const SIGNED = 164, BODY = 59, LIST_HEAD = 35;

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const fromBase64 = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

const importKey = (point) => crypto.subtle.importKey('raw', Uint8Array.of(4, ...fromBase64(point)), CURVE, false, ['verify']);

async function signed(keys, bytes, length) {
  const key = keys.find((one) => one.keyId === viewOf(bytes).getUint16(1));
  if (!key) return 'UNKNOWN_KEY';
  const good = await crypto.subtle.verify(SIGNATURE, await importKey(key.point), bytes.subarray(length), bytes.subarray(0, length));
  return good ? 'OK' : 'FORGED';
}

/** A signed pass: { reason, serial, handle, site, from, until }, or a reason alone. */
export async function readPass(keys, text) {
  if (text.length !== SIGNED || !/^[\w-]+$/.test(text)) return { reason: 'MALFORMED' };
  const bytes = fromBase64(text.replaceAll('-', '+').replaceAll('_', '/')), view = viewOf(bytes);
  if (bytes[0] !== 1) return { reason: 'MALFORMED' };
  return {
    reason: await signed(keys, bytes, BODY), site: String(view.getBigInt64(19)), serial: String(view.getBigUint64(43)),
    handle: view.getBigUint64(35).toString(16).padStart(16, '0'), from: view.getUint32(51) * 1000, until: view.getUint32(55) * 1000,
  };
}

/** The serials on a list of revocations; null when it is not a list for this site that we signed. */
export async function readRevocations(keys, siteId, base64) {
  const bytes = fromBase64(base64), view = viewOf(bytes);
  if (bytes.length < LIST_HEAD + 64 || bytes[0] !== 0x10) return null;
  const end = LIST_HEAD + 8 * view.getUint32(31);
  if (bytes.length !== end + 64 || await signed(keys, bytes, end) !== 'OK' || String(view.getBigInt64(11)) !== siteId) return null;
  return Array.from({ length: (end - LIST_HEAD) / 8 }, (_, i) => String(view.getBigUint64(LIST_HEAD + 8 * i)));
}

/** Judges a text at a desk { siteId, keys, revoked } where `usedAt` says when a serial was accepted, or null. */
export async function judge(desk, usedAt, text, now) {
  if (text.length === 32) return { reason: 'NEEDS_NETWORK' };
  const pass = await readPass(desk.keys, text);
  if (pass.reason !== 'OK') return { reason: pass.reason };
  const reason = desk.revoked.includes(pass.serial) ? 'REVOKED' : pass.site !== desk.siteId ? 'OTHER_SITE'
    : now < pass.from ? 'NOT_YET' : now >= pass.until ? 'EXPIRED' : 'OK';
  const before = await usedAt(pass.serial);
  return reason === 'OK' && before ? { ...pass, reason: 'USED', before } : { ...pass, reason };
}
