// The examples of the guide for developers, done as they stand there, one after the other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { soon } from './bookings.mjs';
import { announced } from './checkups.mjs';
import { mobile, residentId, unionsCsv } from './people.mjs';
import { openRelease } from './releases.mjs';
import { Stack, top, until } from './stack.mjs';
import { placed, takenIn } from './unions.mjs';
import { APP, SECRET } from './wechats.mjs';

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

const TEMPLATE = 'tpl-account_1', PAGE = 'pages/inbox';
/** What a member is sent, as the guide shows it. */
const sent = guide.match(/<pre class="sent">([^]*?)<\/pre>/)[1];

/** A simulated WeChat of which the guide's member is, and a stack that knows the guide's template. */
async function withWechat(work) {
    const wechat = await Wechat.start();
    wechat.addApp({ appid: APP, secret: SECRET, paths: [PAGE] });
    wechat.addTemplate({ id: TEMPLATE, appid: APP, fields: ['phrase1'] });
    wechat.addUser('her', { phone: mobile(42) });
    wechat.subscribe(APP, 'her', TEMPLATE);
    const templates = [`ACCOUNT_JOIN_APPROVED ${APP} ${TEMPLATE} ${PAGE} phrase1=what`];
    try {
        await Stack.with({ wechat: { url: wechat.url, apps: [[APP, SECRET]], templates } }, (stack) => work(stack, wechat));
    } finally {
        await wechat.close();
    }
}

test('every example of the guide does what it says', () => withWechat(async (stack, wechat) => {
    await openRelease(stack, { audience: { level: 'MOBILE' } });
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    const known = { nonce: '5f2b8c0e9d7a41b3', mobile: mobile(42), residentId: residentId(42), appid: APP };
    const filled = (text) => text.replaceAll(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
    // What has to be there before an example, by its first line.
    const before = {
        'POST /v1/me/wechats': () => { known.wxCode = wechat.loginCode(APP, 'her'); },
        'GET /v1/me/inbox/unread': async () => { // something is in it, and she has a card
            await takenIn(stack, await placed(stack, '440604-001-0001'), 42, { token: known.token, device: known.nonce });
            await until('her inbox has it', async () => (await stack.get('/v1/me/inbox/unread', { token: known.token })).json.unread === 2); // her WeChat, and her union
        },
        'POST /v1/checkups/{campaignId}/bookings': async () => {
            const campaign = await announced(stack, { firstCome: true });
            known.campaignId = campaign.campaignId;
            known.slotId = await soon(stack, campaign, { minutes: 2 });
            await until('it can be booked', () => Date.now() > Date.parse(campaign.bookFrom));
        },
    };
    assert.ok(examples.length >= 27, 'there are examples');
    assert.equal(guide.match(/<pre/g).length, 2 * examples.length + 1, 'all of them are read');
    for (const { ask, told } of examples) {
        await before[ask.split('\n')[0]]?.();
        const [head, body] = filled(ask).split('\n\n'), [line, ...fields] = head.split('\n'), [method, path] = line.split(' ');
        const headers = Object.fromEntries(fields.map((field) => field.split(/: (.*)/s)));
        const codes = stack.codesTo(known.mobile).length;
        const answer = await stack.http.request(method, path, { body, headers, device: '' });
        const [status, shown] = told.split(/\n(.*)/s);
        assert.equal(answer.status, Number(status), `${line}: ${answer.text}`);
        compare(JSON.parse(shown), answer.json, known, line);
        if (path === '/v1/login-codes' && answer.status === 200)
            known.code = (await until('the code is sent', () => stack.codesTo(known.mobile)[codes])).code;
    }
    assert.notEqual(known.another, known.offline, 'the pass was issued anew');
    const { template, page, data } = await until('she is told through WeChat', () => wechat.sent[0]);
    assert.deepEqual({ template, page, data }, JSON.parse(sent));
}));
