// Coupons of WeChat behind a release: from a stock made by two hands to what is in her cards, and used.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { favors } from './favors.mjs';
import { assertProblem } from './http.mjs';
import { until } from './stack.mjs';
import { APIV3_KEY, MCHID, beginPaying } from './wechatpays.mjs';

describe('coupons of WeChat', () => {
    let paying, pay, stack, li, wu, favor;

    before(async () => {
        paying = await beginPaying();
        ({ pay, stack, people: [li, wu] } = paying);
        favor = favors(paying);
    });
    after(() => paying.close());

    async function taken(releaseId, who) {
        const answer = await favor.claim(releaseId, who);
        assert.equal(answer.status, 201, answer.text);
        return answer.json.couponId;
    }
    /** She has it once, by the provider's ledger as by ours. */
    async function givenOnce(couponId, who) {
        const { state } = await favor.coupon(who, couponId, 'SENT');
        assert.equal(state, 'GRANTED');
        assert.deepEqual(favor.given().filter(({ request }) => request === couponId), [{ request: couponId, openid: who.openid, status: 'SENDED' }]);
    }

    test('a form that WeChat would not take is refused with its own reason', async () => {
        const later = (days) => ({ validUntil: new Date(Date.now() + days * 86400000).toISOString() });
        const cases = [
            [{ thresholdFen: '299' }, 'BACKING_THRESHOLD', 'release.thresholdFen'],
            [{ thresholdFen: '0' }, 'BACKING_THRESHOLD', 'release.thresholdFen'],
            [{ spending: undefined }, 'BACKING_DATES', 'release.spending.validUntil'],
            [{ spending: later(91) }, 'BACKING_DATES', 'release.spending.validUntil'],
            [{ spending: { ...later(30), atMost: 2 } }, 'BACKING_SPENDING', 'release.spending'],
            [{ backing: { name: '一二三四五六七八九十', description: 'x' } }, 'BACKING_NAME_WRONG', 'release.backing.name'],
            [{ backing: { name: 'a_b', description: 'x' } }, 'BACKING_NAME_WRONG', 'release.backing.name'],
            [{ backing: { name: 'a' } }, 'MISSING_FIELD', 'release.backing.description'],
            [{ days: 70, allowance: 'ONE_PER_DAY', spending: later(80) }, 'BACKING_EACH', 'release.days'],
        ];
        for (const [more, reason, field] of cases)
            assertProblem(await favor.draft(more), 400, reason, field);
    });

    test('a stock is made, started and paused by two officials of finance, and then it is published', async () => {
        const made = await favor.draft(), { releaseId } = made.json.release;
        assert.equal(made.json.release.backing.state, 'BACKING_DRAFTED');
        const publish = () => stack.post(`/v1/releases/${releaseId}:publish`, undefined, { token: favor.official(1) });
        assertProblem(await publish(), 409, 'BACKING_NOT_RUNNING');
        assertProblem(await favor.on(releaseId, 'propose', 901, { step: 'STOCK_START' }), 409, 'BACKING_NOT_NOW');
        assertProblem(await favor.on(releaseId, 'confirm', 901), 409, 'BACKING_DECIDED');
        assert.equal((await favor.on(releaseId, 'propose', 901, { step: 'STOCK_CREATE' })).json.proposed, 'STOCK_CREATE');
        assertProblem(await favor.on(releaseId, 'confirm', 901), 403, 'HANDS_SAME');
        assert.equal((await favor.on(releaseId, 'refuse', 902)).json.proposed, 'BACKING_STEP_NONE');
        assert.equal(pay.favor.stocks.size, 0);
        const { stock: number } = await favor.step(releaseId, 'CREATE', 'READY'), stock = pay.favor.stocks.get(number);
        assert.deepEqual(stock.coupon_use_rule.fixed_normal_coupon, { coupon_amount: 299, transaction_minimum: 300 });
        assert.deepEqual([stock.stock_use_rule.max_coupons, stock.stock_use_rule.max_amount, stock.stock_use_rule.max_coupons_per_user], [10, 2990, 1]);
        assert.deepEqual([stock.stock_name, stock.no_cash, stock.belong_merchant], ['早餐立减金', false, MCHID]);
        assertProblem(await publish(), 409, 'BACKING_NOT_RUNNING');
        await favor.step(releaseId, 'START', 'RUNNING');
        await favor.step(releaseId, 'PAUSE', 'PAUSED');
        assert.equal(stock.status, 'paused');
        await favor.step(releaseId, 'RESTART', 'RUNNING');
        assert.equal((await publish()).status, 200);
        assertProblem(await stack.get('/v1/releases/1/wechat-stock', { token: favor.official(901) }), 404, 'RELEASE_NOT_FOUND');
    });

    test('what she has won is in her cards, and it is no coupon for our counters', async () => {
        const releaseId = await favor.open();
        await givenOnce(await taken(releaseId, li), li);
        assert.equal((await favor.claim(releaseId, li)).json.couponId, favor.given()[0].request, 'a second claim is the first one');
    });

    const faults = {
        'the provider gives it and its answer is lost': { drop: true, after: true },
        'the request is lost': { drop: true },
        'SYSTEM_ERROR, and it was given': { status: 500, code: 'SYSTEM_ERROR', after: true },
        'SYSTEM_ERROR, and it was not': { status: 500, code: 'SYSTEM_ERROR' },
        'FREQUENCY_LIMITED': { status: 429, code: 'FREQUENCY_LIMITED' },
        'RULE_LIMIT by mistake': { status: 403, code: 'RULE_LIMIT' },
        'an answer with a signature that is not right': { sign: 'bad' },
    };
    test('she has each once, whatever fails', async () => {
        const releases = [];
        for (const fault of Object.values(faults))
            releases.push([await favor.open(), fault]);
        for (const [releaseId, fault] of releases) {
            pay.fault({ path: 'send', ...fault });
            await givenOnce(await taken(releaseId, wu), wu);
        }
    });

    test('a stock is made once though the answer was lost, and one that WeChat refuses says so', async () => {
        const before = pay.favor.stocks.size;
        pay.fault({ path: 'stock', drop: true, after: true });
        const { releaseId } = (await favor.draft()).json.release;
        await favor.step(releaseId, 'CREATE', 'READY');
        assert.equal(pay.favor.stocks.size, before + 1);
        const other = (await favor.draft()).json.release.releaseId;
        pay.fault({ path: 'stock', status: 400, code: 'PARAM_ERROR' });
        const refused = await favor.step(other, 'CREATE', 'DRAFTED');
        assert.deepEqual([refused.reason, refused.stock], ['STOCK_REFUSED', '']);
        await favor.step(other, 'CREATE', 'READY');
    });

    test('while a stock is paused she waits, and is told so; then it is sent', async () => {
        const releaseId = await favor.open();
        await favor.step(releaseId, 'PAUSE', 'PAUSED');
        const couponId = await taken(releaseId, li);
        await until('she is told', async () => (await favor.coupon(li, couponId, 'PENDING')).voucher.reason === 'VOUCHER_ON_HOLD');
        await favor.step(releaseId, 'RESTART', 'RUNNING');
        await givenOnce(couponId, li);
    });

    test('what she pays with is used: told once, late, twice or forged', async () => {
        const releaseId = await favor.open(), couponId = await taken(releaseId, wu);
        await givenOnce(couponId, wu);
        const [{ id }] = [...pay.favor.coupons.values()].filter(({ request }) => request === couponId);
        const plain = { ...pay.favor.told(pay.favor.coupons.get(id)), status: 'USED', consume_information: { consume_time: '2026-01-01T00:00:00+08:00' } };
        const url = `http://127.0.0.1:${stack.port}/v1/callbacks/wechat-pay`, forge = (more) => pay.callbacks.forge({ mchid: MCHID, url, event: 'COUPON.USE', type: 'coupon', plain, ...more });
        for (const kind of ['signature', 'stale', 'altered', 'probe', 'serial', 'unsealed'])
            assert.ok([400, 401, 503].includes(await forge({ kind })), kind);
        assert.equal((await favor.coupon(wu, couponId, 'SENT')).state, 'GRANTED');
        pay.callbacks.ways.times = 20;
        pay.favor.use(id);
        const used = await favor.coupon(wu, couponId, 'USED');
        pay.callbacks.ways.times = 1;
        assert.equal(used.state, 'REDEEMED');
        assert.ok(Math.abs(Date.parse(used.redeemedAt) - Date.now()) < 60000);
        assert.equal((await stack.query('bridge', `SELECT count(*) AS n FROM send WHERE coupon_id = ${couponId} AND state = 3`))[0].n, 1);
        assert.deepEqual(await paying.cases(), []);
    });

    /** The next day for a stock: its files are asked for, and what they say is looked at. */
    async function readFlows(releaseId) {
        const before = pay.asked('flow').length;
        const { code, stderr } = await stack.inside('bridge', ['sqlite3', '-cmd', '.timeout 10000', stack.store('bridge'), `UPDATE stock SET flow_at = 1 WHERE release_id = ${releaseId}`]);
        assert.equal(code, 0, stderr);
        await until('both files are asked for', () => pay.asked('flow').length === before + 2, { ms: 60000 });
        await until('they are looked at', async () => (await stack.query('bridge', `SELECT flow_at > 1 AS done FROM stock WHERE release_id = ${releaseId}`))[0].done === 1);
    }

    test('what nobody told is in the day\'s files: a use, a purchase given back, and what is not explained', async () => {
        const releaseId = await favor.open(), mine = await taken(releaseId, li), hers = await taken(releaseId, wu);
        await givenOnce(mine, li);
        await givenOnce(hers, wu);
        const there = (couponId) => [...pay.favor.coupons.values()].find(({ request }) => request === couponId).id;
        for (const couponId of [mine, hers])
            pay.favor.use(there(couponId), { tell: false });
        await readFlows(releaseId);
        assert.equal((await favor.coupon(li, mine, 'USED')).state, 'REDEEMED');
        await favor.coupon(wu, hers, 'USED');
        pay.favor.refund(there(mine));
        pay.favor.refund(there(hers), { fen: 100 });
        await readFlows(releaseId);
        assert.equal((await favor.coupon(li, mine, 'SENT')).state, 'GRANTED', 'she may use it again');
        await favor.coupon(wu, hers, 'USED');
        assert.deepEqual((await paying.cases()).map(({ kind, number, ourFen, theirFen }) => [kind, number, ourFen, theirFen]), [['PAY_CASE_DIFFERS', there(hers), '299', '199']]);
        const [{ uses, used_fen: usedFen }] = await stack.query('bridge', `SELECT uses, used_fen FROM flow_day WHERE release_id = ${releaseId}`);
        assert.deepEqual([uses, usedFen], [2, 598]);
    });

    test('no secret is in a log, nor whose WeChat it is', async () => {
        const seen = [JSON.stringify(Object.values(stack.logs).map(({ lines, noise }) => [lines, noise])), ...['bridge', 'coupon'].flatMap((name) => [stack.store(name), `${stack.store(name)}-wal`]).map((path) => readFileSync(path, 'latin1'))];
        for (const secret of [APIV3_KEY, li.openid, wu.openid])
            seen.forEach((text, i) => assert.ok(!text.includes(secret), `secret in ${i}`));
    });
});
