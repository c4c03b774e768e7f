// What every counter does as a device of the service's: it is one of the person who is signed in, in her session, and it
// hands in later what it took without network.
import { newKey, post } from '../api.js';
import { keep } from './kept.js';

const UPLOAD = 10; // in a call
const NOT_HERS = /^(DEVICE|COUNTER)_(NOT_YOURS|REVOKED|NOT_FOUND)$/;

/** Registers the device of a place { deviceId, name }, kept in a store; it takes the place of the last one. */
export async function register(place, { store, path, name }) {
  const body = { name: `${name} ${place.name}`.slice(0, 40), ...place.deviceId && { replaces: place.deviceId } };
  place.deviceId = (await post(path, body, newKey())).deviceId;
  await keep(store, place);
}

/** Does some work as that device; it is registered when there is none that is hers. */
export async function withDevice(place, as, work) {
  try {
    if (place.deviceId) return await work();
  } catch (error) {
    if (!NOT_HERS.test(error.reason)) throw error;
    if (error.reason.endsWith('_NOT_FOUND')) place.deviceId = null;
  }
  await register(place, as);
  return work();
}

/**
 * Hands in what was taken without network, { deviceId, at }, in its order: send(deviceId, some) answers what became of
 * some. What a colleague took at this browser waits until she is signed in.
 */
export async function handInAll(items, send) {
  const handed = [], sorted = items.sort((a, b) => (a.at < b.at ? -1 : 1));
  for (const deviceId of new Set(sorted.map((one) => one.deviceId))) {
    const of = sorted.filter((one) => one.deviceId === deviceId);
    try {
      for (let i = 0; i < of.length; i += UPLOAD) handed.push(...await send(deviceId, of.slice(i, i + UPLOAD)));
    } catch (error) {
      if (!/_NOT_YOURS$/.test(error.reason)) throw error;
    }
  }
  return handed;
}
