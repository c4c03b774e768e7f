// Coupon and health race for the last yuan of a person's ceiling, while either is killed: whoever has got one of both
// keeps just that one, by the same judgement in both; nobody who pays does so before all is known, and nobody at a
// counter waits for it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { book, passOf, scan, scanner, soon } from '../system/bookings.mjs';
import { announced, member, UNION } from '../system/checkups.mjs';
import { chance, newSeed } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { confirmSettlement as confirm, prepareSettlement as prepare } from '../system/reports.mjs';
import { Stack, until } from '../system/stack.mjs';
import { unionAt } from '../system/unions.mjs';
import { underKills, untilKnown } from './load.mjs';

const SURE = 20, PEOPLE = 240, KILLS = 6;
const PRICE = 11600; // of a check-up, and of a coupon
const counts = { ceiling: { name: '普惠', fen: String(PRICE * 2 - 1) } };

const claim = (stack, releaseId, id) =>
    stack.post(`/v1/releases/${releaseId}/claims`, undefined, { token: member(stack, id), key: `claim-${id}` });
const pauseFollowing = (stack, name, seconds) => stack.call(name, 'Daemon.PauseFollowing', { seconds });

/** What a service has given, as it says itself or as another has heard. */
const given = (stack, name, table) =>
    stack.query(name, `SELECT CAST(source_id AS TEXT) AS id, CAST(member_id AS TEXT) AS member, at, state FROM ${table} ORDER BY source_id`);

/** Waits until each has heard all of the other; gives what both have given, by member. */
async function allIsHeard(stack) {
    const last = await until('each has heard the other', async () => {
        // What is heard is judged at once, so who was read after it has withdrawn what it has to.
        const heard = await Promise.all(['health', 'coupon'].map((name) => given(stack, name, 'granted_elsewhere')));
        const own = await Promise.all(['coupon', 'health'].map((name) => given(stack, name, 'granted')));
        return JSON.stringify(own) === JSON.stringify(heard) && own;
    });
    const people = new Map();
    last.forEach((rows, service) => rows.forEach((row) => people.set(row.member, [...people.get(row.member) ?? [], { service, ...row }])));
    return people;
}

/** Of both only the earlier one is hers; how many had both. */
function assertOneEach(people) {
    let both = 0;
    for (const [who, grants] of people) {
        grants.sort((a, b) => a.at - b.at || Number(BigInt(a.id) - BigInt(b.id)) || a.service - b.service);
        assert.deepEqual(grants.map(({ state }) => state), grants.length === 1 ? [1] : [1, 4], `member ${who} has one`);
        both += grants.length === 2;
    }
    return both;
}

/** What the services themselves have: coupons that did not end, and bookings that stand, are those that are held. */
async function assertServed(stack, people, { releaseId, campaignId }, stock) {
    const held = [...people].map(([who, grants]) => `${who} ${grants.find(({ state }) => state === 1).service}`).sort();
    const coupons = await stack.query('coupon', `SELECT CAST(member_id AS TEXT) AS member FROM claim WHERE release_id = ${releaseId}
        AND coupon_id NOT IN (SELECT coupon_id FROM claim_ended)`);
    const bookings = await stack.query('health', `SELECT CAST(entitlement.member_id AS TEXT) AS member FROM entitlement JOIN booked_slot ON right_id = entitlement_id
        WHERE booked_slot.state = 1 AND entitlement.state = 2 AND group_id = ${campaignId}`);
    assert.deepEqual([...coupons.map((row) => `${row.member} 0`), ...bookings.map((row) => `${row.member} 1`)].sort(), held);
    const { json } = await stack.get(`/v1/releases/${releaseId}`, { token: member(stack, 1) });
    assert.equal(json.left ?? 0, stock - coupons.length, 'what was withdrawn is there for others');
    const [{ taken, booked }] = await stack.query('health', `SELECT taken, (SELECT sum(booked) FROM time_slot) AS booked FROM stock WHERE campaign_id = ${campaignId}`);
    assert.equal(taken, bookings.length);
    assert.equal(booked, bookings.length);
}

describe('a ceiling over services holds', () => {
    const seed = newSeed();

    test(`while coupon and health are killed ${KILLS} times each`, async (t) => {
        const random = chance(seed);
        await Stack.with({}, async (stack) => {
            const unionId = await unionAt(stack, UNION, 'coupon');
            const campaign = await announced(stack, { firstCome: true, quota: PEOPLE + SURE + 10, opens: 1500, open: 3600000, counts });
            const slotId = await soon(stack, campaign, { minutes: 10, capacity: PEOPLE + SURE + 10 });
            const stock = PEOPLE + SURE + 10;
            const releaseId = await openRelease(stack, { unionId, stock, faceFen: String(PRICE), counts });
            const ours = { releaseId, campaignId: campaign.campaignId };
            const known = (request) => untilKnown(request, random);
            const takes = async (name, id) => {
                const answer = await known(() => name === 'coupon' ? claim(stack, releaseId, id) : book(stack, campaign, slotId, id));
                assert.ok(answer.status < 300 || answer.json.reason === 'CEILING_REACHED', answer.text);
                return answer.status < 300;
            };
            const races = (id) => Promise.all((random() < 0.5 ? ['coupon', 'health'] : ['health', 'coupon']).map((name) => takes(name, id)));
            const sure = Array.from({ length: SURE }, (_, i) => 1000 + i), people = Array.from({ length: PEOPLE }, (_, i) => 2000 + i);
            await until('booking opens', async () => (await takes('health', 999).catch(() => false)));

            // Neither hears the other: all have both, for a moment.
            await Promise.all(['coupon', 'health'].map((name) => pauseFollowing(stack, name, 60)));
            for (const answers of await Promise.all(sure.map(races)))
                assert.deepEqual(answers, [true, true]);
            await Promise.all(['coupon', 'health'].map((name) => pauseFollowing(stack, name, 0)));
            assert.equal(assertOneEach(await allIsHeard(stack)), SURE);

            for (const [i, name] of ['coupon', 'health'].entries()) {
                const items = people.slice(i * PEOPLE / 2, (i + 1) * PEOPLE / 2);
                await underKills(stack, name, { kills: KILLS, random, items }, async (id) => assert.ok((await races(id)).some(Boolean)));
            }
            const all = await allIsHeard(stack);
            assert.equal(all.size, SURE + PEOPLE + 1, 'everybody has something');
            t.diagnostic(`${assertOneEach(all)} of ${all.size} had both for a moment`);
            await assertServed(stack, all, ours, stock);
            await stack.assertCleanAudits();
        });
    });

    test('and a source that is down delays payouts, and nobody at a counter', async () => {
        await Stack.with({}, async (stack) => {
            const unionId = await unionAt(stack, UNION, 'coupon');
            const campaign = await announced(stack, { firstCome: true, quota: 5, opens: 1500, open: 3600000, counts });
            const slotId = await soon(stack, campaign, { minutes: 10 });
            const releaseId = await openRelease(stack, { unionId, faceFen: String(PRICE), counts });
            const door = await scanner(stack, campaign.sites[0].siteId, 7000);
            const comes = async (id) => {
                const booked = await until('booking opens', async () => {
                    const answer = await book(stack, campaign, slotId, id);
                    return answer.status < 300 && answer.json;
                });
                const { text } = await passOf(stack, booked.bookingId, id);
                assert.equal((await scan(stack, door, `scan-at-the-door-${id}`, text)).status, 201);
            };
            // Who had a coupon first comes to the door before health knows of it; then coupon dies.
            await pauseFollowing(stack, 'health', 60);
            assert.equal((await claim(stack, releaseId, 1)).status, 201);
            await comes(1);
            await stack.kill('coupon');
            await pauseFollowing(stack, 'health', 0);
            await comes(2);
            const { settlementId, nLines } = (await prepare(stack, campaign, 701)).json;
            assert.equal(nLines, 2);
            const delayed = await confirm(stack, settlementId, 702);
            assert.equal(delayed.status, 503, delayed.text);
            assert.equal(delayed.json.reason, 'SOURCE_BEHIND');
            assert.match(delayed.headers['retry-after'], /^[1-9]\d*$/);
            await comes(3);
            stack.spawn('coupon');
            await stack.serves('coupon');
            const paid = await until('the payout is confirmed', async () => {
                const answer = await confirm(stack, settlementId, 702);
                return answer.status !== 503 && answer;
            });
            assert.equal(paid.status, 200, paid.text);
            assert.equal(paid.json.totalFen, String(2 * PRICE), 'who has come is paid for');
            const states = await stack.query('health', 'SELECT member_id AS member, state FROM granted ORDER BY member_id');
            assert.deepEqual(states, [{ member: 1, state: 5 }, { member: 2, state: 2 }, { member: 3, state: 2 }]);
            await until('it is counted', async () => /^huigong_grants_passed\{service="health"\} 1$/m.test(await stack.metrics()));
            await stack.assertCleanAudits();
        });
    });
});
