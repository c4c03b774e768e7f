// Claims in numbers, under kill -9 of coupon at random moments: 20,000, or as many as HG_CLAIMS says (tests/faults/million).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chance, newSeed } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { Stack } from '../system/stack.mjs';
import { CLIENTS, Load, underKills } from './load.mjs';

const CLAIMS = Number(process.env.HG_CLAIMS ?? 20000), KILLS = Math.max(10, Math.floor(CLAIMS / 10000)), PAGE = 50000;

/** Of each coupon only its number is kept. */
class Many extends Load {
    async take(member) {
        await super.take(member);
        if (this.granted.has(member))
            this.granted.set(member, this.granted.get(member).couponId);
    }
}

test(`${CLAIMS} claims survive kill -9 of coupon, ${KILLS} times: exactly the stock, one each, each as answered`, async (t) => {
    const random = chance(newSeed());
    await Stack.with({}, async (stack) => {
        const releaseId = await openRelease(stack, { stock: CLAIMS });
        const load = new Many(stack, releaseId, { members: 0, random });
        const members = Array.from({ length: CLAIMS + CLAIMS / 100 }, (_, i) => 1000000 + i);
        const begun = performance.now();
        await underKills(stack, 'coupon', { kills: KILLS, random, items: members, clients: CLIENTS }, (member) => load.take(member));
        t.diagnostic(`${members.length} claims in ${Math.round((performance.now() - begun) / 1000)} s, ${load.retries} sent again`);
        assert.ok(load.retries > 0, 'the kills were felt');
        assert.deepEqual(new Set(load.refused.values()), new Set(['SOLD_OUT']));
        assert.equal(load.granted.size, CLAIMS, 'as many were told that they have one');
        let last = '0', stored = 0;
        for (let rows; (rows = await stack.query('coupon', `SELECT CAST(coupon_id AS TEXT) AS coupon, member_id AS member FROM claim
            WHERE release_id = ${releaseId} AND coupon_id > ${last} ORDER BY coupon_id LIMIT ${PAGE}`)).length;) {
            for (const { coupon, member } of rows)
                assert.equal(load.granted.get(member), coupon, `the coupon of member ${member} is that which she was told`);
            last = rows.at(-1).coupon;
            stored += rows.length;
        }
        assert.equal(stored, CLAIMS, 'exactly the stock is granted, one each');
        await stack.assertCleanAudits();
    });
});
