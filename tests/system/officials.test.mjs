// Officials by HTTP: what takes two of them, who holds which office, and a company that acts for itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { enrol, grant, mobile, person, PASSWORD, rosterCsv, totp, unionsCsv, verify } from './people.mjs';
import { Stack, until } from './stack.mjs';

describe('officials', () => {
    let stack, riders, first, second, guard, rider;

    const proposals = async (token) => (await stack.get(`/v1/unions/${riders.unionId}/proposals`, { token })).json.proposals;
    const decide = (id, token, confirm = true) => stack.post(`/v1/proposals/${id}:decide`, { confirm }, { token });

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1), ...[101, 102, 103, 104, 105].map((n) => person(n, '440604'))]))).code, 0);
        riders = await stack.call('identity', 'Unions.GetUnionByCode', { code: '440604-001-0001' });
        await grant(stack, mobile(101), 'UNION_ADMIN', '440604-001');
        await grant(stack, mobile(102), 'UNION_ADMIN', '440604');
        await grant(stack, mobile(103), 'SECURITY_ADMIN', '440604');
        [first, second, guard] = await Promise.all([101, 102, 103].map((n) => enrol(stack, person(n))));
        rider = await verify(stack, person(1));
    });
    after(async () => {
        await stack.assertCleanAudits();
        await stack.close();
    });

    test('one proposes that a member be suspended, and another confirms it', async () => {
        const id = rider.member.memberId;
        const asked = await stack.post(`/v1/members/${id}:proposeStanding`,
            { standing: 'STANDING_SUSPENDED', reason: 'STANDING_DISCIPLINE' }, { token: first.token });
        assert.equal(asked.status, 201, asked.text);
        assertProblem(await decide(asked.json.proposalId, first.token), 403, 'PROPOSAL_OWN');
        assertProblem(await decide(asked.json.proposalId, guard.token), 403, 'PROPOSAL_OTHER_OFFICE');
        assert.deepEqual((await proposals(second.token)).map((one) => one.proposalId), [asked.json.proposalId]);
        assert.equal((await stack.get('/v1/me', { token: rider.token })).json.standing, 'STANDING_ACTIVE');
        const done = await decide(asked.json.proposalId, second.token);
        assert.equal(done.json.state, 'PROPOSAL_CONFIRMED', done.text);
        await until('her sessions end', async () => (await stack.get('/v1/me', { token: rider.token })).status === 401);
        assert.deepEqual(await proposals(second.token), []);
    });

    test('every change by authority names the official and what she did', async () => {
        const rows = await stack.query('identity', 'SELECT CAST(actor AS TEXT) AS actor, hex(body) AS body FROM journal WHERE kind = 900');
        assert.deepEqual(rows.map(({ actor, body }) => [actor, /Proposals\.\w+/.exec(Buffer.from(body, 'hex'))?.[0]]),
            [[first.member.memberId, 'Proposals.ProposeStanding'], [second.member.memberId, 'Proposals.DecideProposal']]);
    });

    test('the cadre register says who holds which office', async () => {
        const set = await stack.post(`/v1/unions/${riders.unionId}/cadres:set`,
            { mobile: person(1).mobile, post: 'POST_CHAIR', fullTime: true, termFrom: '2026-01-01T00:00:00Z' }, { token: first.token });
        assert.equal(set.status, 201, set.text);
        const { cadres } = (await stack.get(`/v1/unions/${riders.unionId}/cadres`, { token: second.token })).json;
        assert.equal(cadres.length, 1);
        assert.equal(cadres[0].post, 'POST_CHAIR');
        assert.match(cadres[0].name, /^王\*+.$/);
    });

    test('an agent of a company signs in with both factors and reports who has left', async () => {
        const of = (path) => `/v1/unions/${riders.unionId}/company${path}`;
        const code = '91350100M000100Y43';
        assert.equal((await stack.post(of(':register'), { creditCode: code, name: '佛山某配送公司' }, { token: first.token })).status, 201);
        for (const [n, kind] of [[104, 'AGENT_HANDLER'], [105, 'AGENT_APPROVER']])
            assert.equal((await stack.post(of(':setAgent'), { mobile: mobile(n), kind }, { token: first.token })).status, 200);
        const [handler, approver] = await Promise.all([104, 105].map((n) => enrol(stack, person(n))));
        const signedIn = await stack.post('/v1/official-sessions',
            { mobile: mobile(104), password: PASSWORD, totp: totp(handler.secret, 1) });
        assert.equal(signedIn.status, 201, signedIn.text);
        const { members } = (await stack.get(of('/members'), { token: handler.token })).json;
        assert.deepEqual(members.map((one) => one.memberId), [rider.member.memberId]);
        assertProblem(await stack.get(`/v1/unions/${riders.parentId}/company/members`, { token: handler.token }), 403, 'OUTSIDE_YOUR_UNION');
        const asked = await stack.post(of(':proposeDeparture'), { memberId: rider.member.memberId }, { token: handler.token });
        assertProblem(await decide(asked.json.proposalId, handler.token), 403, 'AGENT_NOT_APPROVER');
        assert.equal((await decide(asked.json.proposalId, approver.token)).json.state, 'PROPOSAL_CONFIRMED');
        const gone = (await stack.get(`${of('/members')}?state=COMPANY_MEMBER_LEFT`, { token: handler.token })).json.members;
        assert.equal(gone[0].ended, 'ENDED_BY_COMPANY');
    });
});
