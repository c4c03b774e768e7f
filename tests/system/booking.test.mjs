// From a won place to the door, by HTTP alone: slots, bookings, passes that a scanner without network
// verifies with no code of ours, scans with and without network.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { announced, draw, enter, manager, member } from './checkups.mjs';
import { book, passOf, scan, scanner, soon, won } from './bookings.mjs';
import { assertProblem } from './http.mjs';
import { Stack, until } from './stack.mjs';

globalThis.crypto ??= webcrypto;
const { Scanner, screenCode } = await import('../pass/verify.mjs');

const PEOPLE = 200;

describe('a booked health check', () => {
    let stack, campaign, slotId, siteId;
    const bookings = new Map(); // member id: booking id

    before(async () => {
        stack = await Stack.start();
        campaign = await won(stack, PEOPLE);
        siteId = campaign.sites[0].siteId;
        slotId = await soon(stack, campaign, { minutes: 10, capacity: 5 });
    });
    after(() => stack.close());

    test('200 at once for the last place give one', async () => {
        const last = await soon(stack, campaign, { minutes: 60, capacity: 1 });
        const answers = await Promise.all(campaign.people.map((id) => book(stack, campaign, last, id)));
        const booked = answers.filter((answer) => answer.status === 201);
        assert.equal(booked.length, 1);
        for (const answer of answers.filter((one) => one.status !== 201))
            assertProblem(answer, 409, 'SLOT_FULL');
        const [row] = await stack.query('health', `SELECT booked, capacity FROM time_slot WHERE slot_id = ${last}`);
        assert.deepEqual(row, { booked: 1, capacity: 1 });
        bookings.set(campaign.people[answers.indexOf(booked[0])], booked[0].json.bookingId);
    });

    test('without a lot the first have the places, at once or one after the other, and nobody has two', async () => {
        const places = 5, open = await announced(stack, { quota: places, firstCome: true });
        assert.equal((await draw(stack, open)).state, 'PUBLISHED');
        assertProblem(await enter(stack, open, 1), 409, 'NO_LOT');
        const first = await soon(stack, open, { minutes: 60, capacity: 100 }), second = await soon(stack, open, { minutes: 90, capacity: 100 });
        await until('booking is open', async () => (await book(stack, open, first, 1)).status === 201);
        const answers = await Promise.all(campaign.people.flatMap((id) => [book(stack, open, first, id), book(stack, open, second, id)]));
        const booked = answers.filter((answer) => answer.status === 201);
        assert.equal(booked.length, places - 1, 'beside the one who was there before');
        for (const answer of answers.filter((one) => one.status > 201))
            assert.match(answer.json.reason, /^(PLACES_TAKEN|ALREADY_BOOKED)$/);
        const [taken] = await stack.query('health', `SELECT count(DISTINCT member_id) AS n FROM booked_slot WHERE group_id = ${open.campaignId} AND state = 1`);
        assert.equal(taken.n, places);
    });

    test('a winner moves her booking and cancels it', async () => {
        const [id] = campaign.people.filter((one) => !bookings.has(one));
        const token = member(stack, id);
        const first = await book(stack, campaign, slotId, id);
        assert.equal(first.status, 201, first.text);
        const later = await soon(stack, campaign, { minutes: 90, capacity: 1 });
        const moved = await stack.post(`/v1/me/bookings/${first.json.bookingId}:move`, { slotId: later }, { token });
        assert.equal(moved.json.slotId, later, moved.text);
        const cancelled = await stack.post(`/v1/me/bookings/${first.json.bookingId}:cancel`, {}, { token });
        assert.equal(cancelled.json.state, 'CANCELLED', cancelled.text);
        const { json: { slots } } = await stack.get(`/v1/checkups/${campaign.campaignId}/sites/${siteId}/slots`, { token });
        assert.deepEqual(slots.filter((slot) => slot.slotId === later || slot.slotId === slotId).map((slot) => slot.free), [5, 1]);
        assertProblem(await stack.get(`/v1/me/bookings/${first.json.bookingId}/pass`, { token }), 409, 'BOOKING_NOT_ACTIVE');
    });

    test('her pass is verified without network by who shares no code with us', async () => {
        const staff = await scanner(stack, siteId, 7000);
        const [id, other] = campaign.people.filter((one) => !bookings.has(one));
        for (const one of [id, other]) {
            const booked = await book(stack, campaign, slotId, one);
            assert.equal(booked.status, 201, booked.text);
            bookings.set(one, booked.json.bookingId);
        }
        const old = await passOf(stack, bookings.get(id), id);
        const again = await stack.post(`/v1/me/bookings/${bookings.get(id)}:reissue`, {}, { token: member(stack, id), key: 'again' });
        assert.equal(again.status, 200, again.text);
        assert.match(old.svg, /^<svg /);
        assert.equal(Buffer.from(old.png, 'base64').subarray(1, 4).toString(), 'PNG');

        const { json: taken } = await stack.get(`/v1/checkup-sites/${siteId}/scanner`, { token: staff.token });
        const keys = taken.keys.map(({ keyId, point }) => ({ keyId, point: Buffer.from(point, 'base64') }));
        const offline = await Scanner.open({ keys, site: siteId });
        assert.equal(await offline.revoke(Buffer.from(taken.revocations, 'base64')), 'OK');
        assert.equal((await offline.scan(old.text, Date.now())).reason, 'REVOKED');
        assert.equal((await offline.scan(again.json.text, Date.now())).reason, 'OK');
        assert.equal((await offline.scan(again.json.text, Date.now())).reason, 'USED');

        const { text, turnKey } = await passOf(stack, bookings.get(other), other);
        const { pass } = await offline.read(text);
        const made = await screenCode(Buffer.from(turnKey, 'base64'), 3, pass.keyId, pass.serial, Date.now());
        const seen = await scan(stack, staff, 'by-telephone', made);
        assert.equal(seen.status, 201, seen.text);

        const late = await stack.post(`/v1/checkup-sites/${siteId}/scans:upload`, {
            deviceId: staff.deviceId,
            items: [
                { scanRef: 'late-0001', text: again.json.text, at: new Date().toISOString() },
                { scanRef: 'late-0002', text: old.text, at: new Date().toISOString() },
                { scanRef: 'late-0003', text, at: new Date().toISOString() },
                { scanRef: 'late-0004', text: `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`, at: new Date().toISOString() },
            ],
        }, { token: staff.token });
        assert.deepEqual(late.json.scans.map((one) => one.outcome), ['ACCEPTED', 'SCAN_REVOKED', 'DUPLICATE', 'SCAN_FORGED']);
        assert.equal(late.json.scans[2].duplicateOf, seen.json.scanId);
    });

    test('the door counts, knows handles alone, and takes a mistake back', async () => {
        const staff = await scanner(stack, siteId, 7001);
        const [id] = campaign.people.filter((one) => !bookings.has(one));
        const booked = await book(stack, campaign, slotId, id);
        const { text, handle } = await passOf(stack, booked.json.bookingId, id);
        const accepted = await scan(stack, staff, 'mistake-1', text);
        assert.equal(accepted.status, 201, accepted.text);
        assert.equal(accepted.json.handle, handle);
        const refused = await scan(stack, staff, 'mistake-2', text);
        assertProblem(refused, 409, 'PASS_USED');
        assert.equal(refused.json.firstSiteId, siteId);
        assert.equal(refused.json.firstAt, accepted.json.at);
        const undone = await stack.post(`/v1/checkup-scans/${accepted.json.scanId}:undo`, { reason: '扫错了人' }, { token: staff.token });
        assert.ok(undone.json.undoneAt, undone.text);
        assert.equal((await scan(stack, staff, 'right-one', text)).status, 201);
        const day = new Date(Date.parse(booked.json.startsAt) + 8 * 3600000).toISOString().slice(0, 10);
        const roster = await stack.get(`/v1/checkup-sites/${siteId}/roster?day=${day}`, { token: staff.token });
        const line = roster.json.lines.find((one) => one.handle === handle);
        assert.deepEqual(Object.keys(line).sort(), ['endsAt', 'handle', 'startsAt', 'state']);
        const { json: counts } = await stack.get(`/v1/checkup-sites/${siteId}/counts?day=${day}`, { token: staff.token });
        assert.ok(counts.arrived >= 3, JSON.stringify(counts));
        assertProblem(await stack.get(`/v1/checkup-sites/${siteId}/roster`, { token: member(stack, id) }), 403, 'NOT_OFFICIAL');
    });

    test('a slot takes more people, and when it cannot be held who has booked it moves', async () => {
        const [id, other] = campaign.people.filter((one) => !bookings.has(one)).slice(-2);
        const small = await soon(stack, campaign, { minutes: 120, capacity: 1 });
        const path = `/v1/checkup-slots/${small}`, token = manager(stack);
        const booked = await book(stack, campaign, small, id);
        assert.equal(booked.status, 201, booked.text);
        assertProblem(await book(stack, campaign, small, other), 409, 'SLOT_FULL');
        const raised = await stack.post(`${path}:change`, { capacity: 2 }, { token });
        assert.equal(raised.json.free, 1, raised.text);
        const second = await book(stack, campaign, small, other);
        assert.equal(second.status, 201, second.text);
        const lowered = await stack.post(`${path}:change`, { capacity: 1 }, { token });
        assertProblem(lowered, 409, 'CAPACITY_BELOW_BOOKED');
        assert.equal(lowered.json.booked, '2');
        const withdrawn = await stack.post(`${path}:withdraw`, {}, { token });
        assert.equal(withdrawn.json.withdrawn, true, withdrawn.text);
        const hers = `/v1/me/bookings/${booked.json.bookingId}`;
        await until('she must move', async () => (await stack.get(hers, { token: member(stack, id) })).json.mustMove);
        const to = await soon(stack, campaign, { minutes: 150, capacity: 1 });
        const moved = await stack.post(`${hers}:move`, { slotId: to }, { token: member(stack, id) });
        assert.deepEqual([moved.json.slotId, moved.json.mustMove ?? false], [to, false], moved.text);
        bookings.set(id, booked.json.bookingId).set(other, second.json.bookingId);
    });

    test('after kill -9 all of it is there, and the audit is clean', async () => {
        const states = 'SELECT booking_id, state FROM booked_slot ORDER BY booking_id';
        const told = await stack.query('health', states);
        await stack.restart('health');
        await stack.serves('health');
        assert.deepEqual(await stack.query('health', states), told);
        for (const [id, bookingId] of bookings) {
            const seen = await stack.get(`/v1/me/bookings/${bookingId}`, { token: member(stack, id) });
            assert.equal(seen.status, 200, seen.text);
        }
        await stack.assertCleanAudits();
    });
});
