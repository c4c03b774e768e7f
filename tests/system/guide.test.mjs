// The examples of the guide for developers, done as they stand there, one after the other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { mobile, residentId, unionsCsv } from './people.mjs';
import { openRelease } from './releases.mjs';
import { Stack, top, until } from './stack.mjs';
import { placed, takenIn } from './unions.mjs';

const guide = readFileSync(join(top, 'services/gateway/web/public/v1/docs/guide/index.html'), 'utf8');
const examples = [...guide.matchAll(/<pre class="ask">([^]*?)<\/pre>\s*<pre class="told">([^]*?)<\/pre>/g)].map(([, ask, told]) => ({ ask, told }));

/** An answer has what the guide shows of it; {name} in the guide's place is learned. */
function compare(shown, given, known, path) {
    if (typeof shown === 'object') {
        assert.equal(Array.isArray(given), Array.isArray(shown), path);
        for (const [key, value] of Object.entries(shown)) {
            assert.ok(key in given, `${path}.${key} is in the answer`);
            compare(value, given[key], known, `${path}.${key}`);
        }
        return;
    }
    assert.equal(typeof given, typeof shown, path);
    const [, name] = /^\{(\w+)\}$/.exec(shown) ?? [];
    if (name && /Id$/.test(name) && known[name])
        assert.equal(given, known[name], path);
    else if (name)
        known[name] = given;
    else if (/\.(reason|errmsg|title|faceFen|unread|service|kind|text|state|part|type|services\.\d+)$/.test(path))
        assert.equal(given, shown, path);
}

test('every example of the guide does what it says', () => Stack.with({}, async (stack) => {
    await openRelease(stack, { audience: { level: 'MOBILE' } });
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    const known = { nonce: '5f2b8c0e9d7a41b3', mobile: mobile(42), residentId: residentId(42) };
    const filled = (text) => text.replaceAll(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
    assert.ok(examples.length >= 19, 'there are examples');
    assert.equal(guide.match(/<pre/g).length, 2 * examples.length, 'all of them are read');
    for (const { ask, told } of examples) {
        const [head, body] = filled(ask).split('\n\n'), [line, ...fields] = head.split('\n'), [method, path] = line.split(' ');
        if (path === '/v1/me/inbox/unread') { // so that there is something in it, and she has a card
            await takenIn(stack, await placed(stack, '440604-001-0001'), 42, { token: known.token, device: known.nonce });
            await until('her inbox has it', async () => (await stack.get(path, { token: known.token })).json.unread === 1);
        }
        const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s)));
        const answer = await stack.http.request(method, path, { body, headers, device: '' });
        const [status, shown] = told.split(/\n(.*)/s);
        assert.equal(answer.status, Number(status), `${line}: ${answer.text}`);
        compare(JSON.parse(shown), answer.json, known, line);
        if (path === '/v1/login-codes' && answer.status === 200)
            known.code = (await until('the code is sent', () => stack.codesTo(known.mobile)[0])).code;
    }
}));
