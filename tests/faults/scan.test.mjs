// kill -9 of health while 200 members ask for the last place of a slot at once, while more book than there
// are places, and while 8 scanners read the same passes: a slot never takes more than it holds, a pass is
// accepted once.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { book, scan, scanner, soon, won } from '../system/bookings.mjs';
import { member } from '../system/checkups.mjs';
import { chance, newSeed } from '../system/people.mjs';
import { Stack } from '../system/stack.mjs';
import { struck, underKills, untilKnown } from './load.mjs';

const PEOPLE = 200, LAST_PLACES = 4, CAPACITY = 60, SCANNERS = 8, KILLS = 6;

describe('a slot and its passes survive', () => {
    const seed = newSeed();

    test(`kill -9 of health, twice ${KILLS} times`, async (t) => {
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
            const books = async (slot, id) => {
                const answer = await known(() => book(stack, campaign, slot, id));
                if (answer.status < 300)
                    booked.set(id, answer.json.bookingId);
                else
                    assert.equal(answer.json.reason, 'SLOT_FULL', answer.text);
            };
            const free = () => campaign.people.filter((id) => !booked.has(id));
            for (let i = 1; i <= LAST_PLACES; i++) {
                const last = await soon(stack, campaign, { minutes: 10 + 30 * i, capacity: 1 });
                await struck(stack, 'health', random, free().map((id) => () => books(last, id)));
                assert.equal(booked.size, i, 'one of them has it');
            }
            const others = free();
            booked.clear();
            await underKills(stack, 'health', { kills: KILLS, random, items: others.slice(0, 2 * CAPACITY) },
                (id) => books(slotId, id));
            assert.equal(booked.size, CAPACITY);
            const slots = await stack.query('health', 'SELECT booked, capacity FROM time_slot');
            for (const slot of slots)
                assert.equal(slot.booked, slot.capacity);
            await stack.assertCleanAudits();

            const passes = await Promise.all([...booked].map(async ([id, bookingId]) =>
                (await known(() => stack.get(`/v1/me/bookings/${bookingId}/pass`, { token: member(stack, id) }))).json.text));
            const accepted = new Map(passes.map((text) => [text, []]));
            const reads = scanners.flatMap((one, i) => passes.map((text, n) => ({ one, text, ref: `scan-${i}-${n}` })));
            reads.sort((a, b) => (a.ref.slice(7) < b.ref.slice(7) ? -1 : 1)); // all scanners read a pass at once
            await underKills(stack, 'health', { kills: KILLS, random, items: reads }, async ({ one, text, ref }) => {
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
            const rows = await stack.query('health', 'SELECT CAST(scan_id AS TEXT) AS id, CAST(booking_id AS TEXT) AS booking FROM door_scan WHERE outcome = 1');
            assert.deepEqual(rows.map((row) => row.id).sort(), [...accepted.values()].flat().sort());
            assert.equal(new Set(rows.map((row) => row.booking)).size, CAPACITY);
            await stack.assertCleanAudits();
        });
    });
});
