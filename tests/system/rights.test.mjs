// A member's rights over her own data, by HTTP: what she agrees to, who has looked, all of it to
// take away, and the end of her account, after which nothing in the store or a backup opens.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, mobile, person, rosterCsv, unionsCsv } from './people.mjs';
import { claimer, openRelease } from './releases.mjs';
import { Stack, until } from './stack.mjs';
import { placed } from './unions.mjs';

describe("a member's own data", () => {
    let stack, riders, official, systemAdmin;

    before(async () => {
        stack = await Stack.start({ settings: { identity: { HUIGONG_CLOSING_DAYS: 0 } } });
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1), person(2)]))).code, 0);
        riders = await placed(stack, '440604-001-0001');
        const token = (role, unionPath) => mint(stack.tokenKey(), { memberId: 77, grants: [{ role, unionPath }] });
        official = token('UNION_ADMIN', riders.path);
        systemAdmin = token('SYSTEM_ADMIN', '');
    });
    after(() => stack.close());

    let devices = 0;
    /** A session of the n-th person that took no code: another may be sent at once. */
    const enter = (n) => stack.call('identity', 'Identity.CompleteWechatLogin',
        { appid: 'wx0000000000000001', openid: `device-${devices++}`, mobile: mobile(n) });
    const code = async (n, purpose) => {
        const sent = stack.codesTo(mobile(n)).length;
        assert.equal((await stack.post('/v1/login-codes', { mobile: mobile(n), purpose })).status, 200);
        return (await until('the code is sent', () => stack.codesTo(mobile(n))[sent])).code;
    };
    const verified = async (n) => {
        const { name, residentId } = person(n);
        const session = await enter(n);
        const answer = await stack.post('/v1/me:verify', { name, residentId }, { token: session.token });
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    };

    test('she agrees to a version of a text that anybody may read, and takes it back', async () => {
        const root = await stack.call('identity', 'Unions.GetUnionByCode', { code: '440600' });
        const text = '为向您推荐附近的服务，我们将使用您的位置。';
        const published = await stack.post(`/v1/unions/${root.unionId}/policies`, {
            purpose: 'PURPOSE_LOCATION', title: '位置信息', text, controller: '佛山市总工会', contact: '0757-12351',
            kinds: '位置', retention: '用后即删',
        }, { token: systemAdmin, key: 'policy-1' });
        assert.equal(published.status, 201, published.text);
        assert.equal((await stack.get(`/v1/policies/${published.json.policyId}`)).json.text, text);
        const { token } = await enter(3);
        const given = await stack.post('/v1/me/consents', { purpose: 'PURPOSE_LOCATION', version: 1, channel: 'CHANNEL_WEB' }, { token });
        assert.equal(given.status, 201, given.text);
        assert.equal(given.json.textSha256, published.json.textSha256);
        const after = await stack.post('/v1/me/consents:withdraw', { purpose: 'PURPOSE_LOCATION' }, { token });
        assert.equal(after.status, 200, after.text);
        assert.ok(after.json.records[0].withdrawnAt);
    });

    test('she is told who has looked at her data, when, and in which office', async () => {
        const { token, member } = await verified(1);
        assert.equal((await stack.get('/v1/me/looks', { token })).json.looks.length, 0);
        const listed = await stack.get(`/v1/unions/${riders.unionId}/members?pageSize=10`, { token: official });
        assert.equal(listed.status, 200, listed.text);
        assert.ok(listed.json.members.some(({ memberId }) => memberId === member.memberId));
        const [look] = (await stack.get('/v1/me/looks', { token })).json.looks;
        assert.equal(look.by, '77');
        assert.equal(look.method, 'Memberships.ListMembers');
        assert.equal(look.office.code, riders.code);
        await stack.archive('identity');
        assert.deepEqual((await stack.get('/v1/me/looks', { token })).json.looks, [look], 'also when the row has left the store');
    });

    test('all of it is hers to take away, with a code to her number and not by a session alone', async () => {
        const entered = (await enter(1)).token;
        const { name, residentId } = person(1);
        assertProblem(await stack.post('/v1/me:export', { code: '000000' }, { token: entered }), 403, 'STEP_UP_NEEDED');
        const { token } = (await stack.post('/v1/me:stepUp', { residentId }, { token: entered })).json;
        assertProblem(await stack.post('/v1/me:export', { code: '000000' }, { token }), 400, 'CODE_EXPIRED');
        const data = await stack.post('/v1/me:export', { code: await code(1, 'CODE_EXPORT') }, { token });
        assert.equal(data.status, 200, data.text);
        assert.deepEqual([data.json.account.name, data.json.account.residentId, data.json.account.mobile], [name, residentId, mobile(1)]);
        assert.equal(data.json.memberships.length, 1);
        assert.equal(data.json.looks.length, 1);
    });

    test('each service gives her what it keeps of her, and nobody else', async () => {
        const { member } = await enter(1), claim = claimer(stack, await openRelease(stack));
        const { couponId } = (await claim(member.memberId)).json;
        const fresh = (memberId) => mint(stack.tokenKey(), { memberId, steppedUpUntil: Date.now() + 600000 });
        const { services } = (await stack.get('/v1/me/data')).json;
        assert.deepEqual(services, ['bridge', 'coupon', 'health', 'match', 'portal', 'subsidy']);
        const kept = async (memberId) => {
            const found = [];
            for (const service of services) {
                const { status, json, text } = await stack.get(`/v1/me/data/${service}`, { token: fresh(memberId) });
                assert.equal(status, 200, text);
                found.push(...json.things.map(({ part, json: one }) => [part, JSON.parse(one)]));
            }
            return found;
        };
        assert.ok((await kept(member.memberId)).some(([part, one]) => part === 'claims' && one.couponId === couponId));
        assert.ok((await kept('999999')).every(([part]) => part !== 'claims'));
        assertProblem(await stack.get('/v1/me/data/coupon', { token: mint(stack.tokenKey(), { memberId: member.memberId }) }), 403, 'STEP_UP_NEEDED');
        assertProblem(await stack.get('/v1/me/data/coupon'), 401, 'MISSING_TOKEN');
        for (const service of ['identity', 'broker', 'gateway', 'nobody', 'coupon.9'])
            assertProblem(await stack.get(`/v1/me/data/${service}`, { token: fresh(member.memberId) }), 404, 'SERVICE_NOT_FOUND');
        const batch = await stack.post('/v1/batch', { paths: services.map((one) => `/v1/me/data/${one}`) }, { token: fresh(member.memberId) });
        assert.deepEqual(batch.json.answers.map(({ status }) => status), services.map(() => 200), batch.text);
        await stack.stop('health');
        assertProblem(await stack.get('/v1/me/data/health', { token: fresh(member.memberId) }), 503, 'SERVICE_DOWN');
        stack.spawn('health');
        await stack.serves('health');
    });

    test('after she has closed her account nobody is behind her number, in the store or a backup', async () => {
        const { token, member } = await verified(2);
        const [row] = await stack.query('identity', `SELECT hex(data_key) AS key, hex(sealed_person) AS sealed FROM member WHERE member_id = ${member.memberId}`);
        assert.ok(row.key.length > 0 && row.sealed.length > 0);
        const asked = await stack.post('/v1/me:close', { code: await code(2, 'CODE_CLOSE'), confirmed: true }, { token });
        assert.equal(asked.status, 200, asked.text);
        await until('the account is closed', async () => (await stack.get('/v1/me', { token })).status === 401);
        const file = stack.path('backup.sqlite');
        assert.equal((await stack.backup('identity', file)).code, 0);
        for (const bytes of [readFileSync(stack.store('identity')), readFileSync(file)]) {
            assert.ok(!bytes.includes(Buffer.from(row.key, 'hex')), 'her key');
            assert.ok(!bytes.includes(Buffer.from(row.sealed, 'hex')), 'her name');
        }
        const anew = await enter(2);
        assert.notEqual(anew.member.memberId, member.memberId);
        assert.equal(anew.member.name ?? '', '');
    });

    test('and every daemon’s journal is whole', () => stack.assertCleanAudits());
});
