// Points for what members do: told by identity, and by a service made for the test; whatever dies meanwhile.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, person, rosterCsv, unionsCsv, verify } from './people.mjs';
import { openRelease } from './releases.mjs';
import { DAEMONS, Stack, until } from './stack.mjs';
import { placed, unionAt } from './unions.mjs';

let stack, city, ledgerId;

before(async () => {
    stack = await Stack.start({
        daemons: DAEMONS.filter((name) => name !== 'portal'),
        prepare: (one) => {
            one.settings.source = { HUIGONG_STORE: one.path('source'), ...one.headSettings('source'),
                HUIGONG_SESSION_POINT: one.path('keys', 'session.point'), HUIGONG_PLACE: '00000000' };
            mkdirSync(one.path('source'), { mode: 0o700 });
        },
    });
    stack.spawn('source');
    for (const name of ['identity', 'coupon'])
        await stack.serves(name);
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    assert.equal((await stack.import('roster', rosterCsv([person(1)]))).code, 0);
    city = await placed(stack, '440600');
    await unionAt(stack, city.path, 'coupon');
});

after(() => stack.close());

const official = (memberId) => mint(stack.tokenKey(), { memberId, grants: [{ role: 'BENEFIT_MANAGER', unionPath: city.path }] });
const post = (path, body, memberId) => stack.post(path, body, { token: official(memberId), key: randomUUID() });
const points = async (token) => {
    const { balances } = (await stack.get('/v1/me/points', { token })).json;
    return balances.reduce((sum, one) => sum + Number(one.points), 0);
};

async function rule(service, what, each, most) {
    const proposed = await post(`/v1/point-ledgers/${ledgerId}/rules`,
        { rule: { ledgerId, title: '积分', service, what, points: each, ...most } }, 801);
    assert.equal(proposed.status, 201, proposed.text);
    const path = `/v1/point-rules/${proposed.json.ruleId}:confirm`;
    assertProblem(await post(path, {}, 801), 403, 'HANDS_SAME');
    assert.equal((await post(path, {}, 802)).json.state, 'RULE_IN_FORCE');
}

test('who joins a union earns what it gives for it, once', async () => {
    const made = await post('/v1/point-ledgers', { ledger: { unionId: city.unionId, name: '惠工积分' } }, 801);
    assert.equal(made.status, 201, made.text);
    ({ ledgerId } = made.json);
    assertProblem(await post(`/v1/point-ledgers/${ledgerId}/rules`, { rule: { ledgerId, title: '积分', service: 'nobody', what: 'x', points: 1 } }, 801), 400, 'SOURCE_UNKNOWN');
    await rule('identity', 'joining', 100, { mostEver: 100 });
    const { token } = await verify(stack, person(1));
    await until('she has the points', async () => (await points(token)) === 100);
    const { entries } = (await stack.get(`/v1/me/points/${ledgerId}/entries`, { token })).json;
    assert.deepEqual(entries.map((one) => [one.kind, one.points, one.title]), [['EARNED', '100', '积分']]);
});

test('what a service tells of gives points once, through kills of both', async () => {
    const people = Array.from({ length: 30 }, (_, i) => 5000 + i);
    const token = (memberId) => mint(stack.tokenKey(), { memberId });
    const releaseId = await openRelease(stack);

    await rule('portal', 'attendance', 7, {});
    for (const [i, memberId] of people.entries()) {
        const claim = () => stack.post(`/v1/releases/${releaseId}/claims`, undefined, { token: token(memberId), key: `claim-${memberId}` });
        await until('she has claimed', async () => [200, 201].includes((await claim()).status));
        if (i % 10 === 4)
            for (const name of ['source', 'coupon']) {
                await stack.kill(name);
                stack.spawn(name);
            }
    }
    await stack.serves('coupon');
    for (const memberId of people)
        await until(`${memberId} has her points`, async () => (await points(token(memberId))) > 0);
    for (const memberId of people)
        assert.equal(await points(token(memberId)), 7);
    const { json } = await stack.get(`/v1/point-ledgers/${ledgerId}/totals`, { token: official(801) });
    assert.equal(json.left, String(100 + 7 * people.length));
    await stack.assertCleanAudits();
});
