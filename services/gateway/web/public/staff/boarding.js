// Tickets that are read at the gate of a departure, with or without network. The device cannot tell a good ticket from
// another without the service: what it reads meanwhile is kept, and judged when it is handed in.
import { isOffline, post, Refusal } from '../api.js';
import { isPurse } from './desk.js';
import { handInAll, register, withDevice } from './device.js';
import { all, drop, find, keep } from './kept.js';

const OFFLINE_MAX = 1000; // tickets that wait at a device
const KEPT_MS = 2 * 86400000; // a departure is kept so long after its gate has closed
const OURS = 'gate-device'; // registered in this session
const path = ({ releaseId }) => `/v1/releases/${releaseId}`;
const as = (gate) => ({ store: 'gates', path: `${path(gate)}/gate-devices`, name: '检票' });

export const keyOf = (gate) => `${gate.releaseId} ${gate.departure}`;
export const waiting = () => all('boardings');

/** What the desk takes along of a departure; its device is registered at once, so that it can do without network. */
export async function openGate({ releaseId, departure, name, closesAt }) {
  const gate = { releaseId, departure, name, closesAt, deviceId: (await find('gates', releaseId))?.deviceId ?? null };
  if (!gate.deviceId || sessionStorage.getItem(OURS) !== gate.deviceId) await register(gate, as(gate));
  sessionStorage.setItem(OURS, gate.deviceId);
  for (const old of await all('departures')) {
    if (Date.parse(old.closesAt) + KEPT_MS < Date.now()) await drop('departures', old.key);
  }
  await keep('departures', { ...gate, key: keyOf(gate) });
  return gate;
}

/** Why a ticket cannot be kept without network; null when it can. */
async function offlineRefusal(gate, text) {
  const kept = await waiting();
  if (!gate.deviceId) return '没有网络：本机还没有登记为检票设备，请联网后再检。';
  if (!isPurse(text)) return '这不是会员的券码，请会员重新打开券码。';
  if (kept.some((one) => one.text === text)) return '这个券码刚才已在本机检过。';
  return kept.length < OFFLINE_MAX ? null : `没有网络：本机已离线检票 ${OFFLINE_MAX} 张，请联网上传后再检。`;
}

/**
 * Reads a ticket: { boarding } whose person is let in, { refusal }, or without network { kept } or { refused: words }.
 * What the network swallowed is kept under the same name, so that it counts once.
 */
export async function board(gate, text) {
  const scanRef = crypto.randomUUID(), { departure } = gate;
  try {
    return { boarding: await withDevice(gate, as(gate), () => post(`${path(gate)}/boardings`, { departure, deviceId: gate.deviceId, scanRef, text })) };
  } catch (error) {
    if (error instanceof Refusal && error.status < 500) return { refusal: error };
    if (!isOffline(error) && !(error instanceof Refusal)) throw error;
  }
  const refused = await offlineRefusal(gate, text);
  if (refused) return { refused };
  const kept = { scanRef, releaseId: gate.releaseId, departure, deviceId: gate.deviceId, text, at: new Date().toISOString() };
  await keep('boardings', kept);
  return { kept };
}

async function send(deviceId, some) {
  const done = [];
  for (const key of new Set(some.map(keyOf))) {
    const of = some.filter((one) => keyOf(one) === key), items = of.map(({ scanRef, text, at }) => ({ scanRef, text, at }));
    done.push(...(await post(`${path(of[0])}/boardings:upload`, { departure: of[0].departure, deviceId, deviceNow: new Date().toISOString(), items })).boardings);
    for (const { scanRef } of of) await drop('boardings', scanRef);
  }
  return done;
}

/** Hands in what was read without network: what became of each. */
export const handIn = async () => handInAll(await waiting(), send);
