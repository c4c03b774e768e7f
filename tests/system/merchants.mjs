// Merchants for tests: approved by two hands, with a branch, whoever takes coupons there, and what members show.
import { randomUUID } from 'node:crypto';
import assert from 'node:assert/strict';
import { UNION, manager } from './checkups.mjs';
import { mint } from './people.mjs';
import { unionAt } from './unions.mjs';

/** What a call made; fails with its answer otherwise. */
async function made(answer) {
    const { status, json, text } = await answer;
    assert.ok(status === 200 || status === 201, text);
    return json;
}
/** Asks as a benefit manager. */
export const asked = (stack, path, body, memberId = 901) => made(stack.post(path, body, { token: manager(stack, memberId), key: randomUUID() }));

/** An open merchant { merchantId, unionId }. */
export async function openMerchant(stack, { name = '甲餐饮公司', creditCode = '91350100M000100Y43' } = {}) {
    const unionId = await unionAt(stack, UNION, 'coupon');
    const { merchantId } = await asked(stack, '/v1/merchants', { merchant: { unionId, name, creditCode } });
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

/** What a member shows at a counter now. */
export async function couponPass(stack, memberId, couponId) {
    const token = mint(stack.tokenKey(), { memberId, steppedUpUntil: Date.now() + 600000 });
    return (await made(stack.post('/v1/me/coupon-passes', { ...couponId && { couponId } }, { token }))).code;
}

/** A device at a branch: sale(text, purchaseFen, more) enters a purchase, on(sale, verb, body) does something with it. */
export async function counterAt(stack, branchId, memberId) {
    const post = (path, body, key) => made(stack.post(path, body, { token: mint(stack.tokenKey(), { memberId }), key }));
    const { deviceId } = await post(`/v1/branches/${branchId}/counters`, { name: '收银台' }, randomUUID());
    return {
        sale: (text, purchaseFen, more) => post(`/v1/branches/${branchId}/sales`, { deviceId, saleRef: randomUUID(), text, purchaseFen: String(purchaseFen), ...more }),
        on: ({ saleId }, verb, body = {}) => post(`/v1/sales/${saleId}:${verb}`, body),
    };
}
