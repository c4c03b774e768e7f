// kill -9 of health while more members book than there are places, and while 8 scanners read the
// same passes: a slot never takes more than it holds, a pass is accepted once.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { book, scan, scanner, soon, won } from '../system/bookings.mjs';
import { member } from '../system/checkups.mjs';
import { chance, newSeed } from '../system/people.mjs';
import { Stack, until } from '../system/stack.mjs';
import { untilKnown } from './load.mjs';

const PEOPLE = 120, CAPACITY = 80, SCANNERS = 8, KILLS = 6;

/** Does `work(item)` for each item by 8 clients, while health is killed KILLS times, each when a random share is done. */
async function underKills(stack, random, items, work) {
    const moments = Array.from({ length: KILLS }, () => Math.floor(random() * items.length * 0.9)).sort((a, b) => a - b);
    let next = 0, done = 0;
    const client = async () => {
        while (next < items.length) {
            await work(items[next++]);
            done++;
        }
    };
    const kill = async () => {
        let least = 0;
        for (const moment of moments) {
            await until(`${moment} are done`, () => done >= Math.max(moment, least), { ms: 60000, every: 1 });
            least = done + 1; // the next kill finds a system that works again
            await stack.restart('health');
        }
    };
    await Promise.all([kill(), ...Array.from({ length: 8 }, client)]);
    await stack.serves('health');
}

describe('a slot and its passes survive', () => {
    const seed = newSeed();

    test(`kill -9 of health, twice ${KILLS} times`, async (t) => {
        t.diagnostic(`HG_SEED=${seed}`);
        const random = chance(seed);
        await Stack.with({}, async (stack) => {
            const campaign = await won(stack, PEOPLE);
            const slotId = await soon(stack, campaign, { minutes: 10, capacity: CAPACITY });
            const scanners = [];
            for (let i = 0; i < SCANNERS; i++)
                scanners.push(await scanner(stack, campaign.sites[0].siteId, 7000 + i));
            let retries = 0;
            const known = (request) => untilKnown(request, random, () => retries++);
            const booked = new Map();
            await underKills(stack, random, campaign.people, async (id) => {
                const answer = await known(() => book(stack, campaign, slotId, id));
                if (answer.status < 300)
                    booked.set(id, answer.json.bookingId);
                else
                    assert.equal(answer.json.reason, 'SLOT_FULL', answer.text);
            });
            assert.equal(booked.size, CAPACITY);
            const [slot] = await stack.query('health', `SELECT booked FROM slot WHERE slot_id = ${slotId}`);
            assert.equal(slot.booked, CAPACITY);
            await stack.assertCleanAudits();

            const passes = await Promise.all([...booked].map(async ([id, bookingId]) =>
                (await known(() => stack.get(`/v1/me/bookings/${bookingId}/pass`, { token: member(stack, id) }))).json.text));
            const accepted = new Map(passes.map((text) => [text, []]));
            const reads = scanners.flatMap((one, i) => passes.map((text, n) => ({ one, text, ref: `scan-${i}-${n}` })));
            reads.sort((a, b) => (a.ref.slice(7) < b.ref.slice(7) ? -1 : 1)); // all scanners read a pass at once
            await underKills(stack, random, reads, async ({ one, text, ref }) => {
                const answer = await known(() => scan(stack, one, ref, text));
                if (answer.status < 300)
                    accepted.get(text).push(answer.json.scanId);
                else
                    assert.equal(answer.json.reason, 'PASS_USED', answer.text);
            });
            t.diagnostic(`${retries} requests had to be sent again`);
            assert.ok(retries > 0, 'the kills were felt');
            for (const scans of accepted.values())
                assert.equal(scans.length, 1, 'each pass is accepted by one scanner');
            const rows = await stack.query('health', 'SELECT CAST(scan_id AS TEXT) AS id, CAST(booking_id AS TEXT) AS booking FROM scan WHERE outcome = 1');
            assert.deepEqual(rows.map((row) => row.id).sort(), [...accepted.values()].flat().sort());
            assert.equal(new Set(rows.map((row) => row.booking)).size, CAPACITY);
            await stack.assertCleanAudits();
        });
    });
});
