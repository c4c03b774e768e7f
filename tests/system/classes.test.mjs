// What a taken gateway is: it holds the key of tokens and the edge's sockets, and is a member at most.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { mint } from './people.mjs';
import { Stack } from './stack.mjs';

describe('at the edge', () => {
    let stack;
    before(async () => { stack = await Stack.start({}); });
    after(() => stack?.close());

    const grants = [{ role: 'BENEFIT_MANAGER', unionPath: '' }, { role: 'UNION_ADMIN', unionPath: '' }];

    test('authority that identity has not sealed is none, in every service', async () => {
        const key = stack.tokenKey(), sealed = mint(key, { memberId: 40, grants });
        const forged = mint(key, { memberId: 41, grants, sealedBy: randomBytes(32) });
        for (const path of ['/v1/releases', '/v1/me/checkup-history', '/v1/me/looks']) {
            const answer = await stack.get(path, { token: forged });
            assert.equal(answer.status, 401, `${path}: ${answer.text}`);
            assert.equal(answer.json.reason, 'BAD_TOKEN');
            assert.notEqual((await stack.get(path, { token: sealed })).json.reason, 'BAD_TOKEN');
        }
        assert.equal((await stack.get('/v1/me/offers', { token: mint(key, { memberId: 41 }) })).status, 200);
    });

    test('that a member has stepped up is the word of identity too', async () => {
        const key = stack.tokenKey(), one = { memberId: 42, steppedUpUntil: Date.now() + 600000 };
        const [bare, forged, sealed] = [{ memberId: 42 }, { ...one, sealedBy: randomBytes(32) }, one]
            .map((principal) => stack.get('/v1/me/checkup-reports', { token: mint(key, principal) }));
        assert.equal((await bare).json.reason, 'STEP_UP_NEEDED');
        assert.equal((await forged).json.reason, 'BAD_TOKEN');
        assert.equal((await sealed).status, 200);
    });

    test('nobody speaks as a daemon', async () => {
        const inside = await stack.command('identity', '--call', 'Daemon.PauseFollowing', '{"seconds":0}');
        assert.equal(inside.code, 0, inside.stderr);
        const settings = { ...stack.environment('identity'), HUIGONG_BUS: stack.path('bus', 'edge') };
        const atEdge = (method, input) => stack.inside('identity', [stack.program('identity'), '--call', method, input], { env: settings });
        const revoked = await atEdge('Daemon.ReadJournal', '{"kinds":[5]}');
        assert.equal(revoked.code, 0, revoked.stderr);
        for (const [method, input] of [['Daemon.PauseFollowing', '{"seconds":0}'], ['Daemon.ReadJournal', '{}'],
            ['Daemon.ReadJournal', '{"kinds":[1]}'], ['Daemon.ReadJournal', '{"kinds":[5,5]}']]) {
            const { code, stderr } = await atEdge(method, input);
            assert.equal(code, 1, stderr);
            assert.match(stderr, /NOT_OFFICIAL/);
        }
    });
});
