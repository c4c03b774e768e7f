// Merchants, who take coupons at their branches, and purchases, for tests.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UNION } from './checkups.mjs';
import { mint } from './people.mjs';
import { unionAt } from './unions.mjs';

/** An invented unified social credit code (GB 32100, and in it GB 11714). */
export function creditCode(n) {
    const org = `MA${String(n).padStart(6, '0')}`;
    const sum = [3, 7, 9, 10, 5, 8, 4, 2].reduce((all, weight, i) => all + parseInt(org[i], 36) * weight, 0);
    const code = `92440600${org}${'0123456789X0'[11 - sum % 11]}`;
    const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
    const [all] = [...code].reduce(([rest, weight], one) => [rest + alphabet.indexOf(one) * weight, weight * 3 % 31], [0, 1]);
    return code + alphabet[(31 - all % 31) % 31];
}

/** The token of an official who gives a union's benefits. */
export const manager = (stack, unionPath, memberId = 901) =>
    mint(stack.tokenKey(), { memberId, unionPath, grants: [{ role: 'BENEFIT_MANAGER', unionPath }] });
/** The token of a member, in a session of her own. */
export const memberOf = (stack, memberId, more) => mint(stack.tokenKey(), { memberId, ...more });

/** POSTs with a key of its own; gives what is answered. */
export async function done(stack, path, body, token) {
    const answer = await stack.post(path, body, { token, key: randomUUID() });
    assert.ok(answer.status < 300, `${path}: ${answer.text}`);
    return answer.json;
}

/** Enters a merchant with one branch, and whom two officials approve: { merchantId, branchId }. */
export async function openShop(stack, union, { n = 1, name = '好味餐厅', goods = ['MEALS'], ...branch } = {}) {
    const first = manager(stack, union.path);
    const { merchantId } = await done(stack, '/v1/merchants',
        { merchant: { unionId: union.unionId, name, creditCode: creditCode(n), about: '爱心饭堂' } }, first);
    await done(stack, `/v1/merchants/${merchantId}:approve`, {}, manager(stack, union.path, 902));
    const { branchId } = await done(stack, `/v1/merchants/${merchantId}/branches`,
        { branch: { name: `${name}禅城店`, address: '亲仁路6号', latE6: 23024750, lonE6: 113116580, goods, ...branch } }, first);
    return { merchantId, branchId };
}

/** A person who takes coupons at a branch, with a device: { token, deviceId, branchId }. */
export async function cashier(stack, union, branchId, memberId) {
    await done(stack, `/v1/branches/${branchId}:setStaff`, { memberId }, manager(stack, union.path));
    const token = memberOf(stack, memberId, { level: 1, unionPath: '' });
    const { deviceId } = await done(stack, `/v1/branches/${branchId}/counters`, { name: `${memberId} 号台` }, token);
    return { token, deviceId, branchId };
}

/** What a member shows: of one coupon, or of all that she has. */
export async function passOf(stack, memberId, coupon = {}) {
    const answer = await stack.post('/v1/me/coupon-passes', coupon, { token: memberOf(stack, memberId, { steppedUpUntil: Date.now() + 600000 }) });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
}

/** A purchase of so many fen: `text` is what the device has read. */
export const sell = (stack, { token, deviceId, branchId }, saleRef, text, purchaseFen, more) =>
    stack.post(`/v1/branches/${branchId}/sales`, { deviceId, saleRef, text, purchaseFen, ...more }, { token });
export const onSale = (stack, { token }, saleId, verb, body) => stack.post(`/v1/sales/${saleId}:${verb}`, body, { token });
/** Purchases that a device took without network: each with `saleRef`, `text`, `purchaseFen` and `at`. */
export const upload = (stack, { token, deviceId, branchId }, items, more) =>
    stack.post(`/v1/branches/${branchId}/sales:upload`, { deviceId, items, ...more }, { token });

// ---- merchants of the union whose paths tests mint themselves (checkups.mjs) ----

/** Asks as a benefit manager there. */
export const asked = (stack, path, body, memberId = 901) => done(stack, path, body, manager(stack, UNION, memberId));

/** An open merchant { merchantId, unionId }. */
export async function openMerchant(stack, { name = '甲餐饮公司', creditCode: code = creditCode(43) } = {}) {
    const unionId = await unionAt(stack, UNION, 'coupon');
    const { merchantId } = await asked(stack, '/v1/merchants', { merchant: { unionId, name, creditCode: code } });
    await asked(stack, `/v1/merchants/${merchantId}:approve`, {}, 902);
    return { merchantId, unionId };
}

/** A branch of it, where `staff` (member ids) take coupons. */
export async function branchOf(stack, merchantId, staff = [], more = {}) {
    const branch = { name: '祖庙店', address: '祖庙路1号', latE6: 23000000, lonE6: 113000000, goods: ['MEALS'], ...more };
    const { branchId } = await asked(stack, `/v1/merchants/${merchantId}/branches`, { branch });
    for (const memberId of staff)
        await asked(stack, `/v1/branches/${branchId}:setStaff`, { memberId });
    return branchId;
}

/** What a member shows at a counter now, of one coupon or of all. */
export const couponPass = async (stack, memberId, couponId) => (await passOf(stack, memberId, { ...couponId && { couponId } })).code;

/** A device at a branch: sale(text, purchaseFen, more) enters a purchase, on(sale, verb, body) does something with it. */
export async function counterAt(stack, branchId, memberId) {
    const token = memberOf(stack, memberId), { deviceId } = await done(stack, `/v1/branches/${branchId}/counters`, { name: '收银台' }, token);
    return {
        sale: (text, purchaseFen, more) => done(stack, `/v1/branches/${branchId}/sales`, { deviceId, saleRef: randomUUID(), text, purchaseFen: String(purchaseFen), ...more }, token),
        on: ({ saleId }, verb, body = {}) => done(stack, `/v1/sales/${saleId}:${verb}`, body, token),
    };
}
