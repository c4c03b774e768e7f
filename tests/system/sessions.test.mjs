// Sessions: what a token is good for, and until when.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { enrol, EVERY_ROLE, grant, mint, mobile, PASSWORD, totp, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';
import { unionAt } from './unions.mjs';

describe('a session', () => {
    let stack, key;
    const me = (token) => stack.get('/v1/me', { token });
    const offers = (token) => stack.get('/v1/me/offers', { token });
    const refresh = (refreshToken) => stack.post('/v1/sessions:refresh', { refreshToken });

    before(async () => {
        stack = await Stack.start({ settings: { gateway: { HUIGONG_WORKERS: 2 } } });
        key = stack.tokenKey();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    });
    after(() => stack.close());

    test('without a token nothing but signing in is possible', async () => {
        const answer = await stack.get('/v1/me');
        assertProblem(answer, 401, 'MISSING_TOKEN');
        assert.equal(answer.headers['www-authenticate'], 'Bearer');
    });

    test('a token of half an hour and a refresh token come with a login', async () => {
        const session = await stack.login(mobile(1));
        const left = Date.parse(session.expiresAt) - Date.now();
        assert.ok(left > 29 * 60000 && left <= 30 * 60000, session.expiresAt);
        assert.equal((await me(session.token)).status, 200);
    });

    test('refreshing rotates: the new pair works, the old refresh token ends the session', async () => {
        const first = await stack.login(mobile(2));
        const second = (await refresh(first.refreshToken)).json;
        assert.notEqual(second.refreshToken, first.refreshToken);
        assert.equal((await me(second.token)).status, 200);
        // Its second use by another device means that two have it.
        const elsewhere = { device: 'a-device-of-somebody-else' };
        assertProblem(await stack.post('/v1/sessions:refresh', { refreshToken: first.refreshToken }, elsewhere), 401, 'REFRESH_INVALID');
        assertProblem(await refresh(second.refreshToken), 401, 'REFRESH_INVALID');
        await until('the gateway drops the session', async () => (await offers(second.token)).status === 401);
        assertProblem(await offers(second.token), 401, 'TOKEN_REVOKED');
    });

    test('six requests that refresh at once all go on with one session', async () => {
        const first = await stack.login(mobile(60));
        const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(first.refreshToken)));
        const tokens = answers.map((answer) => (assert.equal(answer.status, 200, answer.text), answer.json.refreshToken));
        assert.equal(new Set(tokens).size, 1);
        for (const { json } of answers)
            assert.equal((await me(json.token)).status, 200);
        assert.equal((await refresh(tokens[0])).status, 200);
    });

    test('a refresh token that never was is refused', async () => {
        assertProblem(await refresh(randomBytes(24).toString('base64url')), 401, 'REFRESH_INVALID');
        assertProblem(await refresh('x'), 401, 'REFRESH_INVALID');
    });

    test('logging out drops the token at the gateway, in every worker, also for other services', async () => {
        const session = await stack.login(mobile(3));
        const other = await stack.login(mobile(4));
        assert.equal((await offers(session.token)).status, 200);
        assert.equal((await stack.post('/v1/sessions:revoke', {}, { token: session.token })).status, 200);
        // Many connections at once, so that the kernel gives some to each worker.
        const all = () => Promise.all(Array.from({ length: 32 }, () => offers(session.token)));
        await until('every worker drops the token', async () => (await all()).every((one) => one.status === 401));
        (await all()).forEach((one) => assertProblem(one, 401, 'TOKEN_REVOKED'));
        assertProblem(await refresh(session.refreshToken), 401, 'REFRESH_INVALID');
        assert.equal((await offers(other.token)).status, 200, 'nobody else is logged out');
    });

    test('a member sees where she is signed in, and logs out everywhere at once', async () => {
        const session = await stack.login(mobile(7));
        const { sessions } = (await stack.get('/v1/me/sessions', { token: session.token })).json;
        assert.equal(sessions.length, 1);
        assert.equal(sessions[0].own, true);
        assert.equal(sessions[0].signIn, 'SIGN_IN_BY_CODE');
        assert.equal((await stack.post('/v1/sessions:revokeAll', {}, { token: session.token })).status, 200);
        await until('the token is dropped', async () => (await offers(session.token)).status === 401);
        assertProblem(await refresh(session.refreshToken), 401, 'REFRESH_INVALID');
    });

    test('a gateway that has not heard from identity takes no token, and says when to try again', async () => {
        const gone = await stack.login(mobile(20));
        await stack.post('/v1/sessions:revoke', {}, { token: gone.token });
        const good = mint(key, { memberId: 10 });
        await stack.kill('identity');
        await stack.restart('gateway');
        await stack.live();
        await until('the queues are seen', async () => /^coupon up$/m.test((await stack.get('/readyz')).text));
        assert.equal((await stack.get('/readyz')).status, 503);
        assert.match((await stack.get('/readyz')).text, /^revocations not known$/m);
        for (const token of [good, gone.token]) {
            const answer = await offers(token);
            assertProblem(answer, 503, 'SERVICE_DOWN');
            assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
        }
        assertProblem(await offers('forged'), 401, 'BAD_TOKEN');
        stack.spawn('identity');
        await stack.serves('identity');
        await stack.ready();
        assert.equal((await offers(good)).status, 200);
        assertProblem(await offers(gone.token), 401, 'TOKEN_REVOKED');
    });

    test('a gateway that starts later knows who has logged out', async () => {
        const session = await stack.login(mobile(5));
        await stack.post('/v1/sessions:revoke', {}, { token: session.token });
        await stack.restart('gateway');
        await stack.ready();
        assertProblem(await offers(session.token), 401, 'TOKEN_REVOKED');
    });

    test('an office taken away ends the sessions that carry it', async () => {
        const { grantId } = await grant(stack, mobile(6), 'BENEFIT_MANAGER', '440604');
        const session = await enrol(stack, mobile(6));
        assert.equal((await stack.get('/v1/releases', { token: session.token })).status, 200);
        await stack.call('identity', 'Identity.RevokeGrant', { grantId });
        await until('the token is dropped', async () => (await stack.get('/v1/releases', { token: session.token })).status === 401);
        assertProblem(await stack.get('/v1/releases', { token: session.token }), 401, 'TOKEN_REVOKED');
    });

    test('authority comes by password and one-time password, each good once, and by nothing else', async () => {
        const number = mobile(8), office = '/v1/unions/1/members';
        const signIn = (body) => stack.post('/v1/official-sessions', { mobile: number, password: PASSWORD, ...body });
        await grant(stack, number, 'UNION_ADMIN', '440604');
        const { secret, plain } = await enrol(stack, number);
        assertProblem(await stack.get(office, { token: plain }), 403, 'NOT_OFFICIAL');
        const code = totp(secret, 1);
        const session = await signIn({ totp: code, device: '办公电脑' });
        assert.equal(session.status, 201, session.text);
        assert.equal(session.json.signIn, 'SIGN_IN_BY_PASSWORD');
        const left = Date.parse(session.json.expiresAt) - Date.now();
        assert.ok(left > 9 * 60000 && left <= 10 * 60000, session.json.expiresAt);
        assertProblem(await stack.get(office, { token: session.json.token }), 404, 'UNION_NOT_FOUND');
        assertProblem(await signIn({ totp: code }), 401, 'SIGN_IN_WRONG');
        assertProblem(await stack.post('/v1/official-sessions', { mobile: mobile(9), password: PASSWORD, totp: code }), 401, 'SIGN_IN_WRONG');
        for (const [label, { lines }] of Object.entries(stack.logs)) {
            const said = JSON.stringify(lines);
            assert.ok(!said.includes(PASSWORD) && !said.includes(secret), `${label} logs no secret`);
        }
        for (let i = 0; i < 4; i++)
            assertProblem(await signIn({ totp: '000000' }), 401, 'SIGN_IN_WRONG');
        const locked = await signIn({ totp: '000000' });
        assertProblem(locked, 429, 'SIGN_IN_LOCKED');
        assert.ok(Number(locked.headers['retry-after']) > 14 * 60, locked.headers['retry-after']);
    });

    test('an expired token is refused as expired', async () => {
        assertProblem(await offers(mint(key, { memberId: 10, expiresAt: Date.now() - 1 })), 401, 'TOKEN_EXPIRED');
        assertProblem(await offers(mint(key, { memberId: 10, expiresAt: 0 })), 401, 'TOKEN_EXPIRED');
    });

    test('a forged token is refused, whatever has been changed in it', async () => {
        const good = mint(key, { memberId: 11 });
        assert.equal((await offers(good)).status, 200);
        const [body, mac] = good.split('.');
        const forged = [
            mint(randomBytes(32), { memberId: 11 }), // another key
            `${mint(key, { memberId: 12 }).split('.')[0]}.${mac}`, // another's signature
            `${body}.${mac.slice(0, -1)}`, `${body}.${mac}A`, `${body}.`, body, `.${mac}`, `${body}..${mac}`, 'x', `${body}.${'A'.repeat(43)}`,
            `${good}=`, good.toUpperCase(), 'a'.repeat(5000),
        ];
        for (let i = 0; i < good.length; i += 7)
            forged.push(good.slice(0, i) + (good[i] === 'A' ? 'B' : 'A') + good.slice(i + 1));
        for (const token of forged.filter((one) => one !== good))
            assertProblem(await offers(token), 401, 'BAD_TOKEN');
        for (const value of ['Basic dXNlcjpwYXNz', good, `Token ${good}`])
            assertProblem(await stack.get('/v1/me/offers', { headers: { Authorization: value } }), 401, 'BAD_TOKEN');
    });

    test('a well signed token that says what no session can be is refused', async () => {
        for (const principal of [{ internal: 1 }, { memberId: 0, sessionId: 1 }, { memberId: -1 }, { level: 9 }, { unionPath: '../..' }, { unionPath: '0' },
            { grants: Array(17).fill({ role: 'UNION_ADMIN', unionPath: '' }) }])
            assertProblem(await offers(mint(key, { memberId: 12, ...principal })), 401, 'BAD_TOKEN');
    });

    test('a token gives the authority it was signed with and no more', async () => {
        const unionId = await unionAt(stack, '00000001', 'coupon');
        const body = { release: { title: '餐券', unionId, faceFen: '1', stockPerDay: 1, opensAt: '2099-01-01T00:00:00Z' } };
        const create = (grants, id) => stack.post('/v1/releases', body, { token: mint(key, { memberId: 13, grants }), key: `authority-${id}` });
        assertProblem(await create([], 1), 403, 'NOT_OFFICIAL');
        assertProblem(await create([{ role: 'UNION_ADMIN', unionPath: '' }], 2), 403, 'NOT_OFFICIAL');
        assertProblem(await create([{ role: 'BENEFIT_MANAGER', unionPath: '00000002' }], 3), 403, 'OUTSIDE_YOUR_UNION', 'release.unionId');
        assertProblem(await create([{ role: 'BENEFIT_MANAGER', unionPath: '000000010000' }], 4), 403, 'OUTSIDE_YOUR_UNION', 'release.unionId');
        assert.equal((await create([{ role: 'BENEFIT_MANAGER', unionPath: '0000' }], 5)).status, 201);
        assert.equal((await create(EVERY_ROLE, 6)).status, 201);
    });
});
