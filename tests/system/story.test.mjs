// The user's story, by its real clients: a county imports its unions and rosters, members sign in
// and prove who they are, an official releases coupons, members claim them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { enrol, grant, mobile, person, residentId, rosterCsv, unionCoded, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

describe('from a roster to a coupon', () => {
    let stack;
    const member = {}, official = {}, foreigner = {}, admin = {};
    const rider = person(1), courier = person(2, '440606', '快递员'), twice = person(3);
    const manager = mobile(9001), stranger = mobile(9002), clerk = mobile(9003);
    let releaseId, coupon;

    before(async () => {
        stack = await Stack.start();
    });
    after(() => stack.close());

    const draft = (more = {}) => ({
        release: {
            title: '新就业形态劳动者餐券', unionId: official.union.unionId, faceFen: '500', thresholdFen: '1500', stockPerDay: 100,
            opensAt: new Date(Date.now() + 1500).toISOString(), audience: { level: 'MEMBER' }, ...more,
        },
    });

    // ---- people ----

    test('unions are imported; a bad line is named with its reason and the others are loaded', async () => {
        const csv = `${unionsCsv()}440604,又一个禅城区总工会,440600\n440700,江门市总工会,449999\n`;
        const { code, stdout } = await stack.import('unions', csv);
        assert.equal(code, 1, stdout);
        assert.match(stdout, /^line 8: UNION_CODE_TAKEN\b/m);
        assert.match(stdout, /^line 9: UNION_NOT_FOUND\b/m);
        assert.deepEqual(stdout.match(/^line \d+/gm), ['line 8', 'line 9']);
    });

    test('a roster is imported; each bad line is named with its reason and the good ones are loaded', async () => {
        const wrong = { ...person(4), residentId: residentId(4).slice(0, 17) + (residentId(4).endsWith('1') ? '2' : '1') };
        const lines = [rider, courier, twice, wrong, { ...person(5), mobile: '12345' }, { ...person(6), union: '999999' },
            { ...person(7), name: '<script>' }, { ...person(8), trade: '宇航员' }, { ...twice, union: '440606' }];
        const { code, stdout } = await stack.import('roster', rosterCsv(lines));
        assert.equal(code, 1, stdout);
        for (const [line, reason] of [[5, 'RESIDENT_ID_CHECKSUM'], [6, 'MOBILE_INVALID'], [7, 'UNION_NOT_FOUND'], [8, 'NAME_INVALID'],
            [9, 'TRADE_INVALID'], [10, 'ROSTER_CONFLICT']])
            assert.match(stdout, new RegExp(`^line ${line}: ${reason}\\b`, 'm'), stdout);
        for (const { name, residentId: id } of lines)
            assert.ok(!stdout.includes(name) && !stdout.includes(id), 'a report names lines, not people');
    });

    test('a member signs in with her mobile number and a code', async () => {
        const session = await stack.login(rider.mobile);
        assert.equal(session.member.level, 'MOBILE');
        assert.ok(!JSON.stringify(session).includes(rider.mobile), 'her number is masked');
        member.token = session.token;
        const me = (await stack.get('/v1/me', { token: member.token })).json;
        assert.equal(me.memberId, session.member.memberId);
    });

    test('a code is sent once a minute, and a wrong one lets nobody in', async () => {
        const number = mobile(9100);
        assert.equal((await stack.post('/v1/login-codes', { mobile: number })).status, 200);
        const again = await stack.post('/v1/login-codes', { mobile: number });
        assertProblem(again, 429, 'CODE_SENT_RECENTLY');
        assert.match(again.headers['retry-after'], /^[1-9]\d*$/);
        const [line] = await until('the code is sent', () => stack.codesTo(number).length && stack.codesTo(number));
        const wrong = String((Number(line.code) + 1) % 1000000).padStart(6, '0');
        for (let i = 0; i < 5; i++)
            assertProblem(await stack.post('/v1/sessions', { mobile: number, code: wrong }), 400, 'CODE_WRONG', 'code');
        assertProblem(await stack.post('/v1/sessions', { mobile: number, code: line.code }), 429, 'CODE_TRIES_EXHAUSTED', 'code');
        assertProblem(await stack.post('/v1/login-codes', { mobile: '12345' }), 400, 'MOBILE_INVALID', 'mobile');
    });

    test('a wrong name, an unknown person and one whom two unions list are each refused for their reason', async () => {
        const verify = (name, id) => stack.post('/v1/me:verify', { name, residentId: id }, { token: member.token });
        assertProblem(await verify('李四', rider.residentId), 400, 'NAME_MISMATCH');
        assertProblem(await verify('李四', residentId(900)), 404, 'NOT_ON_ROSTER');
        assertProblem(await verify(twice.name, twice.residentId), 409, 'ROSTER_CONFLICT');
        assertProblem(await verify(rider.name, rider.residentId.slice(0, 17) + 'Y'), 400, 'RESIDENT_ID_INVALID', 'residentId');
    });

    test('she proves who she is and becomes a verified member of her union', async () => {
        const answer = await stack.post('/v1/me:verify', { name: rider.name, residentId: rider.residentId }, { token: member.token });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.json.member.level, 'CATEGORY');
        assert.equal(answer.json.member.union.code, rider.union);
        assert.equal(answer.json.member.trade, 'FOOD_DELIVERY');
        for (const secret of [rider.name, rider.residentId, rider.mobile])
            assert.ok(!answer.text.includes(secret), 'masked');
        member.token = answer.json.token;
        const again = await stack.post('/v1/me:verify', { name: rider.name, residentId: rider.residentId }, { token: member.token });
        assertProblem(again, 409, 'ALREADY_VERIFIED');
    });

    test('another account cannot prove to be her', async () => {
        const { token } = await stack.login(mobile(9200));
        const answer = await stack.post('/v1/me:verify', { name: rider.name, residentId: rider.residentId }, { token });
        assertProblem(answer, 409, 'RESIDENT_ID_TAKEN');
    });

    test('officials are given their roles, and have them when they sign in by password and one-time password', async () => {
        for (const [number, role, code] of [[manager, 'BENEFIT_MANAGER', '440604'], [stranger, 'BENEFIT_MANAGER', '440606'],
            [clerk, 'UNION_ADMIN', '440606']])
            await grant(stack, number, role, code);
        for (const [one, number] of [[official, manager], [foreigner, stranger], [admin, clerk]]) {
            const session = await enrol(stack, number);
            assert.equal(session.member.grants.length, 1);
            one.token = session.token;
            one.union = session.member.grants[0].union;
        }
    });

    test('an official imports for her own union over HTTP and for no other', async () => {
        const page = (people) => ({ csv: rosterCsv(people).split('\n').slice(1).join('\n'), firstLine: 2 });
        const answer = await stack.post('/v1/rosters:import', page([person(20, '440606'), person(21, '440604')]), { token: admin.token });
        assert.equal(answer.status, 200, answer.text);
        const report = answer.json;
        assert.equal(report.loaded, 1);
        assert.deepEqual(report.problems, [{
            line: 3, reason: 'OUTSIDE_YOUR_UNION', words: '该工会不在您的管辖范围内', field: 'unionCode', character: '', warning: false,
        }]);
        assertProblem(await stack.post('/v1/rosters:import', page([person(22)]), { token: member.token }), 403, 'NOT_OFFICIAL');
        const outside = { code: '440604-777', name: '越权工会', parentId: (await unionCoded(stack, '440604')).unionId };
        assertProblem(await stack.post('/v1/unions', outside, { token: admin.token, key: 'outside' }), 403, 'OUTSIDE_YOUR_UNION');
    });

    test('the tree of unions is walked down and up', async () => {
        const children = (await stack.get(`/v1/unions/${official.union.unionId}/children`, { token: member.token })).json.unions;
        assert.deepEqual(children.map((one) => one.code), ['440604-001']);
        const path = (await stack.get(`/v1/unions/${children[0].unionId}/path`, { token: member.token })).json.unions;
        assert.deepEqual(path.map((one) => one.code), ['440600', '440604', '440604-001']);
        assertProblem(await stack.get('/v1/unions/1', { token: member.token }), 404, 'UNION_NOT_FOUND');
    });

    // ---- coupons ----

    test('an official creates a release, once for one Idempotency-Key', async () => {
        const body = draft();
        const first = await stack.post('/v1/releases', body, { token: official.token, key: 'one' });
        assert.equal(first.status, 201, first.text);
        assert.equal(first.json.release.state, 'DRAFT');
        releaseId = first.json.release.releaseId;
        const replay = await stack.post('/v1/releases', body, { token: official.token, key: 'one' });
        assert.equal(replay.status, 201);
        assert.deepEqual(replay.json, first.json);
        const bare = await stack.post('/v1/releases', body, { token: official.token, headers: { 'Idempotency-Key': 'one' } });
        assert.deepEqual(bare.json, first.json, 'the key may stand without quotes');
        const { releases } = (await stack.get('/v1/releases', { token: official.token })).json;
        assert.deepEqual(releases.map((one) => one.release.releaseId), [releaseId]);
    });

    test('the key with another body, without a key, or of another official is another matter', async () => {
        const body = draft({ title: '另一项发放' });
        assertProblem(await stack.post('/v1/releases', body, { token: official.token, key: 'one' }), 422, 'IDEMPOTENCY_KEY_REUSED');
        assertProblem(await stack.post('/v1/releases', body, { token: official.token }), 400, 'IDEMPOTENCY_KEY_MISSING');
        const other = await stack.post('/v1/releases', draft({ unionId: foreigner.union.unionId }), { token: foreigner.token, key: 'one' });
        assert.equal(other.status, 201, other.text);
        assert.notEqual(other.json.release.releaseId, releaseId);
    });

    test("another union's official is refused everything about it", async () => {
        assertProblem(await stack.post('/v1/releases', draft(), { token: foreigner.token, key: 'two' }), 403, 'OUTSIDE_YOUR_UNION', 'release.unionId');
        for (const verb of ['publish', 'pause', 'end'])
            assertProblem(await stack.post(`/v1/releases/${releaseId}:${verb}`, {}, { token: foreigner.token }), 403, 'OUTSIDE_YOUR_UNION');
        assertProblem(await stack.get(`/v1/releases/${releaseId}`, { token: foreigner.token }), 404, 'RELEASE_NOT_FOUND');
        const { releases } = (await stack.get('/v1/releases', { token: foreigner.token })).json;
        assert.ok(!releases.some((one) => one.release.releaseId === releaseId));
    });

    test('a member is no official, and a draft is not there for her', async () => {
        assertProblem(await stack.post('/v1/releases', draft(), { token: member.token, key: 'three' }), 403, 'NOT_OFFICIAL');
        assertProblem(await stack.post(`/v1/releases/${releaseId}:publish`, {}, { token: member.token }), 403, 'NOT_OFFICIAL');
        assertProblem(await stack.get(`/v1/releases/${releaseId}`, { token: member.token }), 404, 'RELEASE_NOT_FOUND');
        assert.deepEqual((await stack.get('/v1/me/offers', { token: member.token })).json.offers, []);
    });

    test('a release whose rules contradict each other is refused by field', async () => {
        const cases = [
            [{ opensAt: '2020-01-01T00:00:00Z' }, 400, 'OPENS_IN_THE_PAST', 'release.opensAt'],
            [{ thresholdFen: '499' }, 400, 'THRESHOLD_BELOW_FACE', 'release.thresholdFen'],
            [{ audience: { unionId: foreigner.union.unionId } }, 403, 'OUTSIDE_YOUR_UNION', 'release.audience.unionId'],
            [{ faceFen: '0' }, 400, 'OUT_OF_RANGE', 'release.faceFen'],
        ];
        for (const [change, status, reason, field] of cases)
            assertProblem(await stack.post('/v1/releases', draft(change), { token: official.token, key: `bad-${reason}` }), status, reason, field);
    });

    test('published, it is offered; before it opens nobody takes one', async () => {
        const answer = await stack.post(`/v1/releases/${releaseId}:publish`, {}, { token: official.token });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.json.release.state, 'PUBLISHED');
        const early = await stack.post('/v1/releases', draft({ opensAt: '2099-01-01T00:00:00Z' }), { token: official.token, key: 'early' });
        const id = early.json.release.releaseId;
        await stack.post(`/v1/releases/${id}:publish`, {}, { token: official.token });
        const problem = assertProblem(await stack.post(`/v1/releases/${id}/claims`, {}, { token: member.token }), 409, 'NOT_OPEN_YET');
        assert.equal(problem.opensAt, '2099-01-01T00:00:00.000Z');
        const { offers } = (await stack.get('/v1/me/offers', { token: member.token })).json;
        assert.equal(offers.find((one) => one.status.release.releaseId === id).reason, 'NOT_OPEN_YET');
    });

    test('a member claims a coupon; again she gets the first one, never a second', async () => {
        const claim = (key) => stack.post(`/v1/releases/${releaseId}/claims`, undefined, { token: member.token, key });
        const first = await until('the release is open', async () => {
            const answer = await claim('mine');
            return answer.json.reason !== 'NOT_OPEN_YET' && answer;
        });
        assert.equal(first.status, 201, first.text);
        coupon = first.json;
        assert.match(coupon.code, /^[0-9A-HJKMNP-TV-Z]{13}$/);
        assert.equal(coupon.faceFen, '500');
        const again = await claim();
        assert.equal(again.status, 200);
        assert.deepEqual(again.json, coupon);
        const retry = await claim('mine');
        assert.equal(retry.status, 201, 'a retry with its key gets what the first would have');
        assert.deepEqual(retry.json, coupon);
        const other = await claim('other');
        assert.equal(other.status, 200);
        assert.deepEqual(other.json, coupon);
        const status = (await stack.get(`/v1/releases/${releaseId}`, { token: official.token })).json;
        assert.equal(status.granted, '1');
        assert.equal(status.left, 99);
    });

    test('she sees her coupon, and nobody else does', async () => {
        const list = (await stack.get('/v1/me/coupons', { token: member.token })).json;
        assert.deepEqual(list.coupons, [coupon]);
        assert.deepEqual((await stack.get(`/v1/me/coupons/${coupon.couponId}`, { token: member.token })).json, coupon);
        assertProblem(await stack.get(`/v1/me/coupons/${coupon.couponId}`, { token: official.token }), 404, 'COUPON_NOT_FOUND');
        const { offers } = (await stack.get('/v1/me/offers', { token: member.token })).json;
        const offer = offers.find((one) => one.status.release.releaseId === releaseId);
        assert.deepEqual(offer.coupon, coupon);
        assert.equal(offer.reason, '');
    });

    test('who is not verified, of another union or of another trade is told so', async () => {
        const { token } = await stack.login(mobile(9300));
        assertProblem(await stack.post(`/v1/releases/${releaseId}/claims`, {}, { token }), 403, 'NOT_ELIGIBLE_LEVEL');
        const other = await stack.login(courier.mobile);
        const verified = await stack.post('/v1/me:verify', { name: courier.name, residentId: courier.residentId }, { token: other.token });
        assert.equal(verified.status, 200, verified.text);
        assertProblem(await stack.post(`/v1/releases/${releaseId}/claims`, {}, { token: verified.json.token }), 403, 'NOT_ELIGIBLE_UNION');
        const couriers = await stack.post('/v1/releases', draft({ audience: { trades: ['COURIER'] } }), { token: official.token, key: 'couriers' });
        const id = couriers.json.release.releaseId;
        await stack.post(`/v1/releases/${id}:publish`, {}, { token: official.token });
        const answer = await until('it is open', async () => {
            const claim = await stack.post(`/v1/releases/${id}/claims`, {}, { token: member.token });
            return claim.json.reason !== 'NOT_OPEN_YET' && claim;
        });
        assertProblem(answer, 403, 'NOT_ELIGIBLE_TRADE');
    });

    test('age and time of membership are asked of the session, and counted before', async () => {
        const opened = async (key, audience) => {
            const { json } = await stack.post('/v1/releases', draft({ audience }), { token: official.token, key });
            assert.deepEqual((await stack.post(`/v1/releases/${json.release.releaseId}:publish`, {}, { token: official.token })).json.release.audience.unionId,
                official.union.unionId);
            return until('it is open', async () => {
                const claim = await stack.post(`/v1/releases/${json.release.releaseId}/claims`, {}, { token: member.token });
                return claim.json.reason !== 'NOT_OPEN_YET' && claim;
            });
        };
        const count = async (audience) => {
            let { json } = await stack.post(`/v1/unions/${official.union.unionId}/audience:count`, { audience }, { token: official.token });
            return until('all were looked at', async () => {
                if (json.state === 'COUNTING')
                    ({ json } = await stack.get(`/v1/audience-counts/${json.countId}`, { token: official.token }));
                return json.state === 'COUNTED' && json;
            });
        };
        assert.equal((await opened('adults', { ageFrom: 18, ageUntil: 100 })).status, 201);
        assertProblem(await opened('the old', { ageFrom: 100 }), 403, 'NOT_FOR_AGE');
        const early = assertProblem(await opened('a year', { memberMonths: 12 }), 403, 'NOT_FOR_NEWCOMERS');
        assert.equal(early.renew, undefined, 'her session says since when');
        assert.equal((await count({ ageFrom: 18 })).few, true);
        const { few, members } = await count({ ageFrom: 120 });
        assert.deepEqual([few, members], [false, '0']);
        assertProblem(await stack.post('/v1/releases', draft({ audience: { ageFrom: 60, ageUntil: 18 } }), { token: official.token, key: 'wrong' }),
            400, 'AGES_OUT_OF_ORDER', 'release.audience.ageUntil');
    });

    test('a release of one coupon is sold out after it, and says since when', async () => {
        const single = await stack.post('/v1/releases', draft({ stockPerDay: 1, audience: { level: 'MOBILE' } }),
            { token: official.token, key: 'single' });
        const id = single.json.release.releaseId;
        await stack.post(`/v1/releases/${id}:publish`, {}, { token: official.token });
        const taken = await until('it is open', async () => {
            const claim = await stack.post(`/v1/releases/${id}/claims`, {}, { token: member.token });
            return claim.json.reason !== 'NOT_OPEN_YET' && claim;
        });
        assert.equal(taken.status, 201, taken.text);
        const late = await stack.login(mobile(9301));
        const next = await stack.post(`/v1/releases/${id}/claims`, {}, { token: late.token });
        // She is of no union below the official's; the stock is asked last.
        assertProblem(next, 403, 'NOT_ELIGIBLE_UNION');
        const colleague = person(30);
        await stack.import('roster', rosterCsv([colleague]));
        const { token } = await stack.login(colleague.mobile);
        const verified = await stack.post('/v1/me:verify', { name: colleague.name, residentId: colleague.residentId }, { token });
        assert.equal(verified.status, 200, verified.text);
        const refused = await stack.post(`/v1/releases/${id}/claims`, {}, { token: verified.json.token });
        assert.equal(assertProblem(refused, 409, 'SOLD_OUT').soldOutAt, taken.json.claimedAt);
    });

    test('paused, nobody takes one; published again, members do; ended, it stays so', async () => {
        const act = (verb) => stack.post(`/v1/releases/${releaseId}:${verb}`, {}, { token: official.token });
        const fresh = person(31);
        await stack.import('roster', rosterCsv([fresh]));
        const { token } = await stack.login(fresh.mobile);
        const verified = (await stack.post('/v1/me:verify', { name: fresh.name, residentId: fresh.residentId }, { token })).json;
        const claim = (key) => stack.post(`/v1/releases/${releaseId}/claims`, {}, { token: verified.token, key });

        assert.equal((await act('pause')).json.release.state, 'SUSPENDED');
        assertProblem(await claim(), 409, 'PAUSED');
        assert.deepEqual((await stack.post(`/v1/releases/${releaseId}/claims`, {}, { token: member.token })).json, coupon,
            'who has one still gets to see it');
        assert.equal((await act('publish')).json.release.state, 'PUBLISHED');
        assert.equal((await claim()).status, 201);
        assert.equal((await act('end')).json.release.state, 'CLOSED');
        assert.equal((await act('end')).status, 200, 'ending twice is ending');
        assertProblem(await act('publish'), 409, 'WRONG_STATE');
        const late = person(32);
        await stack.import('roster', rosterCsv([late]));
        const session = await stack.login(late.mobile);
        const proven = (await stack.post('/v1/me:verify', { name: late.name, residentId: late.residentId }, { token: session.token })).json;
        assertProblem(await stack.post(`/v1/releases/${releaseId}/claims`, {}, { token: proven.token }), 409, 'ENDED');
    });

    // ---- what is left behind ----

    test('everything is there after all daemons have been restarted', async () => {
        for (const name of ['gateway', 'coupon', 'identity', 'broker'])
            await stack.stop(name);
        for (const name of ['broker', 'identity', 'coupon', 'gateway'])
            stack.spawn(name);
        await stack.ready();
        assert.deepEqual((await stack.get('/v1/me/coupons', { token: member.token })).json.coupons.at(-1), coupon);
        assert.equal((await stack.get('/v1/me', { token: member.token })).json.level, 'CATEGORY');
        const again = await stack.post(`/v1/releases/${releaseId}/claims`, undefined, { token: member.token, key: 'mine' });
        assert.equal(again.status, 201);
        assert.deepEqual(again.json, coupon);
    });

    test('every audit is clean, and no log, journal or store in the clear has a name, an ID or a number', async () => {
        await stack.assertCleanAudits();
        const dumps = [];
        for (const name of ['identity', 'coupon']) {
            const { code, stdout } = await stack.backup(name, stack.path(`${name}.copy`));
            assert.equal(code, 0, stdout);
            dumps.push(readFileSync(stack.path(`${name}.copy`)));
        }
        for (const log of Object.values(stack.logs))
            dumps.push(Buffer.from(JSON.stringify(log.lines)));
        for (const one of [rider, courier, twice]) {
            for (const secret of [one.name, one.residentId, one.mobile])
                assert.ok(dumps.every((dump) => !dump.includes(secret)), `${secret} is nowhere in the clear`);
        }
        for (const token of [member.token, official.token])
            assert.ok(dumps.every((dump) => !dump.includes(token)), 'nor is a token');
    });
});
