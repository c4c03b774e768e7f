// A number is not a person: whoever has a member's number now sees nothing of her, and parts it from her account.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mobile, person, rosterCsv, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

describe('who has her number is not she', () => {
    let stack;
    const hers = { device: 'her-own-telephone-000001' }, theirs = { device: 'whose-number-it-is-now-02' };
    const { name, residentId } = person(1);

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1)]))).code, 0);
        const { token } = await stack.login(mobile(1), hers);
        const verified = await stack.post('/v1/me:verify', { name, residentId }, { token, ...hers });
        assert.equal(verified.status, 200, verified.text);
        await stack.restart('identity'); // and what is known of her device is in the store
        await stack.serves('identity');
    });
    after(() => stack.close());

    test('on her own device she is known; elsewhere nothing of her name or document is told', async () => {
        const stranger = await stack.call('identity', 'Identity.CompleteWechatLogin',
            { appid: 'wx0000000000000001', openid: 'o-stranger', mobile: mobile(1) });
        const told = JSON.stringify(stranger) + (await stack.get('/v1/me', { token: stranger.token })).text;
        assert.ok(told.includes('"stepUpNeeded":true'), told);
        assert.ok(!told.includes('*') || !/\*[^"]*[\u4e00-\u9fff]|[\u4e00-\u9fff][^"]*\*/.test(told), told);
        assert.ok(!told.includes(residentId.slice(-4)), told);
        for (const [method, path, body] of [
            ['post', '/v1/me:export', { code: '123456' }], ['post', '/v1/me:close', { code: '123456', confirmed: true }],
            ['post', '/v1/me:changeMobile', { code: '123456', mobile: mobile(9), newCode: '123456' }],
            ['post', '/v1/me/wechats', { appid: 'wx0000000000000001', code: 'x' }], ['get', '/v1/me/checkup-reports'],
            ['get', '/v1/me/sessions'], ['get', '/v1/me/corrections'], ['get', '/v1/me/wechats'], ['post', '/v1/sessions:revokeAll', {}],
        ]) {
            const options = { token: stranger.token };
            assertProblem(await (method === 'get' ? stack.get(path, options) : stack.post(path, body, options)), 403, 'STEP_UP_NEEDED');
        }
        assertProblem(await stack.post('/v1/me:stepUp', { residentId: person(2).residentId }, { token: stranger.token }), 403, 'STEP_UP_WRONG');
        const stepped = await stack.post('/v1/me:stepUp', { residentId: residentId.toLowerCase() }, { token: stranger.token });
        assert.equal(stepped.status, 200, stepped.text);
        assert.ok(stepped.json.member.name.includes('*'));
        assert.equal((await stack.get('/v1/me/checkup-reports', { token: stepped.json.token })).status, 200);
    });

    test('what her account was proven by is asked for in health as in identity, and of nobody without a name', async () => {
        const { token } = await stack.login(mobile(5), theirs);
        assertProblem(await stack.get('/v1/me/checkup-reports', { token }), 403, 'NOT_VERIFIED');
        assertProblem(await stack.post('/v1/me:stepUp', { residentId }, { token }), 409, 'STEP_UP_NOTHING');
    });

    test('a number that is newly theirs opens an account of their own from then on', async () => {
        const before = await stack.call('identity', 'Identity.CompleteWechatLogin', { appid: 'wx0000000000000001', openid: 'o-new', mobile: mobile(1) });
        const code = await stack.code(mobile(1), 'CODE_NUMBER', theirs);
        const parted = await stack.post('/v1/me:newNumber', { mobile: mobile(1), code, confirmed: true }, { token: before.token, ...theirs });
        assert.equal(parted.status, 201, parted.text);
        assert.notEqual(parted.json.member.memberId, before.member.memberId);
        assert.equal(parted.json.member.level, 'MOBILE');
        assert.ok(!parted.text.includes(name[0]));
        await until('her sessions by the number end', async () => (await stack.get('/v1/me', { token: before.token })).status === 401);
        await stack.assertCleanAudits();
    });
});
