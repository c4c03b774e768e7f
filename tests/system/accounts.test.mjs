// What a union and its members have to do with their standing there, by HTTP: joining an industry union by
// one request, proving a trade, founding a union, bringing two accounts together, and leaving a roster.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, mobile, person, personName, residentId, rosterCsv, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';
import { placed } from './unions.mjs';

describe('a member and her unions', () => {
    let stack, city, riders, official;
    const courier = {};

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        [city, riders] = await Promise.all(['440600', '440604-001-0001'].map((code) => placed(stack, code)));
        official = (union, memberId) => mint(stack.tokenKey(), { memberId, grants: [{ role: 'UNION_ADMIN', unionPath: union.path }] });
    });
    after(() => stack.close());

    /** The code that was sent to a number last, once it has been. */
    const codeTo = async (number, token) => {
        const before = stack.codesTo(number).length;
        const sent = await stack.post('/v1/login-codes', { mobile: number, purpose: 'CODE_MERGE' }, { token });
        assert.equal(sent.status, 200, sent.text);
        return (await until('the code is sent', () => stack.codesTo(number)[before])).code;
    };

    test('a courier joins the industry union of her city and is covered', async () => {
        const made = await stack.post('/v1/unions', { code: '440600-X', name: '新就业形态行业工会联合会', parentId: city.unionId,
            trades: ['COURIER', 'FOOD_DELIVERY'] }, { token: official(city, 2), key: 'industry' });
        assert.equal(made.status, 201, made.text);
        assert.deepEqual(made.json.trades, ['COURIER', 'FOOD_DELIVERY']);
        const { token } = await stack.login(mobile(8001));
        const asked = await stack.post('/v1/me/join-requests', { unionId: riders.unionId, trade: 'COURIER', threeInOne: true,
            name: personName(81), residentId: residentId(81) }, { token });
        assert.equal(asked.status, 201, asked.text);
        assert.equal(asked.json.union.code, '440600-X');
        const report = await stack.post(`/v1/unions/${made.json.unionId}/join-requests:decide`,
            { requestIds: [asked.json.requestId], approve: true }, { token: official(city, 2) });
        assert.equal(report.json.done, 1, report.text);
        const trades = await stack.get('/v1/me/trades', { token });
        assert.equal(trades.json.trades[0].state, 'TRADE_PROVEN');
        assert.equal(trades.json.trades[0].source, 'TRADE_BY_JOINING');
        // CoverEnrolled is the 29th of identity's events.
        assert.deepEqual(await stack.query('identity', 'SELECT count(*) AS n FROM journal WHERE kind = 29'), [{ n: 1 }]);
        courier.token = token;
    });

    test('she proves another trade by what she shows, and the proof is seen by her union alone', async () => {
        const one = person(82);
        assert.equal((await stack.import('roster', rosterCsv([one]))).code, 0);
        const session = await stack.login(one.mobile);
        const { json } = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token: session.token });
        assert.equal(json.member.trade, 'FOOD_DELIVERY');
        const claimed = await stack.post('/v1/me/trades', { trade: 'RIDE_DRIVER', proof: 'PROOF_LICENCE', platform: '交通运输局',
            workNumber: 'FS-0042' }, { token: json.token });
        assert.equal(claimed.status, 201, claimed.text);
        const claims = `/v1/unions/${riders.unionId}/trade-claims`;
        assert.equal((await stack.get(claims, { token: official(riders, 2) })).json.trades[0].workNumber, 'FS-0042');
        const report = await stack.post(`${claims}:decide`, { tradeIds: [claimed.json.tradeId], approve: true }, { token: official(riders, 2) });
        assert.equal(report.json.done, 1, report.text);
        assert.equal((await stack.get('/v1/me', { token: json.token })).json.trade, 'RIDE_DRIVER');
        const stored = await stack.query('identity', 'SELECT hex(sealed) AS sealed FROM trade WHERE proof > 0');
        assert.deepEqual(stored, [{ sealed: '' }], 'what she has shown is erased');
    });

    test('a new union is asked for and made by the union above', async () => {
        const { token } = courier;
        const asked = await stack.post(`/v1/unions/${city.unionId}/new-unions`, { unionId: city.unionId, name: '石湾陶瓷厂工会',
            code: '440600-C', workers: 24, body: 'BODY_ORGANISER' }, { token, key: 'new union' });
        assert.equal(asked.status, 201, asked.text);
        const decided = await stack.post(`/v1/union-changes/${asked.json.changeId}:decide`, { approve: true }, { token: official(city, 3) });
        assert.equal(decided.status, 200, decided.text);
        assert.equal((await stack.get('/v1/union-codes/440600-C', { token })).json.unionId, decided.json.targetId);
    });

    test('two numbers become one account by codes sent to both', async () => {
        const one = person(83);
        assert.equal((await stack.import('roster', rosterCsv([one]))).code, 0);
        const [old, fresh] = [one.mobile, mobile(8003)];
        // Accounts without a code sent: the bridge's word for a number.
        const enter = (number, openid) => stack.call('identity', 'Identity.CompleteWechatLogin', { appid: 'wx1', openid, mobile: number });
        const hers = await enter(old, 'o-1');
        const verified = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token: hers.token });
        assert.equal(verified.status, 200, verified.text);
        const { token } = await enter(fresh, 'o-2');
        assertProblem(await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token }), 409, 'RESIDENT_ID_TAKEN');
        const merged = await stack.post('/v1/me:merge', { mobile: old, code: await codeTo(old, token), ownCode: await codeTo(fresh, token) }, { token });
        assert.equal(merged.status, 200, merged.text);
        assert.equal(merged.json.keptId, hers.member.memberId);
        await until('the gateway has heard', async () => (await stack.get('/v1/me', { token })).status === 401);
        assert.equal((await enter(fresh, 'o-2')).member.memberId, hers.member.memberId);
        assert.equal((await stack.get('/v1/me/wechats', { token: verified.json.token })).json.wechats.length, 2);
    });

    test('who is taken off a roster has left the company', async () => {
        const one = person(84);
        assert.equal((await stack.import('roster', rosterCsv([one]))).code, 0);
        const session = await stack.login(one.mobile);
        const { json } = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token: session.token });
        const rows = `/v1/unions/${riders.unionId}/roster-rows`;
        const found = await stack.post(`${rows}:find`, { residentId: one.residentId }, { token: official(riders, 2) });
        assert.equal(found.json.rows[0].memberId, json.member.memberId, found.text);
        const report = await stack.post(`${rows}:remove`, { rosterIds: [found.json.rows[0].rosterId], reason: 'REMOVAL_LEFT_COMPANY' },
            { token: official(riders, 2) });
        assert.equal(report.json.done, 1, report.text);
        await until('the gateway has heard', async () => (await stack.get('/v1/me', { token: json.token })).status === 401);
        const { memberships } = await stack.call('identity', 'Memberships.ListMemberships', { memberId: json.member.memberId });
        assert.equal(memberships.at(-1).began, 'BEGAN_BY_HANGING');
        const again = await stack.post('/v1/rosters:remove', { csv: `${one.residentId},${one.union}\n`, reason: 'REMOVAL_MISTAKE' },
            { token: official(riders, 2) });
        assert.equal(again.json.problems[0].reason, 'ROSTER_ROW_NOT_FOUND', again.text);
    });

    test('every audit is clean', () => stack.assertCleanAudits());
});
