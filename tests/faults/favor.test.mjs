// Coupons of WeChat while the bridge and who owes them are killed at random: nobody has two, and none is lost.
//   FAVOR_KILLS=1000 node --test tests/faults/favor.test.mjs        (20 without it; FAVOR_SEED repeats a run)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { favors } from '../system/favors.mjs';
import { until } from '../system/stack.mjs';
import { beginPaying } from '../system/wechatpays.mjs';
import { chance } from './chance.mjs';

const kills = Number(process.env.FAVOR_KILLS ?? 20), seed = Number(process.env.FAVOR_SEED ?? Date.now() % 1000000);

test(`each coupon is given once over ${kills} kills (seed ${seed})`, async () => {
    const random = chance(seed), next = () => random.next().value, pick = (list) => list[Math.floor(next() * list.length)];
    const paying = await beginPaying({ users: 2 * kills }), { pay, stack, people } = paying, favor = favors(paying);
    const releaseId = await favor.open({ stockPerDay: people.length, ms: 4000 });
    const faults = [
        { path: 'send', drop: true, after: true }, { path: 'send', drop: true }, { path: 'send', status: 500, after: true }, { path: 'send', status: 500 },
        { path: 'send', status: 429, code: 'FREQUENCY_LIMITED' }, { path: 'send', status: 403, code: 'RULE_LIMIT' }, { path: 'send', sign: 'bad' },
    ];
    const owed = new Map(), used = new Set();
    for (let i = 0; i < kills; i++) {
        if (next() < 0.6)
            pay.fault(pick(faults));
        const claims = people.slice(2 * i, 2 * i + 2).map(async (who) => {
            owed.set(await until('she has a coupon', async () => (await favor.claim(releaseId, who)).json?.couponId), who);
        });
        await new Promise((go) => setTimeout(go, next() * 150));
        await stack.restart(pick(['bridge', 'bridge', 'coupon']));
        await Promise.all(claims);
        const [there] = [...pay.favor.coupons.values()].filter(({ id, status }) => status === 'SENDED' && !used.has(id));
        if (there && next() < 0.5) {
            used.add(there.id);
            pay.favor.use(there.id);
        }
    }
    pay.faults.length = 0;
    await until('all are given, and all uses told', async () => {
        await pay.callbacks.deliver();
        const [{ given, uses }] = await stack.query('bridge', 'SELECT count(*) FILTER (WHERE state IN (2, 3)) AS given, count(*) FILTER (WHERE state = 3) AS uses FROM send');
        return given === people.length && uses === used.size;
    }, { ms: 120000 + 1000 * kills, every: 300 });
    const theirs = [...pay.favor.coupons.values()].map(({ request, id, openid, status }) => ({ request, id, openid, used: status === 'USED' }));
    const ours = (await stack.query('bridge', 'SELECT CAST(coupon_id AS TEXT) AS request, number AS id, state = 3 AS used FROM send'))
        .map(({ request, id, used: was }) => ({ request, id, openid: owed.get(request)?.openid, used: was === 1 }));
    const order = (list) => list.sort((a, b) => (a.request < b.request ? -1 : 1));
    assert.equal(theirs.length, people.length, 'nobody has two, none is lost');
    assert.deepEqual(order(ours), order(theirs), "the provider's ledger is ours");
    await until('coupon has heard of all', async () => (await stack.query('coupon', 'SELECT count(*) AS n FROM voucher WHERE state IN (2, 3)'))[0].n === people.length);
    assert.deepEqual(await stack.query('coupon', 'SELECT count(*) AS n FROM voucher WHERE state = 3'), [{ n: used.size }]);
    assert.deepEqual(await paying.cases(), []);
    await paying.close();
});
