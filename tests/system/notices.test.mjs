// What happens to an account is told to its member by each of her doors: her number and her WeChats.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Sms } from '../simulators/sms/sms.mjs';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { assertProblem } from './http.mjs';
import { mobile, person, rosterCsv, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

const APP = 'wx0000000000000001', SECRET = '0123456789abcdef0123456789abcdef';
const KEY = randomBytes(32).toString('hex');

describe('what happens to an account', () => {
    let sms, wechat, stack, hers, another;
    const one = person(1);

    before(async () => {
        [sms, wechat] = await Promise.all([Sms.start(), Wechat.start()]);
        sms.addKey('union', KEY);
        sms.limits.perNumberPerMinute = 100;
        wechat.addApp({ appid: APP, secret: SECRET, paths: [] });
        for (const id of ['tpl-merge', 'tpl-bound'])
            wechat.addTemplate({ id, appid: APP, fields: ['thing1', 'time2'] });
        stack = await Stack.start({
            sms: { url: sms.url, id: 'union', key: KEY },
            wechat: { url: wechat.url, apps: [[APP, SECRET]],
                templates: [['MERGE_ASKED', 'merge'], ['WECHAT_BOUND', 'bound']].map(([kind, id]) => `ACCOUNT_${kind} ${APP} tpl-${id} - thing1=what time2=when`) },
        });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([one]));
        hers = await comes('hers', one.mobile);
        const verified = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token: hers });
        assert.equal(verified.status, 200, verified.text);
        hers = verified.json.token;
        another = await comes('another', mobile(2));
    });
    after(async () => {
        await stack.close();
        await Promise.all([sms.close(), wechat.close()]);
    });

    /** Somebody comes through WeChat, by her number: her token. */
    async function comes(name, phone) {
        wechat.addUser(name, { phone });
        for (const template of ['tpl-merge', 'tpl-bound'])
            wechat.subscribe(APP, name, template, 5);
        const answer = await stack.post('/v1/sessions:wechat', { appid: APP, code: wechat.loginCode(APP, name), phoneCode: wechat.phoneCode(APP, name) });
        assert.equal(answer.status, 201, answer.text);
        return answer.json.token;
    }
    const messages = () => stack.query('bridge', 'SELECT state, reason, tries, door FROM message ORDER BY message_id');
    const ended = (n) => until(`${n} messages have ended`, async () => {
        const all = await messages();
        return all.length === n && all.every(({ state }) => state > 2) && all;
    });
    async function askMerge() {
        const asked = await stack.post('/v1/me/merges', { name: one.name, residentId: one.residentId }, { token: another });
        assert.equal(asked.status, 201, asked.text);
        return asked.json.mergeId;
    }
    const refuse = async (mergeId) => {
        const refused = await stack.post(`/v1/me/merges/${mergeId}:refuse`, undefined, { token: hers });
        assert.equal(refused.status, 200, refused.text);
    };

    test('that one is to become part of another is told to both, with what to do', async () => {
        assertProblem(await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token: another }), 409, 'RESIDENT_ID_TAKEN');
        assert.deepEqual(await messages(), [], 'nobody was told of an account that began');
        const mergeId = await askMerge();
        assert.ok((await ended(4)).every(({ state }) => state === 3));
        for (const number of [one.mobile, mobile(2)]) {
            const [{ text }, ...more] = sms.inbox(number);
            assert.deepEqual(more, []);
            assert.match(text, /^\d{4}年\d{1,2}月\d{1,2}日 \d{2}:\d{2}有人申请合并您的惠工账号。如您不同意，请在三天内登录惠工拒绝/);
        }
        assert.deepEqual(wechat.sent.map(({ name }) => name).sort(), ['another', 'hers']);
        assert.ok(wechat.sent.every(({ data }) => data.thing1.value === '有人申请合并您的账号，不同意请登录拒绝'));
        await refuse(mergeId);
        /* Who has asked for it is told; her WeChat has no template for that. */
        assert.deepEqual((await ended(6)).slice(4).map(({ door, state, reason }) => [door === -1, state, reason]), [[true, 3, 0], [false, 4, 90030]]);
        assert.match(sms.inbox(mobile(2)).at(-1).text, /合并惠工账号的申请已于.*被拒绝，两个账号保持不变/);
        assert.equal(sms.inbox(one.mobile).length, 1, 'who has refused it knows');
    });

    test('a new WeChat is told to the number and to the WeChat that were there', async () => {
        const before = sms.inbox(mobile(2)).length;
        await comes('a third', mobile(2));
        assert.ok((await ended(8)).slice(6).every(({ state }) => state === 3));
        assert.match(sms.inbox(mobile(2))[before].text, /有新的微信绑定到您的惠工账号[^]*如非本人操作，请登录后在“登录方式”中解绑/);
        assert.deepEqual(wechat.sent.slice(2).map(({ name, template }) => [name, template]), [['another', 'tpl-bound']]);
    });

    test('what is not true any more is not told any more', async () => {
        const texts = sms.inbox(one.mobile).length;
        sms.fault({ path: '/v1/messages', status: 503, times: 1000 });
        const mergeId = await askMerge();
        await until('both numbers were tried', async () => (await messages()).slice(8).filter(({ door, tries }) => door === -1 && tries > 0).length === 2);
        await refuse(mergeId);
        await until('they are withdrawn', async () => (await messages()).slice(8).filter(({ door, reason }) => door === -1 && reason === 90033).length === 2);
        sms.faults.length = 0;
        await ended(16);
        assert.equal(sms.inbox(one.mobile).length, texts);
    });

    test('nothing is told twice when the bridge starts again, and no number is kept', async () => {
        const told = [one.mobile, mobile(2)].map((number) => sms.inbox(number).length);
        await stack.restart('bridge');
        await stack.serves('bridge');
        await askMerge();
        await ended(21);
        assert.deepEqual([one.mobile, mobile(2)].map((number) => sms.inbox(number).length), told.map((n) => n + 1));
        const kept = ['', '-wal'].map((end) => readFileSync(stack.store('bridge') + end, 'latin1')).join()
            + Object.values(stack.logs).flatMap((log) => log.lines.map((line) => JSON.stringify(line))).join();
        for (const number of [one.mobile, mobile(2)])
            assert.ok(!kept.includes(number));
        await stack.assertCleanAudits();
    });
});
