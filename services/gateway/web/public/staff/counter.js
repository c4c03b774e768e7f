// A counter of a merchant's branch: purchases that coupons pay a part of, with or without network.
import { get, isOffline, post, Refusal } from '../api.js';
import { isPurse } from './desk.js';
import { handInAll, register, withDevice } from './device.js';
import { all, drop, keep } from './kept.js';

const DAY_MS = 86400000, CHINA_MS = 8 * 3600000;
const OFFLINE_MAX = 100; // purchases of a device on one day
const OURS = 'till-device'; // registered in this session
const as = (till) => ({ store: 'tills', path: `/v1/branches/${till.branchId}/counters`, name: '网页收券台' });

/** What the counter takes along of its branch; its device is registered at once, so that it can do without network. */
export async function openTill(branchId, before) {
  const { name, merchantName, goods } = await get(`/v1/branches/${branchId}`);
  const till = { branchId, name: merchantName === name ? name : `${merchantName} ${name}`, goods, deviceId: before?.deviceId ?? null };
  if (!till.deviceId || sessionStorage.getItem(OURS) !== till.deviceId) await register(till, as(till));
  sessionStorage.setItem(OURS, till.deviceId);
  await keep('tills', till);
  return till;
}

export const waiting = () => all('purchases');
const dayOf = (instant) => Math.floor((Date.parse(instant) + CHINA_MS) / DAY_MS);

/** Why a purchase cannot be taken without network; null when it can. */
async function offlineRefusal(till, text, at) {
  const kept = await waiting();
  if (!till.deviceId) return '没有网络：本机还没有登记为收券设备，请联网后再收。';
  if (!isPurse(text)) return '这不是会员的券码，请会员重新打开券码。';
  if (kept.some((one) => one.text === text)) return '这个券码刚才已在本机收过，请会员等券码变化后再出示。';
  const today = kept.filter((one) => one.deviceId === till.deviceId && dayOf(one.at) === dayOf(at)).length;
  return today < OFFLINE_MAX ? null : `没有网络：本机今天已离线收券 ${OFFLINE_MAX} 笔，请联网上传后再收。`;
}

/**
 * Enters a purchase { text, purchaseFen, goods }: { sale } that waits to be confirmed, { refusal }, or without network
 * { kept } or { refused: words }. What is kept has a name of its own: what the network swallowed locks coupons at most.
 */
export async function enterSale(till, purchase) {
  const saleRef = crypto.randomUUID();
  try {
    return { sale: await withDevice(till, as(till), () => post(`/v1/branches/${till.branchId}/sales`, { deviceId: till.deviceId, saleRef, ...purchase })) };
  } catch (error) {
    if (error instanceof Refusal && error.status < 500) return { refusal: error };
    if (!isOffline(error) && !(error instanceof Refusal)) throw error;
  }
  const at = new Date().toISOString(), refused = await offlineRefusal(till, purchase.text, at);
  if (refused) return { refused };
  const kept = { saleRef: crypto.randomUUID(), branchId: till.branchId, deviceId: till.deviceId, at, ...purchase };
  await keep('purchases', kept);
  return { kept };
}

async function send(deviceId, some) {
  const items = some.map(({ saleRef, text, purchaseFen, goods, at }) => ({ saleRef, text, purchaseFen, goods, at }));
  const { sales } = await post(`/v1/branches/${some[0].branchId}/sales:upload`, { deviceId, deviceNow: new Date().toISOString(), items });
  const done = [];
  for (const [i, sale] of sales.entries()) {
    // Kept for a purchase whose answer was lost: tried again, under another name, when it has lapsed.
    if (sale.reason === 'COUPON_LOCKED') await keep('purchases', { ...some[i], saleRef: crypto.randomUUID() });
    else done.push(sale);
    await drop('purchases', some[i].saleRef);
  }
  return done;
}

/** Hands in what was taken without network: what became of each. */
export const handIn = async () => handInAll(await waiting(), send);
