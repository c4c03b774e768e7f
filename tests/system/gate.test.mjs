// The gate of a departure, as members and who lets them in live it: each ticket once, companions with her or alone, with
// network and without; and what officials read of who came.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { unionsCsv } from './people.mjs';
import { openRelease } from './releases.mjs';
import { Stack } from './stack.mjs';
import { done, manager, memberOf, passOf } from './merchants.mjs';
import { placed, unionAt } from './unions.mjs';

const GUARD = 7801, HOUR = 3600000;
let stack, union, releaseId, desk, person = 2000;

before(async () => {
    stack = await Stack.start();
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    union = await placed(stack, '440600');
    await unionAt(stack, union.path, 'coupon');
    releaseId = await openRelease(stack, { title: '返乡专列', way: 'TICKETS', stockPerDay: 0, unionId: union.unionId, tickets: {
        classes: [{ title: '二等座' }, { title: '一等座', priceFen: '5000' }], companions: 2,
        departures: [HOUR, 30 * HOUR].map((ms, i) => ({ title: `G482${1 + 2 * i}`, place: '佛山西站', departsAt: new Date(Date.now() + ms).toISOString(), quotas: [20, 5] })),
    } });
    desk = await guardAt(0, GUARD);
});
after(() => stack.close());

/** A person who lets people in at a departure, with a device: { token, deviceId }. */
async function guardAt(departure, memberId) {
    await done(stack, `/v1/releases/${releaseId}/gate-staff:set`, { departure, memberId }, manager(stack, union.path));
    const token = memberOf(stack, memberId, { level: 1, unionPath: '' });
    const { deviceId } = await done(stack, `/v1/releases/${releaseId}/gate-devices`, { name: `${memberId} 号闸机` }, token);
    return { token, deviceId };
}
async function take(memberId, more) {
    return (await done(stack, `/v1/releases/${releaseId}/seats`, { departure: 0, class: 0, ...more }, memberOf(stack, memberId)));
}
const shown = async (memberId, coupon) => (await passOf(stack, memberId, coupon)).code;
const board = ({ token, deviceId }, text, more) =>
    stack.post(`/v1/releases/${releaseId}/boardings`, { departure: 0, deviceId, scanRef: randomUUID(), text, ...more }, { token });
const seatOf = async (couponId, memberId) => (await stack.get(`/v1/me/seats/${couponId}`, { token: memberOf(stack, memberId) })).json;

test('a ticket is let in once over all devices, whoever reads it at the same moment', async () => {
    const she = person++, { couponId } = await take(she), desks = [desk];
    for (let i = 1; i < 4; i++)
        desks.push(await guardAt(0, GUARD + i));
    const text = await shown(she);
    const answers = await Promise.all(desks.map((one) => board(one, text)));
    assert.deepEqual(answers.map((one) => one.status).sort(), [201, 409, 409, 409]);
    for (const answer of answers.filter((one) => one.status === 409))
        assert.ok(assertProblem(answer, 409, 'ALREADY_ABOARD').boardedAt, answer.text);
    assert.ok((await seatOf(couponId, she)).boardedAt);
    assertProblem(await stack.post(`/v1/me/seats/${couponId}:return`, undefined, { token: memberOf(stack, she) }), 409, 'TICKET_USED');
    const coupon = (await stack.get(`/v1/me/coupons/${couponId}`, { token: memberOf(stack, she) })).json;
    assert.equal(coupon.state, 'REDEEMED');
});

test('who is not let in hears why, and it is kept nowhere', async () => {
    const [other, none, stranger] = [person++, person++, person++];
    await take(other, { departure: 1 });
    assert.equal(assertProblem(await board(desk, await shown(other)), 409, 'OTHER_DEPARTURE').departure, 'G4823');
    assertProblem(await board(desk, await shown(none)), 409, 'NO_TICKET_HERE');
    assertProblem(await board(desk, 'scrawl'), 400, 'COUPON_PASS_WRONG');
    const far = await guardAt(1, GUARD + 20);
    assertProblem(await board(far, await shown(other), { departure: 1 }), 409, 'GATE_NOT_OPEN');
    assertProblem(await board(far, await shown(other)), 403, 'NOT_GATE_STAFF');
    assertProblem(await board({ ...desk, token: memberOf(stack, stranger) }, await shown(other)), 403, 'NOT_GATE_STAFF');
    assertProblem(await board({ ...desk, deviceId: far.deviceId }, await shown(other)), 403, 'COUNTER_NOT_YOURS', 'deviceId');
});

test('companions come in with her; what is undone is as before it', async () => {
    const [she, friend] = [person++, person++];
    const mine = await take(she, { companions: [String(friend)] });
    const { invitationId } = mine.companions[0];
    const hers = await done(stack, `/v1/me/ticket-invitations/${invitationId}:accept`, undefined, memberOf(stack, friend));
    const { boardingId, companions } = (await board(desk, await shown(she))).json;
    assert.deepEqual(companions.map((one) => [one.couponId, one.boardedAt]), [[hers.couponId, null]]);
    const bring = () => done(stack, `/v1/boardings/${boardingId}:bring`, { couponIds: [hers.couponId] }, desk.token);
    assert.ok((await bring()).companions[0].boardedAt);
    assert.ok((await bring()).companions[0].boardedAt);
    assertProblem(await board(desk, await shown(friend)), 409, 'ALREADY_ABOARD');
    const { boardings } = (await stack.get(`/v1/releases/${releaseId}/boardings?departure=0`, { token: desk.token })).json;
    const brought = boardings.find((one) => one.broughtBy === boardingId);
    assert.equal(brought.couponId, hers.couponId);
    const undone = await done(stack, `/v1/boardings/${brought.boardingId}:undo`, { reason: '人没有来' }, desk.token);
    assert.deepEqual([undone.undoReason, Boolean(undone.undoneAt)], ['人没有来', true]);
    assert.equal((await board(desk, await shown(friend))).status, 201);
});

test('what a device read without network is handed in once, each with its answer', async () => {
    const she = person++, { couponId } = await take(she), text = await shown(she), at = new Date().toISOString();
    const items = [{ scanRef: randomUUID(), text, at }, { scanRef: randomUUID(), text, at }, { scanRef: randomUUID(), text: 'scrawl', at }, { scanRef: randomUUID(), text }];
    const upload = () => stack.post(`/v1/releases/${releaseId}/boardings:upload`, { departure: 0, deviceId: desk.deviceId, items }, { token: desk.token });
    const first = await upload(), second = await upload();
    assert.deepEqual(first.json.boardings.map((one) => one.reason || ''), ['', 'ALREADY_ABOARD', 'COUPON_PASS_WRONG', 'TIME_OF_SALE_MISSING'], first.text);
    assert.deepEqual(second.json.boardings.map((one) => one.boardingId), first.json.boardings.map((one) => one.boardingId));
    assert.ok((await seatOf(couponId, she)).boardedAt);
});

test('officials read how many came; who stands at the gate sees it too', async () => {
    const { rows } = (await stack.get(`/v1/releases/${releaseId}/turnout`, { token: manager(stack, union.path) })).json;
    const [gate] = (await stack.get('/v1/me/gates', { token: desk.token })).json.gates;
    const first = rows.find((one) => one.departure === undefined || one.departure === 0);
    assert.deepEqual([first.seats, first.boarded, first.closed], [4, 4, false], JSON.stringify(rows));
    assert.deepEqual([gate.departureTitle, gate.seats, gate.boarded], ['G4821', 4, 4], JSON.stringify(gate));
    assertProblem(await stack.get(`/v1/releases/${releaseId}/turnout`, { token: desk.token }), 403, 'NOT_OFFICIAL');
});
