// Payments while the bridge and who orders them are killed at random: every order is paid once, under one number.
//   PAY_KILLS=1000 node --test tests/faults/pay.test.mjs        (20 without it; PAY_SEED repeats a run)
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../system/stack.mjs';
import { beginPaying } from '../system/wechatpays.mjs';
import { chance } from './chance.mjs';
import { TRANSFER_FAULTS } from './provider.mjs';

const kills = Number(process.env.PAY_KILLS ?? 20), seed = Number(process.env.PAY_SEED ?? Date.now() % 1000000);

test(`every order is paid once over ${kills} kills (seed ${seed})`, async () => {
    const random = chance(seed), next = () => random.next().value, pick = (list) => list[Math.floor(next() * list.length)];
    const paying = await beginPaying({ users: 4, ways: { confirm: true }, settings: { bridge: { HUIGONG_PAY_PERSON_DAY: 100000000 } } });
    const { pay, stack, people } = paying, owed = new Map(people.map(({ openid }) => [openid, 0]));
    let orders = 0;
    for (let i = 0; i < kills; i++) {
        for (let n = 0; n < 3; n++) {
            const who = pick(people), fen = 100 + Math.floor(next() * 900);
            paying.order(who, fen);
            owed.set(who.openid, owed.get(who.openid) + fen);
            orders++;
        }
        if (next() < 0.5)
            pay.fault(pick(TRANSFER_FAULTS));
        const victim = pick(['bridge', 'bridge', 'subsidy']);
        await new Promise((go) => setTimeout(go, next() * 120));
        await stack.restart(victim);
    }
    pay.faults.length = 0;
    await until('all is paid', async () => {
        await pay.callbacks.deliver();
        return (await stack.query('bridge', 'SELECT count(*) AS n FROM payout WHERE state = 5'))[0]?.n === orders;
    }, { ms: 120000 + 200 * kills, every: 200 });
    const bills = [...pay.transfers.bills.values()];
    assert.equal(bills.length, orders, 'one number for each order');
    assert.ok(bills.every(({ state }) => state === 'SUCCESS'));
    for (const [openid, fen] of owed)
        assert.equal(pay.purses.get(openid) ?? 0, fen);
    const [ours] = await stack.query('bridge', 'SELECT sum(fen) AS fen, count(DISTINCT number) AS numbers, count(DISTINCT order_id) AS orders FROM payout');
    assert.deepEqual(ours, { fen: [...owed.values()].reduce((a, b) => a + b), numbers: orders, orders });
    await until('the source has heard of all, once', async () => (await stack.query('subsidy', 'SELECT count(*) AS n FROM ordered WHERE paid = 1 AND numbers = 1'))[0]?.n === orders);
    assert.deepEqual(await paying.cases(), []);
    await paying.close();
});
