// What administrators of the system and of security see of it by HTTP: each daemon's health, the broker's queues, the
// budget of codes, and where an official is signed in.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { enrol, grant, mobile, person, rosterCsv, unionsCsv, verify } from './people.mjs';
import { DAEMONS, Stack } from './stack.mjs';

describe('the system', () => {
    let stack, system, guard, auditor, low, rider;

    const health = (service, { token } = system) => stack.get(`/v1/daemons/${service}/health`, { token });
    const counter = ({ json }, name, labels = '') => json.counters.find((one) => one.name === name && one.labels === labels)?.value;

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1), ...[101, 102, 103, 104].map((n) => person(n, '440604'))]))).code, 0);
        for (const [n, role, code] of [[101, 'SYSTEM_ADMIN', '440600'], [102, 'SECURITY_ADMIN', '440600'], [103, 'AUDIT_ADMIN', '440600'], [104, 'SYSTEM_ADMIN', '440604']])
            await grant(stack, mobile(n), role, code);
        [system, guard, auditor, low] = await Promise.all([101, 102, 103, 104].map((n) => enrol(stack, person(n))));
        rider = await verify(stack, person(1));
    });
    after(async () => {
        await stack.assertCleanAudits();
        await stack.close();
    });

    test('every daemon says how it is, and the broker how its queues are', async () => {
        const broker = await health('broker');
        assert.equal(broker.status, 200, broker.text);
        for (const name of DAEMONS.filter((one) => one !== 'gateway')) {
            const answer = await health(name);
            assert.equal(answer.json.healthy, true, answer.text);
            assert.ok(Date.parse(answer.json.startedAt) <= Date.now() && !answer.json.backedUpAt, answer.text);
            assert.equal(counter(broker, 'huigong_queue_served', `queue="${name}"`), 1);
            assert.equal(typeof counter(broker, 'huigong_queue_depth', `queue="${name}"`), 'number');
        }
        assert.ok(counter(await health('identity'), 'huigong_journal_rows') > 0);
    });

    test('codes that are sent are counted against the budget of the day', async () => {
        const before = counter(await health('identity', guard), 'huigong_codes_sent_today');
        assert.equal((await stack.post('/v1/login-codes', { mobile: mobile(7) })).status, 200);
        assert.equal(counter(await health('identity', guard), 'huigong_codes_sent_today'), before + 1);
    });

    test('it is told to administrators of the whole tree alone', async () => {
        assertProblem(await health('identity', auditor), 403, 'NOT_OFFICIAL');
        assertProblem(await health('broker', low), 403, 'OUTSIDE_YOUR_UNION');
        assertProblem(await health('identity', rider), 403, 'NOT_OFFICIAL');
        assertProblem(await stack.get('/v1/daemons/broker/health'), 401, 'MISSING_TOKEN');
        assertProblem(await health('nobody'), 404, 'SERVICE_NOT_FOUND');
        // What it keeps nothing of, the broker gives nobody.
        assertProblem(await stack.get('/v1/journals/broker/rows', { token: auditor.token }), 404, 'SERVICE_NOT_FOUND');
        assertProblem(await stack.get('/v1/me/data/broker', { token: rider.token }), 404, 'SERVICE_NOT_FOUND');
    });

    test('one that is down is told as such, the others are as before', async () => {
        await stack.stop('portal');
        assertProblem(await health('portal'), 503, 'SERVICE_DOWN');
        const broker = await health('broker');
        assert.equal(counter(broker, 'huigong_queue_served', 'queue="portal"'), 0, broker.text);
        assert.equal((await health('coupon')).json.healthy, true);
        await stack.spawn('portal');
        await stack.ready();
    });

    test('a security administrator sees where an official is signed in, which is on record, and ends it', async () => {
        const { memberId } = auditor.member, path = `/v1/members/${memberId}/sessions`;
        const { json } = await stack.get(path, { token: guard.token });
        assert.ok(json.sessions.some((one) => one.signIn === 'SIGN_IN_BY_PASSWORD' && one.memberId === memberId), JSON.stringify(json));
        assertProblem(await stack.get(path, { token: system.token }), 403, 'NOT_OFFICIAL');
        assert.equal((await stack.post(`${path}:end`, {}, { token: guard.token })).status, 200);
        assert.deepEqual((await stack.get(path, { token: guard.token })).json.sessions, []);
        assertProblem(await stack.post('/v1/sessions:refresh', { refreshToken: auditor.refreshToken }), 401, 'REFRESH_INVALID');
    });
});
