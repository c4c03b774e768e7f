// kill -9 of coupon while coupons are spent at eight counters, points are ordered with, seats are taken and given back, and
// a lot is entered and drawn: what was given is what was taken of the stock, nothing is spent that was not given, and each
// once; a person's points are those of her lots.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chance, mint, newSeed, unionsCsv } from '../system/people.mjs';
import { claimer, openRelease, publishRelease } from '../system/releases.mjs';
import { Stack, until } from '../system/stack.mjs';
import { cashier, done, manager, memberOf, onSale, openShop, sell } from '../system/merchants.mjs';
import { placed, unionAt } from '../system/unions.mjs';
import { untilKnown, underKills } from './load.mjs';

const KILLS = 6, DAY = 86400000;
const ids = (first, n) => Array.from({ length: n }, (_, i) => first + i);

/** Runs a test with a stack that has a union, and known(request), which repeats until the outcome is known. */
function withUnion(n, fn) {
    return Stack.with({}, async (stack) => {
        const random = chance(newSeed() + n);
        let retries = 0;
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        const union = await placed(stack, '440600');
        await unionAt(stack, union.path, 'coupon');
        await fn(stack, union, (request) => untilKnown(request, random, () => retries++), random);
        assert.ok(retries > 0, 'the kills were felt');
        await stack.assertCleanAudits();
    });
}
const kept = (stack, sql) => stack.query('coupon', sql);
const count = async (stack, sql) => (await kept(stack, `SELECT count(*) AS n FROM ${sql}`))[0].n;

const finance = (stack, union, memberId) => mint(stack.tokenKey(), { memberId, unionPath: union.path, grants: [{ role: 'FINANCE', unionPath: union.path }] });
const dayOfChina = () => new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10);

/** A fund of so many fen, opened by two. */
async function fundOf(stack, union, fen) {
    const { fundId } = await done(stack, `/v1/unions/${union.unionId}/coupon-funds`,
        { name: '消费券', source: 'DUES', terms: { fen: String(fen) } }, finance(stack, union, 801));
    await done(stack, `/v1/coupon-funds/${fundId}:confirm`, undefined, finance(stack, union, 802));
    return fundId;
}

/** Four officials do the same at once, while coupon is killed twice. */
async function underStatements(stack, random, work) {
    await underKills(stack, 'coupon', { kills: 2, random, items: [811, 812, 813, 814, 815, 816, 817, 818], clients: 2 }, work);
}

describe('what members are given survives', () => {
    test(`kill -9 of coupon, ${KILLS} times, while coupons are spent at eight counters`, () => withUnion(1, async (stack, union, known, random) => {
        const people = ids(1000, 120), stock = 100;
        const { branchId, merchantId } = await openShop(stack, union);
        const desks = [];
        for (const id of ids(7000, 8))
            desks.push(await cashier(stack, union, branchId, id));
        const fund = await fundOf(stack, union, stock * 500);
        const releaseId = await openRelease(stack, { stock, faceFen: '500', thresholdFen: '500', unionId: union.unionId, funding: { fundId: fund } });
        const claim = claimer(stack, releaseId);
        const coupons = new Map(), sales = new Map(), reversed = new Set();
        await underKills(stack, 'coupon', { kills: KILLS, random, items: people }, async (she) => {
            const claimed = await known(() => claim(she));
            if (claimed.status >= 300)
                return assert.equal(claimed.json.reason, 'SOLD_OUT', claimed.text);
            coupons.set(she, claimed.json.couponId);
            const { json: { code } } = await known(() => stack.post('/v1/me/coupon-passes', {}, { token: memberOf(stack, she) }));
            // Two desks read it at once; each sends its purchase until it knows.
            const two = [0, 1].map(() => [desks[Math.floor(random() * 8)], `sale-${she}-${Math.floor(random() * 1e9)}`]);
            const answers = await Promise.all(two.map(([desk, ref]) => known(() => sell(stack, desk, ref, code, '2000', { atOnce: true }))));
            const good = answers.filter((one) => one.status < 300);
            for (const one of answers.filter((other) => !good.includes(other)))
                assert.ok(['NO_COUPON_FITS', 'COUPON_PASS_STALE'].includes(one.json.reason), one.text);
            assert.ok(good.length <= 1, 'one of them has it');
            if (!good.length)
                return;
            sales.set(she, good[0].json.saleId);
            if (she % 5 === 0) {
                const undone = await known(() => onSale(stack, two[answers.indexOf(good[0])][0], good[0].json.saleId, 'reverse', { reason: '退货' }));
                assert.equal(undone.json.state, 'SALE_REVERSED', undone.text);
                reversed.add(she);
            }
        });
        assert.equal(coupons.size, stock);
        assert.equal(await count(stack, `claim WHERE release_id = ${releaseId}`), stock, 'granted is what was taken of the stock');
        assert.ok(sales.size > stock / 2, 'most were spent');
        const spent = await kept(stack, 'SELECT CAST(coupon_id AS TEXT) AS coupon, CAST(sale_id AS TEXT) AS sale, state FROM redemption');
        assert.equal(await count(stack, 'redemption WHERE coupon_id NOT IN (SELECT coupon_id FROM claim)'), 0, 'only what was granted is spent');
        for (const [she, saleId] of sales)
            assert.deepEqual(spent.filter((one) => one.coupon === coupons.get(she)), [{ coupon: coupons.get(she), sale: saleId, state: reversed.has(she) ? 3 : 2 }]);
        assert.equal(spent.length, sales.size, 'nothing is spent that nobody was told of');
        // Two prepare statements of it and two confirm them, while coupon is killed: each is one statement's, once.
        const path = `/v1/merchants/${merchantId}/settlements`, today = dayOfChina();
        await underStatements(stack, random, async (who) => {
            const made = await known(() => stack.post(path, { fromDay: today, untilDay: today }, { token: finance(stack, union, who) }));
            if (made.status >= 300)
                return assert.equal(made.json.reason, 'NOTHING_REDEEMED', made.text);
            const { settlementId } = made.json;
            const sure = await known(() => stack.post(`/v1/coupon-settlements/${settlementId}:confirm`, undefined, { token: finance(stack, union, who + 10) }));
            assert.ok(sure.status < 300 || ['HANDS_OVER', 'HANDS_SAME'].includes(sure.json.reason), sure.text);
        });
        const redeemed = (sales.size - reversed.size) * 500;
        assert.equal((await kept(stack, 'SELECT sum(fen) AS fen FROM redemption WHERE state = 2'))[0].fen, redeemed);
        assert.equal((await kept(stack, 'SELECT sum(total_fen) AS fen FROM statement WHERE state = 2'))[0].fen, redeemed, 'the sum of statements is that of redemptions');
        const { spentFen } = (await stack.get(`/v1/coupon-funds/${fund}`, { token: finance(stack, union, 801) })).json;
        assert.equal(Number(spentFen), redeemed, 'and what the budget has spent');
    }));

    test(`kill -9 of coupon, ${KILLS} times, while points are ordered with`, () => withUnion(2, async (stack, union, known, random) => {
        const people = ids(2000, 120), stock = 80, official = manager(stack, union.path), second = manager(stack, union.path, 902);
        const { ledgerId } = await done(stack, '/v1/point-ledgers', { ledger: { unionId: union.unionId, name: '惠工积分' } }, official);
        const { cornerId } = await done(stack, '/v1/corners', { corner: { unionId: union.unionId, name: '职工e家', address: '亲仁路6号' } }, official);
        const { goodsId } = await done(stack, '/v1/shop-goods',
            { goods: { unionId: union.unionId, title: '大米5kg', ledgerId, points: '30', stock, cornerIds: [cornerId] } }, official);
        await done(stack, `/v1/shop-goods/${goodsId}:offer`, {}, official);
        for (const points of ['20', '25']) { // two lots, of which an order takes the older one whole
            const gift = { memberIds: people, points, validDays: 30, remark: '运动会志愿者' };
            const { giftId } = await done(stack, `/v1/point-ledgers/${ledgerId}/gifts`, { gift }, official);
            await done(stack, `/v1/point-gifts/${giftId}:confirm`, {}, second);
        }
        await until('all have their points', async () => await count(stack, 'points_lot') === 2 * people.length);
        const orders = new Map(), cancelled = new Set();
        await underKills(stack, 'coupon', { kills: KILLS, random, items: people }, async (she) => {
            const token = memberOf(stack, she, { unionPath: union.path });
            const key = `order-${she}`;
            const ordered = await known(() => stack.post(`/v1/shop-goods/${goodsId}/orders`, { cornerId }, { token, key }));
            if (ordered.status >= 300)
                return assert.equal(ordered.json.reason, 'GOODS_SOLD_OUT', ordered.text);
            orders.set(she, ordered.json.orderId);
            if (she % 4)
                return;
            const over = await known(() => stack.post(`/v1/me/shop-orders/${ordered.json.orderId}:cancel`, {}, { token }));
            assert.equal(over.json.state, 'ORDER_CANCELLED', over.text);
            cancelled.add(she);
        });
        const rows = await kept(stack, 'SELECT CAST(order_id AS TEXT) AS id, member_id AS she, state FROM shop_order');
        assert.equal(rows.length, orders.size, 'nobody has an order that she was not told of');
        for (const row of rows)
            assert.deepEqual([row.id, row.state], [orders.get(row.she), cancelled.has(row.she) ? 4 : 1]);
        const { goods } = (await stack.get('/v1/shop-goods', { token: official })).json;
        assert.equal(Number(goods.find((one) => one.goodsId === goodsId).sold), orders.size - cancelled.size, 'sold is what was taken of the stock');
        assert.ok(orders.size - cancelled.size <= stock);
        for (const she of people) {
            const { balances } = (await stack.get('/v1/me/points', { token: memberOf(stack, she, { unionPath: union.path }) })).json;
            assert.equal(Number(balances[0].points), orders.has(she) && !cancelled.has(she) ? 15 : 45);
        }
        assert.equal(await count(stack, `(SELECT member_id, sum(points) AS points FROM points_entry GROUP BY member_id) e
            JOIN (SELECT member_id, sum(rest) AS rest FROM points_lot GROUP BY member_id) l USING (member_id) WHERE e.points <> l.rest`), 0, 'her points are those of her lots');
    }));

    test(`kill -9 of coupon, ${KILLS} times, while seats are taken and given back`, () => withUnion(3, async (stack, union, known, random) => {
        const people = ids(3000, 120), seats = 60;
        const departsAt = new Date(Date.now() + 5 * DAY).toISOString();
        const releaseId = await openRelease(stack, { stock: 0, way: 'TICKETS',
            tickets: { classes: [{ title: '二等座' }], departures: [{ title: 'G4821', departsAt, quotas: [seats] }], returnHours: 1 } });
        const has = new Map(), returned = new Set(), waits = new Set();
        await underKills(stack, 'coupon', { kills: KILLS, random, items: people }, async (she) => {
            const token = memberOf(stack, she);
            const taken = await known(() => stack.post(`/v1/releases/${releaseId}/seats`, {}, { token }));
            if (taken.status >= 300) {
                assert.ok(['NO_SEAT_LEFT', 'SOLD_OUT'].includes(taken.json.reason), taken.text);
                const waiting = await known(() => stack.post(`/v1/releases/${releaseId}/waiting`, {}, { token }));
                if (waiting.status < 300)
                    waits.add(she);
                else
                    assert.equal(waiting.json.reason, 'SEATS_LEFT', waiting.text);
                return;
            }
            has.set(she, taken.json.couponId);
            if (she % 6)
                return;
            const back = await known(() => stack.post(`/v1/me/seats/${taken.json.couponId}:return`, {}, { token }));
            assert.ok(back.json.returnedAt, back.text);
            returned.add(she);
        });
        assert.ok(returned.size > 0 && waits.size > 0, 'seats came back, and somebody waited');
        const cell = () => kept(stack, 'SELECT taken, quota, waiting FROM ticket_cell');
        await until('what came back is given to who waits', async () => (await cell())[0].taken === seats || (await cell())[0].waiting === 0);
        const standing = await kept(stack, 'SELECT CAST(coupon_id AS TEXT) AS coupon, member_id AS she FROM ticket_seat JOIN claim USING (coupon_id) WHERE freed_at = 0');
        assert.equal(standing.length, (await cell())[0].taken, 'taken is what somebody has');
        assert.ok(standing.length <= seats);
        assert.equal(new Set(standing.map((one) => one.she)).size, standing.length, 'one each');
        for (const [she, coupon] of has) {
            const hers = standing.filter((one) => one.she === she);
            assert.deepEqual(hers.map((one) => one.coupon), returned.has(she) ? [] : [coupon]);
        }
        for (const { she } of standing.filter((one) => !has.has(one.she)))
            assert.ok(waits.has(she), 'only who waited was called up');
    }));

    test('kill -9 of coupon while a lot is entered and drawn', () => withUnion(4, async (stack, union, known, random) => {
        const people = ids(4000, 100), stock = 30, seconds = 25;
        const releaseId = await publishRelease(stack, { stock, way: 'LOT', allowance: 'ONE_PER_DAY', lot: { entrySeconds: seconds } });
        await until('it opens', async () => (await stack.post(`/v1/releases/${releaseId}/entries`, {}, { token: memberOf(stack, people[0]) })).status < 300);
        const entered = new Set();
        await underKills(stack, 'coupon', { kills: 3, random, items: people }, async (she) => {
            const answer = await known(() => stack.post(`/v1/releases/${releaseId}/entries`, {}, { token: memberOf(stack, she) }));
            if (answer.status < 300)
                entered.add(she);
            else
                assert.equal(answer.json.reason, 'LOT_ENTRIES_CLOSED', answer.text);
        });
        const lot = async () => (await stack.get(`/v1/releases/${releaseId}/lots`)).json.lots?.[0];
        for (let last = '', kills = 0; last !== 'PUBLISHED' || kills < 2;) {
            const now = await until('the lot goes on', async () => {
                const { stage } = (await lot())?.lot ?? {};
                return stage && (stage !== last || stage === 'PUBLISHED') && stage;
            }, { ms: 90000 });
            last = now;
            await stack.restart('coupon');
            await stack.serves('coupon');
            kills++;
        }
        const won = stock < entered.size ? stock : entered.size;
        await until('all have what they won', async () => await count(stack, `claim WHERE release_id = ${releaseId}`) === won);
        const states = [];
        for (const she of people) {
            const { json } = await known(() => stack.get(`/v1/me/releases/${releaseId}/entry?lotId=0`, { token: memberOf(stack, she) }));
            states.push(json.state);
            assert.equal(entered.has(she), Boolean(Number(json.entryId)), 'who was told that she is in is in, and nobody else');
        }
        assert.equal(states.filter((one) => one === 'WON').length, won);
        assert.equal((await lot()).entrants, String(entered.size));
        assert.equal(await count(stack, `(SELECT 1 FROM claim WHERE release_id = ${releaseId} GROUP BY member_id HAVING count(*) > 1)`), 0, 'one each');
    }));
});
