// A merchant's month, as the union's finance and the merchant live it: what was spent there is settled line by line, by two
// officials, compared with the merchant's own file, taken back where it is undone later, and paid.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, unionsCsv } from './people.mjs';
import { claimer, publishRelease } from './releases.mjs';
import { Stack, until } from './stack.mjs';
import { cashier, done, manager, memberOf, onSale, openShop, passOf, sell } from './merchants.mjs';
import { placed, unionAt } from './unions.mjs';

const KEEPER = 7100, ACCOUNT = '6222021234567890123';
let stack, union, shop, desk, fundId, releases, keeper;
const sales = [];

const finance = (memberId) => mint(stack.tokenKey(), { memberId, unionPath: union.path, grants: [{ role: 'FINANCE', unionPath: union.path }] });
const get = async (path, token = finance(801)) => {
    const answer = await stack.get(path, { token });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
};
/** A day in China, so many from today. */
const day = (n) => new Date(Date.now() + 8 * 3600000 + n * 86400000).toISOString().slice(0, 10);
const period = () => ({ fromDay: day(-1), untilDay: day(0) });
const prepare = (memberId = 801, days = period()) => stack.post(`/v1/merchants/${shop.merchantId}/settlements`, days, { token: finance(memberId) });
const decide = (settlementId, verb, memberId = 802) => stack.post(`/v1/coupon-settlements/${settlementId}:${verb}`, undefined, { token: finance(memberId) });
const linesOf = async (settlementId, token) => (await get(`/v1/coupon-settlements/${settlementId}/lines`, token)).lines;
const money = async () => {
    const { committedFen, spentFen } = await get(`/v1/coupon-funds/${fundId}`);
    return [committedFen, spentFen];
};

/** Somebody takes a coupon, when that opens, and spends it: the purchase. */
async function buy(releaseId, memberId) {
    await until('she has one', async () => [200, 201].includes((await claimer(stack, releaseId)(memberId)).status));
    const sold = await sell(stack, desk, `settlement-${memberId}`, (await passOf(stack, memberId)).code, '2000', { atOnce: true });
    assert.equal(sold.json.state, 'SALE_REDEEMED', sold.text);
    return sold.json;
}

before(async () => {
    stack = await Stack.start();
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    union = await placed(stack, '440600');
    await unionAt(stack, union.path, 'coupon');
    shop = await openShop(stack, union);
    desk = await cashier(stack, union, shop.branchId, 7001);
    await done(stack, `/v1/merchants/${shop.merchantId}:setManager`, { memberId: KEEPER }, manager(stack, union.path));
    keeper = memberOf(stack, KEEPER);
    ({ fundId } = await done(stack, `/v1/unions/${union.unionId}/coupon-funds`,
        { name: '送清凉', source: 'BANK', sourceName: '佛山农商银行', terms: { fen: '1000000' } }, finance(801)));
    await done(stack, `/v1/coupon-funds/${fundId}:confirm`, undefined, finance(802));
    const one = { stock: 20, unionId: union.unionId, validDays: 30 };
    releases = [
        await publishRelease(stack, { ...one, faceFen: '500', funding: { fundId }, spending: { merchantPercent: 20 } }),
        await publishRelease(stack, { ...one, faceFen: '300' }),
    ];
    for (let n = 0; n < 4; n++)
        sales.push(await buy(releases[n % 2], 5000 + n));
});
after(() => stack.close());

describe("a merchant's settlement", () => {
    let first;

    test('what was spent is listed to the fen, with whose money it is', async () => {
        const due = await get(`/v1/merchants/${shop.merchantId}/settlement-due`, keeper);
        assert.deepEqual([due.months.reduce((sum, one) => sum + one.n, 0), due.months.reduce((sum, one) => sum + Number(one.fen), 0)], [4, 1400]);
        assertProblem(await prepare(801, { fromDay: day(0), untilDay: day(-1) }), 400, 'SETTLEMENT_DAYS_WRONG');
        assertProblem(await prepare(801, { fromDay: '2026-02-30', untilDay: day(0) }), 400, 'NO_SUCH_DAY');
        assertProblem(await prepare(KEEPER), 403, 'OWN_MERCHANT');
        assertProblem(await stack.post(`/v1/merchants/${shop.merchantId}/settlements`, period(), { token: keeper }), 403, 'NOT_OFFICIAL');
        const made = await prepare();
        assert.equal(made.status, 201, made.text);
        first = made.json.settlementId;
        assert.equal((await prepare(802)).json.settlementId, first, 'one is open for some days');
        const told = await get(`/v1/coupon-settlements/${first}`, keeper);
        assert.deepEqual([told.state, told.nLines, told.totalFen, told.discountFen, told.merchantFen], ['PREPARED', 4, '1400', '1600', '200']);
        assert.deepEqual(told.shares.map((one) => [one.fundId, one.source, one.sourceName, one.fen]),
            [['0', 'FUND_SOURCE_NONE', '', '600'], [fundId, 'BANK', '佛山农商银行', '800']]);
        const lines = await linesOf(first, keeper);
        assert.deepEqual(lines.map((one) => [one.redemptionId, one.saleId, one.fen, one.discountFen, one.kind]),
            sales.map((sale) => [sale.coupons[0].redemptionId, sale.saleId, sale.discountFen === '500' ? '400' : '300', sale.discountFen, 'DUE']));
        // Each line names the row of the journal that says so, and its hash.
        for (const { seq, hash } of lines) {
            const [row] = await stack.query('coupon', `SELECT lower(hex(hash)) AS hash FROM journal WHERE seq = ${seq}`);
            assert.equal(row.hash, hash);
        }
    });

    test('it takes two, and is spent of the fund when the second confirms it', async () => {
        assertProblem(await decide(first, 'confirm', 801), 403, 'HANDS_SAME');
        assertProblem(await decide(first, 'confirm', KEEPER), 403, 'OWN_MERCHANT');
        const before = await money();
        await stack.kill('coupon');
        stack.spawn('coupon');
        await stack.serves('coupon');
        await until('it is confirmed', async () => (await decide(first, 'confirm')).json.state === 'CONFIRMED');
        await stack.kill('coupon');
        stack.spawn('coupon');
        await stack.serves('coupon');
        assert.deepEqual(await money(), [String(Number(before[0]) - 800), '800']);
        assertProblem(await prepare(), 409, 'NOTHING_REDEEMED');
        assertProblem(await decide(first, 'reject'), 409, 'SETTLEMENT_DECIDED');
    });

    test("the merchant's own file is compared with it line by line", async () => {
        const { text } = await stack.get(`/v1/coupon-settlements/${first}/csv`, { token: keeper });
        const rows = text.replace('\ufeff', '').trim().split('\r\n').map((row) => row.split(','));
        assert.deepEqual([rows.length, rows[0][2], rows[0][4]], [5, '核销号', '应付(元)']);
        const own = rows.slice(1).map((row) => [row[2], row[4]]);
        const compared = async (file) => (await stack.post(`/v1/coupon-settlements/${first}:reconcile`,
            { csv: `我们的号,金额\n${file.map((row) => row.join(',')).join('\n')}\n` }, { token: keeper })).json;
        assert.deepEqual(await compared(own), { differences: [], same: 4, oursFen: '1400', theirsFen: '1400' });
        const [right, dearer, missing, last] = own;
        const found = await compared([right, [dearer[0], '3.50'], ['42', '1'], last]);
        assert.deepEqual([found.same, found.theirsFen], [2, '1150']);
        assert.deepEqual(found.differences.map((one) => [one.kind, one.thingId, one.oursFen ?? '0', one.theirsFen ?? '0']), [
            ['ONLY_THEIRS', '42', '0', '100'], ['OTHER_AMOUNT', dearer[0], '300', '350'], ['ONLY_OURS', missing[0], '400', '0']]);
        const stranger = memberOf(stack, 9999);
        assertProblem(await stack.get(`/v1/coupon-settlements/${first}/csv`, { token: stranger }), 403, 'NOT_YOUR_MERCHANT');
    });

    test('what is undone afterwards is taken back by the next', async () => {
        const undone = await onSale(stack, desk, sales[0].saleId, 'reverse', { reason: '退货' });
        assert.equal(undone.json.state, 'SALE_REVERSED', undone.text);
        sales.push(await buy(releases[1], 5010));
        const made = await prepare();
        assert.deepEqual([made.status, made.json.nLines, made.json.totalFen], [201, 2, '-100'], made.text);
        const [taken] = await linesOf(made.json.settlementId);
        assert.deepEqual([taken.kind, taken.saleId, taken.fen, taken.discountFen], ['CORRECTION', sales[0].saleId, '-400', '-500']);
        // What is undone while it waits makes it stale.
        assert.equal((await onSale(stack, desk, sales[4].saleId, 'reverse', { reason: '退货' })).status, 200);
        assertProblem(await decide(made.json.settlementId, 'confirm'), 409, 'REDEMPTIONS_CHANGED');
        assert.equal((await decide(made.json.settlementId, 'reject')).json.state, 'REJECTED');
        const again = await prepare();
        assert.deepEqual([again.json.nLines, again.json.totalFen], [1, '-400']);
        assert.equal((await decide(again.json.settlementId, 'confirm')).json.state, 'CONFIRMED');
        assert.equal((await money())[1], '400');
        const list = await get(`/v1/unions/${union.unionId}/coupon-settlements?state=CONFIRMED`);
        assert.deepEqual(list.settlements.map((one) => one.settlementId), [again.json.settlementId, first]);
        assert.equal((await get(`/v1/merchants/${shop.merchantId}/settlements`, keeper)).settlements.length, 3);
    });

    test('it is paid once, to the account that two have put on record, and no account is found in the store', async () => {
        const payees = `/v1/merchants/${shop.merchantId}/payees`;
        const invoices = `/v1/coupon-settlements/${first}/invoices`;
        const pay = (reference) => stack.post(`/v1/coupon-settlements/${first}:pay`,
            { reference, paidAt: new Date().toISOString() }, { token: finance(801) });
        assert.equal((await stack.post(invoices, { number: '12345678', title: '佛山市总工会', fen: '1400' },
            { token: finance(801), key: randomUUID() })).status, 201);
        assertProblem(await pay('CCB1'), 409, 'PAYEE_MISSING');
        const { payeeAccountId } = await done(stack, payees, { name: '好味餐饮有限公司', bank: '佛山农商银行', number: ACCOUNT }, finance(801));
        assertProblem(await stack.post(`/v1/coupon-payees/${payeeAccountId}:confirm`, undefined, { token: finance(801) }), 403, 'HANDS_SAME');
        await done(stack, `/v1/coupon-payees/${payeeAccountId}:confirm`, undefined, finance(802));
        assert.equal((await get(payees)).inForce.number, ACCOUNT);
        assertProblem(await stack.get(payees, { token: keeper }), 403, 'NOT_OFFICIAL');
        assert.equal((await pay('CCB1')).status, 201);
        assert.equal((await pay('CCB1')).status, 200);
        assertProblem(await pay('CCB2'), 409, 'PAID_ALREADY');
        const { paidAt } = await get(`/v1/coupon-settlements/${first}`, keeper);
        assert.ok(Date.parse(paidAt) <= Date.now());
        const payment = await get(`/v1/coupon-settlements/${first}/payment`, keeper);
        assert.deepEqual([payment.state, payment.reference, payment.fen], ['PAYMENT_MADE', 'CCB1', '1400']);
        for (const file of readdirSync(stack.path('store', 'coupon')))
            assert.ok(!readFileSync(stack.path('store', 'coupon', file)).includes(ACCOUNT), file);
    });

    test('statements come to what is spent, and the fund and the numbers say the same', async () => {
        const [{ fen }] = await stack.query('coupon', 'SELECT sum(union_fen) AS fen FROM redemption WHERE state = 2');
        const [{ total }] = await stack.query('coupon', 'SELECT sum(total_fen) AS total FROM statement WHERE state = 2');
        assert.deepEqual([fen, total], [1000, 1000]);
        const numbers = await get(`/v1/releases/${releases[0]}/numbers`, manager(stack, union.path));
        assert.deepEqual([numbers.all.granted, numbers.all.redeemed, numbers.all.redeemedFen], ['2', '1', '500']);
        await stack.assertCleanAudits();
    });
});
