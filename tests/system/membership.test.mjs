// A member's way through unions, by HTTP: she joins by one tap, moves, is counted, and leaves; and
// whatever dies meanwhile, she is in exactly one union or in none, with her whole history.
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { after, before, describe, test } from 'node:test';
import { announced } from './checkups.mjs';
import { assertProblem } from './http.mjs';
import { mint, mobile, person, personName, residentId, rosterCsv, unionsCsv } from './people.mjs';
import { openRelease } from './releases.mjs';
import { run, Stack, until } from './stack.mjs';
import { placed, unionAt } from './unions.mjs';

describe('from one union to another', () => {
    let stack, riders, shunde, city, official;
    const she = {};

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        [riders, shunde, city] = await Promise.all(['440604-001-0001', '440606', '440600'].map((code) => placed(stack, code)));
        official = (union, memberId) => mint(stack.tokenKey(), { memberId, grants: [{ role: 'UNION_ADMIN', unionPath: union.path }] });
    });
    after(() => stack.close());

    const numbers = async (union) =>
        (await stack.get(`/v1/unions/${union.unionId}/numbers`, { token: official(city, 4) })).json;
    const decide = (union, path, body, token = official(union, 2)) =>
        stack.post(`/v1/unions/${union.unionId}/${path}`, body, { token });

    test('she asks by one tap, and is a member when the union has approved', async () => {
        const session = await stack.login(mobile(7001));
        const ask = () => stack.post('/v1/me/join-requests', {
            unionId: riders.unionId, name: personName(7), residentId: residentId(7), trade: 'FOOD_DELIVERY',
        }, { token: session.token });
        const asked = await ask();
        assert.equal(asked.status, 201, asked.text);
        assert.equal((await ask()).json.requestId, asked.json.requestId, 'asking twice is asking once');
        assertProblem(await decide(shunde, 'join-requests:decide', { requestIds: [asked.json.requestId], approve: true },
            official(riders, 2)), 403, 'OUTSIDE_YOUR_UNION');
        const waiting = await stack.get(`/v1/unions/${riders.unionId}/join-requests`, { token: official(riders, 2) });
        assert.equal(waiting.json.requests.length, 1);
        assert.ok(!waiting.text.includes(personName(7)) && !waiting.text.includes(residentId(7)), 'masked');
        const report = await decide(riders, 'join-requests:decide', { requestIds: [asked.json.requestId], approve: true });
        assert.equal(report.json.done, 1, report.text);
        const renewed = await stack.post('/v1/sessions:refresh', { refreshToken: session.refreshToken });
        assert.equal(renewed.json.member.level, 'CATEGORY');
        Object.assign(she, { token: renewed.json.token, memberId: renewed.json.member.memberId });
        const mine = (query) => stack.get(`/v1/me/join-requests${query}`, { token: she.token });
        for (const [query, n] of [['', 1], ['?state=JOIN_APPROVED', 1], ['?state=JOIN_ASKED', 0], ['?state=JOIN_ASKED&state=JOIN_APPROVED', 1]])
            assert.deepEqual((await mine(query)).json.requests.map(({ state }) => state), Array(n).fill('JOIN_APPROVED'), query);
        assertProblem(await mine('?state=APPROVED'), 400, 'OUT_OF_RANGE', 'state');
    });

    test('every level above counts her', async () => {
        for (const union of [riders, city]) {
            const counted = await numbers(union);
            assert.equal(counted.members, '1');
            assert.equal(counted.trades.find(({ trade }) => trade === 'FOOD_DELIVERY').members, '1');
            assert.equal(counted.days.at(-1).joined, '1');
        }
        assertProblem(await stack.get(`/v1/unions/${city.unionId}/numbers`, { token: official(riders, 2) }), 403, 'OUTSIDE_YOUR_UNION');
    });

    test('she moves, released by the old union and accepted by the new, and her old token is good no more', async () => {
        const asked = await stack.post('/v1/me/transfers', { unionId: shunde.unionId }, { token: she.token });
        assert.equal(asked.status, 201, asked.text);
        const one = { transferIds: [asked.json.transferId], approve: true };
        assert.equal((await decide(riders, 'transfers:release', one)).json.done, 1);
        assert.equal((await decide(shunde, 'transfers:accept', one)).json.done, 1);
        await until('the gateway has heard', async () =>
            (await stack.get('/v1/me', { token: she.token })).status === 401);
        const history = await stack.get(`/v1/members/${she.memberId}/memberships`, { token: official(shunde, 3) });
        const [first, second] = history.json.memberships;
        assert.equal(first.ended, 'ENDED_BY_TRANSFER');
        assert.equal(first.to, second.from);
        const was = (at) => stack.get(`/v1/members/${she.memberId}/membership-check?unionId=${riders.unionId}&at=${at}`,
            { token: official(riders, 2) });
        assert.equal((await was(first.from)).json.member, true);
        assert.equal((await was(second.from)).json.member, false);
        assert.equal((await numbers(riders)).members, '0');
    });

    test('a union that moves is found by its code, with its numbers', async () => {
        const asked = await stack.post(`/v1/unions/${shunde.unionId}/changes`,
            { unionId: shunde.unionId, kind: 'CHANGE_NAME', code: '440606-N' }, { token: official(shunde, 2), key: 'rename' });
        assert.equal(asked.status, 201, asked.text);
        const decision = (token) => stack.post(`/v1/union-changes/${asked.json.changeId}:decide`, { approve: true }, { token });
        assertProblem(await decision(official(shunde, 3)), 403, 'NEEDS_LEVEL_ABOVE');
        assert.equal((await decision(official(city, 3))).json.state, 'CHANGE_APPROVED');
        const found = await stack.get('/v1/union-codes/440606', { token: official(city, 3) });
        assert.equal(found.json.code, '440606-N');
        assert.equal((await numbers(shunde)).members, '1');
    });

    test('kill -9 while members are hung and transferred leaves each in one union, with her whole history', async () => {
        const people = Array.from({ length: 6 }, (_, i) => person(500 + i));
        assert.equal((await stack.import('roster', rosterCsv(people))).code, 0);
        const members = await Promise.all(people.map(async (one) => {
            const { token } = await stack.login(one.mobile);
            const { json } = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token });
            const { json: asked } = await stack.post('/v1/me/transfers', { unionId: shunde.unionId }, { token: json.token });
            return { memberId: json.member.memberId, transferId: asked.transferId };
        }));
        for (const { memberId, transferId } of members) {
            const answers = [
                decide(riders, 'members:hang', { memberIds: [memberId] }),
                decide(shunde, 'transfers:accept', { transferIds: [transferId], approve: true }),
            ];
            await stack.kill('identity');
            await Promise.all(answers);
            stack.spawn('identity');
            await stack.serves('identity');
            const { memberships } = await stack.call('identity', 'Memberships.ListMemberships', { memberId });
            assert.equal(memberships.filter(({ to }) => !to).length, 1, 'one lasting membership');
            for (const [i, one] of memberships.entries())
                assert.equal(one.to ?? null, memberships[i + 1]?.from ?? null, 'no gap and no overlap');
        }
        for (const { memberId, transferId } of members) {
            await decide(riders, 'members:hang', { memberIds: [memberId] });
            await decide(shunde, 'transfers:accept', { transferIds: [transferId], approve: true });
            const { memberships } = await stack.call('identity', 'Memberships.ListMemberships', { memberId });
            assert.equal(memberships.at(-1).union.unionId, shunde.unionId);
        }
        assert.equal((await numbers(shunde)).members, '7');
        assert.equal((await numbers(riders)).members, '0');
    });

    test('a union that is placed elsewhere takes its releases and health checks with it', async () => {
        const elsewhere = await placed(stack, '440100'), { unionId } = shunde;
        await unionAt(stack, shunde.path, 'coupon');
        const releaseId = await openRelease(stack, { unionId });
        const { campaignId } = await announced(stack, { unionId, opens: 86400000 });
        const above = (memberId) => mint(stack.tokenKey(), { memberId, grants: [{ role: 'UNION_ADMIN', unionPath: '' }] });
        const asked = await stack.post(`/v1/unions/${shunde.unionId}/changes`,
            { unionId: shunde.unionId, kind: 'CHANGE_PLACE', targetId: elsewhere.unionId }, { token: above(5), key: 'place' });
        assert.equal(asked.status, 201, asked.text);
        const decided = await stack.post(`/v1/union-changes/${asked.json.changeId}:decide`, { approve: true }, { token: above(6) });
        assert.equal(decided.status, 200, decided.text);
        shunde = await placed(stack, '440606-N');
        assert.equal(shunde.path.slice(0, 4), elsewhere.path);
        const release = async () => (await stack.call('coupon', 'Coupons.GetRelease', { releaseId })).release;
        const checkup = () => stack.call('health', 'Campaigns.GetCampaign', { campaignId });
        for (const [service, table, it] of [['coupon', 'release', release], ['health', 'campaign', checkup]]) {
            const isThere = async () => {
                const [{ n }] = await stack.query(service,
                    `SELECT count(*) AS n FROM ${table} WHERE union_path = '${shunde.path}'`);
                const said = await it();
                assert.deepEqual([said.unionId, said.audience.unionId], [unionId, unionId], 'its name is the same everywhere');
                return n === 1;
            };
            await until(`${service} has followed`, isThere);
            await stack.kill(service);
            /* As a store is that followed identity before it knew of the tree. */
            const { code, stderr } = await run('sqlite3', [stack.store(service), 'DELETE FROM tree_union; DELETE FROM heard']);
            assert.equal(code, 0, stderr);
            stack.spawn(service);
            await stack.serves(service);
            const unions = await stack.query('identity', 'SELECT path, CAST(union_id AS TEXT) AS id FROM unions WHERE union_id > 0 ORDER BY path');
            await until(`${service} has heard of all unions again`, async () => isDeepStrictEqual(unions,
                await stack.query(service, 'SELECT path, CAST(union_id AS TEXT) AS id FROM tree_union ORDER BY path')));
            assert.ok(await isThere());
        }
        const reason = '换了上级工会';
        const makeVoid = (unionPath) => stack.post(`/v1/checkups/${campaignId}:void`, { reason },
            { token: mint(stack.tokenKey(), { grants: [{ role: 'BENEFIT_MANAGER', unionPath }] }) });
        assertProblem(await makeVoid(city.path), 403, 'OUTSIDE_YOUR_UNION');
        assert.equal((await makeVoid(elsewhere.path)).json.voidReason, reason);
    });

    test('every audit is clean', () => stack.assertCleanAudits());
});
