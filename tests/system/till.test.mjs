// The counter, as a member and a merchant's staff live it: she shows a code, it is read, the best set of her coupons is
// kept, confirmed and spent, or undone; with network and without.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { screenCode } from '../pass/verify.mjs';
import { assertProblem } from './http.mjs';
import { person as rosterPerson, rosterCsv, unionsCsv, verify } from './people.mjs';
import { claimer, openRelease } from './releases.mjs';
import { Stack, until } from './stack.mjs';
import { cashier, done, manager, memberOf, onSale, openShop, passOf, sell, upload } from './merchants.mjs';
import { placed, unionAt } from './unions.mjs';

const PURSE = 6, HOUR = 3600000;
let stack, union, shop, desk;
let person = 1000;

before(async () => {
    stack = await Stack.start();
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    union = await placed(stack, '440600');
    await unionAt(stack, union.path, 'coupon');
    shop = await openShop(stack, union, { goods: ['MEALS', 'COOL_DRINKS'] });
    desk = await cashier(stack, union, shop.branchId, 7001);
});
after(() => stack.close());

/** Opens a release of coupons of so many fen. */
const release = (faceFen, thresholdFen, spending, more) => openRelease(stack, { faceFen: String(faceFen), thresholdFen: String(thresholdFen), spending, ...more });
async function take(releaseId, memberId) {
    const claimed = await claimer(stack, releaseId)(memberId);
    assert.equal(claimed.status, 201, claimed.text);
    return claimed.json.couponId;
}
const couponOf = async (couponId, memberId) => (await stack.get(`/v1/me/coupons/${couponId}`, { token: memberOf(stack, memberId) })).json;
const shown = async (memberId, coupon) => (await passOf(stack, memberId, coupon)).code;
const codeOf = ({ turnKey, keyId, subject }, at) => screenCode(Buffer.from(turnKey, 'base64'), PURSE, keyId, BigInt(`0x${subject}`), at);
let refs = 0;
const ref = () => `till-test-${String(refs++).padStart(4, '0')}`;

describe('at the counter', () => {
    test('the best set of what she has is kept, confirmed once, spent once, and undone', async () => {
        const she = person++;
        const [small, large, most] = [await release(300, 1000), await release(1000, 3000, { alone: true }), await release(900, 2000)];
        const ids = [];
        for (const one of [small, large, most])
            ids.push(await take(one, she));
        const thought = await stack.get(`/v1/me/branches/${shop.branchId}/best-set?purchaseFen=3500&goods=MEALS`, { token: memberOf(stack, she) });
        assert.equal(thought.json.discountFen, '1200', thought.text);
        const name = ref(), code = await shown(she);
        const made = await sell(stack, desk, name, code, '3500', { goods: 'MEALS' });
        assert.equal(made.status, 201, made.text);
        const { saleId } = made.json;
        assert.deepEqual([made.json.state, made.json.discountFen, made.json.paysFen], ['SALE_LOCKED', '1200', '2300']);
        assert.deepEqual(made.json.coupons.map((one) => one.couponId).sort(), [ids[0], ids[2]].sort());
        assert.deepEqual(made.json.leftOut.map((one) => [one.couponId, one.reason]), [[ids[1], 'NOT_IN_BEST_SET']]);
        const again = await sell(stack, desk, name, code, '3500', { goods: 'MEALS' });
        assert.deepEqual([again.status, again.json.saleId], [200, saleId], 'the same name is the same purchase');
        const kept = await couponOf(ids[0], she);
        assert.deepEqual([kept.state, kept.saleId, kept.lockedUntil], ['LOCKED', saleId, made.json.lockedUntil]);
        for (let i = 0; i < 2; i++)
            assert.equal((await onSale(stack, desk, saleId, 'confirm')).json.state, 'SALE_REDEEMED');
        const spent = await couponOf(ids[2], she);
        assert.deepEqual([spent.state, spent.branchId, spent.branchName], ['REDEEMED', shop.branchId, '好味餐厅禅城店']);
        assertProblem(await onSale(stack, desk, saleId, 'cancel'), 409, 'SALE_DECIDED');
        const told = (await stack.get('/v1/me/redemptions', { token: memberOf(stack, she) })).json.redemptions;
        assert.deepEqual(told.map((one) => [one.couponId, one.fen, one.branchName]).sort(),
            [[ids[0], '300', '好味餐厅禅城店'], [ids[2], '900', '好味餐厅禅城店']].sort());
        const undone = await onSale(stack, desk, saleId, 'reverse', { reason: '退货' });
        assert.deepEqual([undone.json.state, undone.json.reverseReason], ['SALE_REVERSED', '退货']);
        for (const id of ids)
            assert.equal((await couponOf(id, she)).state, 'GRANTED');
        const { sales } = (await stack.get(`/v1/branches/${shop.branchId}/sales?state=SALE_REVERSED`, { token: desk.token })).json;
        assert.deepEqual(sales.map((one) => one.saleId), [saleId]);
    });

    test('a coupon is spent once over all counters, whoever asks at the same moment', async () => {
        const she = person++, couponId = await take(await release(500, 500), she);
        const desks = [desk];
        for (let i = 1; i < 5; i++)
            desks.push(await cashier(stack, union, shop.branchId, 7001 + i));
        const code = await shown(she);
        const answers = await Promise.all(desks.map((one) => sell(stack, one, ref(), code, '2000', { atOnce: true })));
        assert.deepEqual(answers.map((one) => one.status).sort(), [201, 409, 409, 409, 409]);
        for (const answer of answers.filter((one) => one.status === 409))
            assert.ok(['ALREADY_REDEEMED', 'NO_COUPON_FITS'].includes(answer.json.reason), answer.text);
        const byName = await sell(stack, desk, ref(), code, '2000', { couponIds: [couponId] });
        const problem = assertProblem(byName, 409, 'ALREADY_REDEEMED');
        assert.equal(problem.firstBranchId, shop.branchId, byName.text);
        const rows = await stack.query('coupon', `SELECT count(*) AS n FROM redemption WHERE coupon_id = ${couponId} AND state = 2`);
        assert.equal(rows[0].n, 1);
    });

    test('the pass of one coupon spends that one, and a renewed pass none', async () => {
        const she = person++, one = await take(await release(200, 0), she), other = await take(await release(300, 0), she);
        const code = await shown(she, { couponId: one });
        assertProblem(await sell(stack, desk, ref(), code, '1000', { couponIds: [other] }), 404, 'NOT_AMONG_SHOWN');
        const made = await sell(stack, desk, ref(), code, '1000');
        assert.deepEqual(made.json.coupons.map(({ couponId }) => couponId), [one], made.text);
        assertProblem(await sell(stack, desk, ref(), code, '1000'), 409, 'COUPON_LOCKED');
        assert.equal((await onSale(stack, desk, made.json.saleId, 'cancel')).json.state, 'SALE_CANCELLED');
        assertProblem(await onSale(stack, desk, made.json.saleId, 'confirm'), 409, 'SALE_DECIDED');
        await done(stack, '/v1/me/coupon-passes:renew', {}, memberOf(stack, she));
        assertProblem(await sell(stack, desk, ref(), code, '1000'), 400, 'COUPON_PASS_WRONG', 'text');
        assertProblem(await stack.post('/v1/me/coupon-passes', { couponId: one }, { token: memberOf(stack, person) }), 404, 'COUPON_NOT_FOUND', 'couponId');
    });

    test('each rule that a purchase breaks has its reason, and keeps nothing', async () => {
        const she = person++;
        const { branchId: shut } = await openShop(stack, union, { n: 2, name: '夜宵', hours: [{ fromMinute: 0, untilMinute: 1, days: [weekdayAfter(2)] }] });
        const night = await cashier(stack, union, shut, 7001);
        const spendings = [
            [{ merchantIds: [(await openShop(stack, union, { n: 3, name: '书店', goods: ['BOOKS'] })).merchantId] }, 'NOT_AT_THIS_PLACE'],
            [{ goods: ['BOOKS'] }, 'NOT_FOR_THESE_GOODS'],
            [{ hours: [{ fromMinute: 0, untilMinute: 1, days: [weekdayAfter(2)] }] }, 'NOT_AT_THIS_HOUR'],
            [{ validAfterDays: 1 }, 'COUPON_NOT_GOOD_YET'],
        ];
        for (const [spending, reason] of spendings) {
            const couponId = await take(await release(500, 1000, spending), she);
            const text = await shown(she, { couponId });
            const refused = assertProblem(await sell(stack, desk, ref(), text, '2000', { goods: 'MEALS' }), 409, reason);
            assert.match(JSON.stringify(refused), new RegExp(couponId));
        }
        const couponId = await take(await release(500, 1000), she), text = await shown(she, { couponId });
        assertProblem(await sell(stack, desk, ref(), text, '999'), 409, 'BELOW_THRESHOLD');
        assertProblem(await sell(stack, desk, ref(), text, '2000', { goods: 'BOOKS' }), 409, 'NOT_SOLD_HERE');
        assertProblem(await sell(stack, night, ref(), text, '2000'), 409, 'BRANCH_SHUT');
        const large = await take(await release(1000, 1000), she);
        assertProblem(await sell(stack, desk, ref(), await shown(she), '1200', { couponIds: [couponId, large] }), 409, 'ABOVE_PURCHASE');
        const alone = await take(await release(100, 100, { alone: true }), she);
        assertProblem(await sell(stack, desk, ref(), await shown(she), '2000', { couponIds: [couponId, alone] }), 409, 'DOES_NOT_STACK');
        assertProblem(await sell(stack, desk, ref(), await shown(person++), '2000'), 409, 'NO_COUPON_FITS');
        assertProblem(await sell(stack, desk, ref(), 'no code at all', '2000'), 400, 'COUPON_PASS_WRONG', 'text');
        assertProblem(await sell(stack, desk, ref(), text, '0'), 400, 'OUT_OF_RANGE', 'purchaseFen');
        assert.equal((await couponOf(couponId, she)).state, 'GRANTED');
        assert.deepEqual((await stack.get('/v1/me/redemptions', { token: memberOf(stack, she) })).json.redemptions, []);
    });

    test('a device is its cashier\'s alone, and of use until it or the branch is closed', async () => {
        const she = person++, couponId = await take(await release(500, 500), she), text = await shown(she);
        const stranger = { ...desk, token: memberOf(stack, 7100) };
        assertProblem(await sell(stack, stranger, ref(), text, '2000'), 403, 'NOT_BRANCH_STAFF');
        assertProblem(await stack.post(`/v1/branches/${shop.branchId}/counters`, { name: '一号台' }, { token: stranger.token, key: 'counter-none' }), 403, 'NOT_BRANCH_STAFF');
        const colleague = await cashier(stack, union, shop.branchId, 7201);
        assertProblem(await sell(stack, { ...desk, token: colleague.token }, ref(), text, '2000'), 403, 'COUNTER_NOT_YOURS', 'deviceId');
        await done(stack, `/v1/counters/${colleague.deviceId}:revoke`, {}, colleague.token);
        assertProblem(await sell(stack, colleague, ref(), text, '2000'), 409, 'COUNTER_REVOKED', 'deviceId');
        await done(stack, `/v1/branches/${shop.branchId}:setStaff`, { memberId: 7201, off: true }, manager(stack, union.path));
        assertProblem(await sell(stack, colleague, ref(), text, '2000'), 403, 'NOT_BRANCH_STAFF');
        const brief = await openShop(stack, union, { n: 4, name: '快餐' });
        const there = await cashier(stack, union, brief.branchId, 7301);
        const kept = await sell(stack, there, ref(), text, '2000');
        await done(stack, `/v1/branches/${brief.branchId}:close`, {}, manager(stack, union.path));
        assertProblem(await onSale(stack, there, kept.json.saleId, 'confirm'), 409, 'MERCHANT_NOT_OPEN');
        await done(stack, `/v1/sales/${kept.json.saleId}:cancel`, undefined, there.token);
        assertProblem(await sell(stack, there, ref(), text, '2000'), 409, 'MERCHANT_NOT_OPEN');
        assert.equal((await couponOf(couponId, she)).state, 'GRANTED');
    });
});

describe('without network', () => {
    test('what her telephone made and a device read is judged as of its own time, once, each with its answer', async () => {
        const she = person++, couponId = await take(await release(500, 500), she);
        const pass = await passOf(stack, she, { couponId }), now = Date.now();
        assertProblem(await sell(stack, desk, ref(), await codeOf(pass, now - HOUR), '2000'), 409, 'COUPON_PASS_STALE', 'text');
        const text = await codeOf(pass, now), at = new Date(now).toISOString();
        const items = [{ saleRef: ref(), text, purchaseFen: '2000', at }, { saleRef: ref(), text, purchaseFen: '2000', at },
            { saleRef: ref(), text: 'scrawl', purchaseFen: '2000', at }, { saleRef: ref(), text, at },
            { saleRef: ref(), text, purchaseFen: '2000' }, { saleRef: ref(), text, purchaseFen: '2000', at: new Date(now + HOUR).toISOString() },
            { saleRef: ref(), text: await codeOf(pass, now - HOUR), purchaseFen: '2000', at: new Date(now - HOUR).toISOString() },
            { saleRef: ref(), text: await codeOf(pass, now - 80 * HOUR), purchaseFen: '2000', at: new Date(now - 80 * HOUR).toISOString() }];
        const first = await upload(stack, desk, items);
        assert.deepEqual(first.json.sales.map((one) => one.reason || one.state),
            ['SALE_REDEEMED', 'ALREADY_REDEEMED', 'COUPON_PASS_WRONG', 'PURCHASE_MISSING', 'TIME_OF_SALE_MISSING', 'CLOCK_AHEAD',
                'BEFORE_REGISTRATION', 'BEFORE_REGISTRATION'], first.text);
        for (const one of first.json.sales.slice(1))
            assert.match(one.words, /[\u4e00-\u9fff]/);
        const second = await upload(stack, desk, items);
        assert.deepEqual(second.json.sales.map((one) => one.saleId), first.json.sales.map((one) => one.saleId));
        assert.deepEqual([first.json.sales[0].offline, (await couponOf(couponId, she)).state], [true, 'REDEEMED']);
        assertProblem(await upload(stack, desk, Array(11).fill(items[0])), 400, 'TOO_MANY_ITEMS', 'items');
        const undone = await onSale(stack, desk, first.json.sales[0].saleId, 'reverse', { reason: '看错金额' });
        assert.equal(undone.json.state, 'SALE_REVERSED', undone.text);
        assert.equal((await couponOf(couponId, she)).state, 'GRANTED');
    });

    test('a device takes so much a day and no more; what a clock is wrong by is corrected', async () => {
        const one = await cashier(stack, union, shop.branchId, 7401), releaseId = await release(20000, 20000);
        const items = [], slow = 4 * 60000;
        for (let i = 0; i < 3; i++) {
            const she = person++;
            await take(releaseId, she);
            const now = Date.now();
            items.push({ saleRef: ref(), text: await codeOf(await passOf(stack, she), now), purchaseFen: '30000', at: new Date(now - slow).toISOString() });
        }
        const { json } = await upload(stack, one, items, { deviceNow: new Date(Date.now() - slow).toISOString() });
        assert.deepEqual(json.sales.map((sale) => sale.reason || sale.state), ['SALE_REDEEMED', 'SALE_REDEEMED', 'OFFLINE_TOO_MUCH'], JSON.stringify(json));
        assert.ok(Math.abs(Number(json.clockBehindMs) - slow) < 60000, json.clockBehindMs);
    });
});

test('who leaves the union keeps its coupons, frozen, and the counter says so', async () => {
    assert.equal((await stack.import('roster', rosterCsv([rosterPerson(1)]))).code, 0);
    const { token, member } = await verify(stack, rosterPerson(1));
    const releaseId = await release(500, 500, {}, { unionId: union.unionId });
    const claimed = await stack.post(`/v1/releases/${releaseId}/claims`, undefined, { token, key: 'claim-by-roster' });
    assert.equal(claimed.status, 201, claimed.text);
    const pass = await stack.post('/v1/me/coupon-passes', {}, { token });
    await done(stack, '/v1/me:leave', { confirmed: true }, token);
    const away = memberOf(stack, member.memberId, { unionPath: '', level: 2 });
    const path = `/v1/me/coupons/${claimed.json.couponId}`;
    const coupon = await until('the coupon is frozen', async () => {
        const { json } = await stack.get(path, { token: away });
        return json.state === 'FROZEN' && json;
    });
    assert.equal(coupon.reason, 'IS_FROZEN');
    assert.match(coupon.words, /冻结/);
    assertProblem(await sell(stack, desk, ref(), await codeOf(pass.json, Date.now()), '2000'), 409, 'IS_FROZEN');
});

test('what was spent agrees with the journal', () => stack.assertCleanAudits());

/** The day of the week in China so many days from now. */
function weekdayAfter(days) {
    const names = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];
    return names[new Date(Date.now() + 8 * HOUR + days * 24 * HOUR).getUTCDay()];
}
