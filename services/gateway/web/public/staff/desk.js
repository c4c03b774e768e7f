// A desk at a site's door: one device of the service's, with or without network.
import { get, isOffline, post, Refusal } from '../api.js';
import { handInAll, withDevice } from './device.js';
import { all, drop, find, keep } from './kept.js';
import { fromBase64, judge, readPass, readRevocations } from './passes.js';

const USED_MS = 2 * 86400000; // a pass is good for less

/** What time it is for the service, by what this desk's clock was off when it last took things along. */
const nowOf = (desk) => Date.now() + (desk.behindMs ?? 0);

/** What the desk takes along: keys, revocations, its device. From the last time without network. */
export async function openDesk(site) {
  const old = await find('desks', site.siteId);
  const path = `/v1/checkup-sites/${site.siteId}`;
  const asked = Date.now();
  const { keys, revocations, madeAt } = await get(`${path}/scanner`);
  const behindMs = Math.round(Date.parse(madeAt) - (asked + Date.now()) / 2);
  const revoked = await readRevocations(keys, site.siteId, revocations) ?? old?.revoked ?? [];
  const desk = { siteId: site.siteId, name: site.name, deviceId: old?.deviceId ?? null, keys, revoked, behindMs, takenAt: Date.now() };
  await keep('desks', desk);
  for (const { serial, at } of await all('used')) {
    if (Date.now() - Date.parse(at) > USED_MS) await drop('used', serial);
  }
  return desk;
}

const as = (desk) => ({ store: 'desks', path: `/v1/checkup-sites/${desk.siteId}/devices`, name: '网页核验台' });

const usedAt = async (serial) => (await find('used', serial))?.at ?? null;

async function noteUsed(desk, text, at) {
  const { serial } = await readPass(desk.keys, text);
  if (serial) await keep('used', { serial, at });
}

/** The kind of a code of 32 characters is its first byte (common/pass/pass.h); 0 of another text. */
export const kindOf = (text) => (/^[\w-]{32}$/.test(text) ? fromBase64(text.slice(0, 4).replaceAll('-', '+').replaceAll('_', '/'))[0] : 0);
/** Whether a text is the code of a member's card. */
export const isCard = (text) => kindOf(text) === 5;
/** Whether it is the code of a member's coupons. */
export const isPurse = (text) => kindOf(text) === 6;

/**
 * Scans a text: { good, reason, scan | pass, offline }. Whatever is accepted without
 * network is kept until it is handed in; what the network swallowed as well, under the
 * same name, so that it counts once.
 */
export async function scan(desk, text) {
  const scanRef = crypto.randomUUID(), path = `/v1/checkup-sites/${desk.siteId}`, walkIn = kindOf(text) === 4;
  try {
    const done = await withDevice(desk, as(desk), () => (walkIn ? post(`${path}/walk-ins`, { deviceId: desk.deviceId, scanRef, code: text })
      : post(`${path}/scans`, { deviceId: desk.deviceId, scanRef, text })));
    await noteUsed(desk, text, done.at);
    return { good: true, scan: done, offline: false };
  } catch (error) {
    if (error instanceof Refusal && error.status < 500) return { good: false, refusal: error, offline: false };
    if (!isOffline(error) && !(error instanceof Refusal)) throw error;
  }
  const now = nowOf(desk), at = new Date(now).toISOString(), pass = await judge(desk, usedAt, text, now);
  if (pass.reason !== 'OK') return { good: false, pass, offline: true };
  await keep('scans', { scanRef, siteId: desk.siteId, deviceId: desk.deviceId, text, at, handle: pass.handle });
  await keep('used', { serial: pass.serial, at });
  return { good: true, pass, offline: true };
}

export const waiting = () => all('scans');

async function send(deviceId, some) {
  const items = some.map(({ scanRef, text, at }) => ({ scanRef, text, at }));
  const { scans } = await post(`/v1/checkup-sites/${some[0].siteId}/scans:upload`, { deviceId, items });
  for (const { scanRef } of some) await drop('scans', scanRef);
  return scans;
}

/** Hands in what was scanned without network: the scans with what became of each. */
export const handIn = async () => handInAll(await waiting(), send);
