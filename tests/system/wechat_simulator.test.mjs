// The simulator of WeChat: what a test relies on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mobile } from './people.mjs';
import { top } from './stack.mjs';
import { APP, PHONE, SECRET, SESSION, STRANGE, TOKEN } from './wechats.mjs';

describe('the simulator', () => {
    let child, url;
    const ask = async (path, body) => (await fetch(url + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })).json();

    before(async () => {
        child = spawn(process.execPath, [join(top, 'tests/simulators/wechat/main.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
        [url] = String((await once(child.stdout, 'data'))[0]).split('\n');
        await ask('/sim/apps', { appid: APP, secret: SECRET });
        await ask('/sim/users', { name: 'li', phone: mobile(51) });
    });
    after(async () => {
        child.kill();
        await once(child, 'close');
    });

    const session = (code, { appid = APP, secret = SECRET, grant = 'authorization_code' } = {}) =>
        ask(`${SESSION}?appid=${appid}&secret=${secret}&js_code=${code}&grant_type=${grant}`);
    const token = (more) => ask(TOKEN, { grant_type: 'client_credential', appid: APP, secret: SECRET, ...more });

    test('is a program whose people, clock and faults are set over HTTP', async () => {
        const { code } = await ask('/sim/login-codes', { appid: APP, name: 'li' });
        await ask('/sim/faults', { path: SESSION, errcode: -1 });
        assert.equal((await session(code)).errcode, -1);
        const answer = await session(code);
        assert.ok(answer.openid && answer.session_key && !('errcode' in answer), JSON.stringify(answer));
        assert.equal((await session(code)).errcode, 40163);
        const old = await ask('/sim/login-codes', { appid: APP, name: 'li' });
        await ask('/sim/clock', { stepMs: 300000 });
        assert.equal((await session(old.code)).errcode, 40029);
        assert.deepEqual((await ask('/sim/ledger')).map(({ errcode }) => errcode), [-1, 0, 40163, 40029]);
        assert.ok((await ask('/sim/login-codes', { appid: STRANGE, name: 'li' })).error);
    });

    test('checks parameters and credentials as WeChat does', async () => {
        assert.equal((await session('x', { appid: '' })).errcode, 41002);
        assert.equal((await session('x', { appid: STRANGE })).errcode, 40013);
        assert.equal((await session('x', { secret: '' })).errcode, 41004);
        assert.equal((await session('x', { secret: 'wrong' })).errcode, 40125);
        assert.equal((await session('x', { grant: 'code' })).errcode, 40002);
        assert.equal((await session('')).errcode, 41008);
        assert.equal((await ask(SESSION, {})).errcode, 43001);
        assert.equal((await ask(TOKEN)).errcode, 43002);
        assert.equal((await token({ grant_type: 'x' })).errcode, 40002);
        assert.equal((await ask(PHONE, { code: 'x' })).errcode, 41001);
        assert.equal((await ask(`${PHONE}?access_token=x`, { code: 'x' })).errcode, 40001);
    });

    test('keeps a token stable until shortly before its end, and forces one within limits', async () => {
        const first = await token();
        assert.equal(first.expires_in, 7200);
        assert.equal((await token()).access_token, first.access_token);
        await ask('/sim/clock', { stepMs: 6900 * 1000 });
        const second = await token();
        assert.notEqual(second.access_token, first.access_token);
        const valid = async ({ access_token: text }) => (await ask(`${PHONE}?access_token=${text}`, { code: 'x' })).errcode === 40029;
        assert.ok(await valid(first) && await valid(second), 'both are good for a while');
        const third = await token({ force_refresh: true });
        assert.ok(!await valid(second) && await valid(third));
        assert.equal((await token({ force_refresh: true })).errcode, 45011);
        await ask('/sim/clock', { stepMs: 7200 * 1000 });
        assert.equal((await ask(`${PHONE}?access_token=${third.access_token}`, { code: 'x' })).errcode, 42001);
        await ask('/sim/limits', { loginsPerMinute: 0 });
        const { code } = await ask('/sim/login-codes', { appid: APP, name: 'li' });
        assert.equal((await session(code)).errcode, 45011);
    });
});
