// A desk at a site's door: one device of the service's, with or without network.
import { get, isOffline, newKey, post, Refusal } from '../api.js';
import { all, drop, find, keep } from './kept.js';
import { judge, readPass, readRevocations } from './passes.js';

const UPLOAD = 10; // scans in a call
const USED_MS = 2 * 86400000; // a pass is good for less
const NO_DEVICE = ['DEVICE_NOT_YOURS', 'DEVICE_REVOKED', 'DEVICE_NOT_FOUND'];

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

// A device of the person who is signed in, in this session; it takes the place of the last one.
async function register(desk) {
  const name = `网页核验台 ${desk.name}`.slice(0, 40), path = `/v1/checkup-sites/${desk.siteId}/devices`;
  const { deviceId } = await post(path, { name, ...desk.deviceId && { replaces: desk.deviceId } }, newKey());
  desk.deviceId = deviceId;
  await keep('desks', desk);
}

async function withDevice(desk, work) {
  try {
    if (desk.deviceId) return await work();
  } catch (error) {
    if (!NO_DEVICE.includes(error.reason)) throw error;
    if (error.reason === 'DEVICE_NOT_FOUND') desk.deviceId = null;
  }
  await register(desk);
  return work();
}

const usedAt = async (serial) => (await find('used', serial))?.at ?? null;

async function noteUsed(desk, text, at) {
  const { serial } = await readPass(desk.keys, text);
  if (serial) await keep('used', { serial, at });
}

/**
 * Scans a text: { good, reason, scan | pass, offline }. Whatever is accepted without
 * network is kept until it is handed in; what the network swallowed as well, under the
 * same name, so that it counts once.
 */
export async function scan(desk, text) {
  const scanRef = crypto.randomUUID(), path = `/v1/checkup-sites/${desk.siteId}`, walkIn = text.length === 32 && text[0] === 'B';
  try {
    const done = await withDevice(desk, () => (walkIn ? post(`${path}/walk-ins`, { deviceId: desk.deviceId, scanRef, code: text })
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

async function handInOf(deviceId, scans) {
  const handed = [];
  for (let i = 0; i < scans.length; i += UPLOAD) {
    const some = scans.slice(i, i + UPLOAD);
    const items = some.map(({ scanRef, text, at }) => ({ scanRef, text, at }));
    const done = await post(`/v1/checkup-sites/${some[0].siteId}/scans:upload`, { deviceId, items });
    for (const { scanRef } of some) await drop('scans', scanRef);
    handed.push(...done.scans);
  }
  return handed;
}

/**
 * Hands in what was scanned without network: the scans with what became of each. What a
 * colleague scanned at this browser waits until she is signed in.
 */
export async function handIn() {
  const scans = (await waiting()).sort((a, b) => (a.at < b.at ? -1 : 1)), handed = [];
  for (const deviceId of new Set(scans.map((one) => one.deviceId))) {
    try {
      handed.push(...await handInOf(deviceId, scans.filter((one) => one.deviceId === deviceId)));
    } catch (error) {
      if (error.reason !== 'DEVICE_NOT_YOURS') throw error;
    }
  }
  return handed;
}
