// What somebody has of a health check goes with her: to the account that hers has become part of, and with
// nobody when she closes it. By HTTP; the daemon is dead while identity decides, and reads of it afterwards.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { announced, enter, giveValue, manager, member, post, publish, UNION } from './checkups.mjs';
import { book, passOf, scan, scanner, soon } from './bookings.mjs';
import { assertProblem } from './http.mjs';
import { claimer, openRelease } from './releases.mjs';
import { mergesWaited, mint, mobile, person, rosterCsv, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

describe('a health check under a number that is no more', () => {
    let stack, campaign, slotId, reportId;
    const people = {};
    const steppedUp = (memberId) => mint(stack.tokenKey(), { memberId, steppedUpUntil: Date.now() + 600000 });
    const official = (memberId, role) => mint(stack.tokenKey(), { memberId, grants: [{ role, unionPath: UNION }] });
    const open = (token) => stack.post(`/v1/me/checkup-reports/${reportId}:open`, {}, { token });
    const free = async () => (await stack.get(`/v1/checkups/${campaign.campaignId}/sites/${campaign.sites[0].siteId}/slots`,
        { token: member(stack, 1) })).json.slots[0].free;
    const booking = async ({ bookingId }, { id }) =>
        (await stack.get(`/v1/me/bookings/${bookingId}`, { token: member(stack, id) })).json;

    before(async () => {
        stack = await Stack.start({ settings: { identity: { HUIGONG_CLOSING_DAYS: 0 } } });
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1), person(2)]))).code, 0);
        for (const [name, n] of [['gone', 1], ['kept', 2]]) {
            const { token } = await stack.call('identity', 'Identity.CompleteWechatLogin',
                { appid: 'wx0000000000000001', openid: `device-${n}`, mobile: mobile(n) });
            const one = person(n);
            const { json, text } = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token });
            assert.ok(json.token, text);
            people[name] = { id: json.member.memberId, token: json.token };
        }
        const claim = claimer(stack, await openRelease(stack));
        for (const { id } of Object.values(people))
            assert.equal((await claim(id)).status, 201);
        campaign = await announced(stack, { quota: 2, waiting: 0, cancelHours: 0 });
        for (const { id } of Object.values(people))
            await until('she has entered', async () => (await enter(stack, campaign, id)).status < 300);
        await giveValue(stack, campaign);
        await publish(stack, campaign, 2);
        slotId = await soon(stack, campaign);
        for (const one of Object.values(people))
            one.bookingId = (await book(stack, campaign, slotId, one.id)).json.bookingId;
        const door = await scanner(stack, campaign.sites[0].siteId, 7000);
        const pass = await passOf(stack, people.gone.bookingId, people.gone.id);
        const scanned = (await scan(stack, door, 'scan-of-her', pass.text)).json;
        assert.equal(scanned.outcome, 'ACCEPTED');
        const seen = await stack.post('/v1/people:look', { letter: scanned.letter }, { token: door.token });
        assert.equal(seen.json.name, person(1).name, seen.text);
        assertProblem(await stack.post('/v1/people:look', { letter: scanned.letter }, { token: official(7001, 'CHECKUP_STAFF') }), 400, 'LOOK_LETTER_INVALID');
        for (const [lastFour, matches] of [[person(1).residentId.slice(14), true], ['000A', false]]) {
            const { json, text } = await stack.post('/v1/people:match', { letter: scanned.letter, lastFour }, { token: door.token });
            assert.equal(json.matches, matches, text);
            assert.notEqual(json.name, person(1).name, text);
        }
        await post(stack, `/v1/checkup-sites/${campaign.sites[0].siteId}:setStaff`, { memberId: 800, duty: 'REPORTS' }, manager(stack));
        ({ reportId } = await post(stack, `/v1/checkup-bookings/${people.gone.bookingId}/reports`,
            { items: [{ code: '2345-7', name: '血糖', value: '9.8' }] }, official(800, 'REPORT_CLERK')));
        await post(stack, `/v1/checkup-reports/${reportId}:finish`, {}, official(800, 'REPORT_CLERK'));
    });
    after(() => stack.close());

    test('two officials merge two accounts, and what she has of both is hers, once', async () => {
        const { gone, kept } = people, left = await free();
        await stack.kill('health');
        const proposed = await stack.post('/v1/merges', { keptId: kept.id, goneId: gone.id, reason: 'MERGE_TWO_PAPERS' },
            { token: official(2, 'UNION_ADMIN') });
        assert.equal(proposed.status, 201, proposed.text);
        assertProblem(await stack.post(`/v1/merges/${proposed.json.mergeId}:decide`, { approve: true },
            { token: official(3, 'UNION_ADMIN') }), 409, 'MERGE_TOO_EARLY');
        await mergesWaited(stack);
        const done = await stack.post(`/v1/merges/${proposed.json.mergeId}:decide`, { approve: true }, { token: official(3, 'UNION_ADMIN') });
        assert.equal(done.json.state, 'MERGE_DONE', done.text);
        stack.spawn('health');
        await stack.serves('health');
        await until('one of the two places is free', async () => (await free()) === left + 1);
        assert.equal((await booking(gone, kept)).state, 'ARRIVED');
        assert.equal((await booking(kept, kept)).state, 'CANCELLED');
        assert.equal((await booking(gone, gone)).reason, 'BOOKING_NOT_FOUND');
        const { json: { checkups } } = await stack.get('/v1/me/checkup-history', { token: kept.token });
        assert.deepEqual(checkups.map((one) => [one.bookingId, one.booking, one.reports]), [[gone.bookingId, 'ARRIVED', 1]]);
        const { text } = await stack.get(`/v1/me/bookings/${gone.bookingId}/story`, { token: kept.token });
        assert.ok(text.includes('report_changed'), text);
    });

    test('that one of her two coupons has ended is told to her: in her inbox, and as the bridge hears of it', async () => {
        const { couponId, endedAt } = await until('the later one has ended', async () =>
            (await stack.get('/v1/me/coupons', { token: people.kept.token })).json.coupons.find((one) => one.endedAt));
        assert.ok(endedAt);
        const [given] = await stack.query('coupon', `SELECT kind, CAST(member_id AS TEXT) AS id FROM notice WHERE about_id = ${couponId}`);
        assert.deepEqual(given, { kind: 24, id: people.kept.id });
        const told = async ({ id }) => (await stack.get('/v1/me/inbox', { token: member(stack, id) })).json.items
            .filter(({ kind }) => kind === 'COUPON_ENDED').map(({ aboutId, service }) => [aboutId, service]);
        await until('her inbox has it', async () => (await told(people.kept)).length > 0);
        assert.deepEqual(await told(people.kept), [[couponId, 'coupon']]);
        assert.deepEqual(await told({ id: '1' }), []);
        /* There is no WeChat in this stack to tell her by. */
        await until('the bridge has heard of it', async () =>
            (await stack.query('bridge', `SELECT state, reason FROM message WHERE source = 'coupon' AND kind = 24`)).some(({ state, reason }) => state === 4 && reason === 90030));
    });

    test('the report asks for the consent of the account that is kept, and opens for it alone', async () => {
        const { gone, kept } = people;
        assertProblem(await open(kept.token), 403, 'REPORT_CONSENT_MISSING');
        const root = await stack.call('identity', 'Unions.GetUnionByCode', { code: '440600' });
        const published = await stack.post(`/v1/unions/${root.unionId}/policies`, {
            purpose: 'PURPOSE_HEALTH_REPORT', title: '体检报告', text: '您的体检报告只供您本人查看。', controller: '佛山市总工会',
            contact: '0757-12351', kinds: '体检报告', retention: '两年',
        }, { token: mint(stack.tokenKey(), { memberId: 77, grants: [{ role: 'SYSTEM_ADMIN', unionPath: '' }] }), key: 'policy' });
        assert.equal(published.status, 201, published.text);
        const given = await stack.post('/v1/me/consents', { purpose: 'PURPOSE_HEALTH_REPORT', version: 1 }, { token: kept.token });
        assert.equal(given.status, 201, given.text);
        const opened = await until('health has heard of her consent', async () => {
            const answer = await open(kept.token);
            return answer.status === 200 && answer.json;
        });
        assert.equal(opened.items[0].value, '9.8');
        assertProblem(await open(steppedUp(gone.id)), 404, 'REPORT_NOT_FOUND');
    });

    test('when she closes her account the report’s key is destroyed, and no other report is taken', async () => {
        const { gone, kept } = people;
        const before = stack.codesTo(mobile(2)).length;
        assert.equal((await stack.post('/v1/login-codes', { mobile: mobile(2), purpose: 'CODE_CLOSE' })).status, 200);
        const { code } = await until('the code is sent', () => stack.codesTo(mobile(2))[before]);
        const asked = await stack.post('/v1/me:close', { code, confirmed: true }, { token: kept.token });
        assert.equal(asked.status, 200, asked.text);
        await until('the key is gone', async () => {
            const [row] = await stack.query('health', `SELECT hex(wrapped) AS wrapped, hex(notes) AS items FROM vault_file WHERE file_id = ${reportId}`);
            return row.wrapped === '' && row.items === '';
        });
        assertProblem(await open(steppedUp(kept.id)), 404, 'REPORT_NOT_FOUND');
        assertProblem(await stack.post(`/v1/checkup-bookings/${gone.bookingId}/reports`,
            { items: [{ code: '2345-7', name: '血糖', value: '9.9' }] }, { token: official(800, 'REPORT_CLERK'), key: 'late' }), 409, 'MEMBER_CLOSED');
    });

    test('every audit is clean', () => stack.assertCleanAudits());
});
