// Members are told through WeChat what journals remind of: once at most, whatever dies on the way.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { won } from './bookings.mjs';
import { parseMetrics } from './http.mjs';
import { mobile } from './people.mjs';
import { Stack, until } from './stack.mjs';

const APP = 'wx0000000000000001', SECRET = '0123456789abcdef0123456789abcdef';
const SEND = '/cgi-bin/message/subscribe/send';
const WON = 'tpl-won_1', PAGE = 'pages/checkup';
const OUT = 16; // OUTBOX_OUT

/** A simulator with the app's templates, and a stack whose bridge has them too. */
async function begin(...templates) {
    const wechat = await Wechat.start();
    wechat.addApp({ appid: APP, secret: SECRET, paths: [PAGE] });
    wechat.addTemplate({ id: WON, appid: APP, fields: ['thing1', 'time2', 'phrase3', 'thing4'] });
    const stack = await Stack.start({ wechat: { url: wechat.url, apps: [[APP, SECRET]], templates } });
    return { wechat, stack };
}

/** The n-th person comes through WeChat: her member id. */
async function comes({ wechat, stack }, n) {
    const name = `user${n}`;
    wechat.addUser(name, { phone: mobile(n) });
    const answer = await stack.post('/v1/sessions:wechat',
        { appid: APP, code: wechat.loginCode(APP, name), phoneCode: wechat.phoneCode(APP, name) });
    assert.equal(answer.status, 201, answer.text);
    return answer.json.member.memberId;
}

const rows = (stack) => stack.query('bridge', 'SELECT CAST(member_id AS TEXT) AS member, state, reason FROM message ORDER BY message_id');
const over = (stack, n) => until(`${n} messages have ended`, async () => {
    const all = await rows(stack);
    return all.length === n && all.every(({ state }) => state > 2) && all;
});
const reasons = async (stack) => Object.fromEntries((await stack.call('bridge', 'Outbox.ListMessages', { pageSize: 100 }))
    .messages.map(({ memberId, state, reason = '' }) => [memberId, `${state} ${reason}`]));

describe('who has won a check-up', () => {
    let wechat, stack, people;

    before(async () => {
        ({ wechat, stack } = await begin(`CHECKUP_WON ${APP} ${WON} ${PAGE} thing1=title time2=when phrase3=what thing4=place`));
        people = [];
        for (const n of [1, 2])
            people.push(await comes({ wechat, stack }, n));
        people.push((await stack.login(mobile(3))).member.memberId); // without WeChat
        wechat.subscribe(APP, 'user1', WON);
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    test('is told in the words of the template, if she has agreed and can be reached', async () => {
        wechat.fault({ path: SEND, errcode: -1 });
        const campaign = await won(stack, people, { open: 2500 });
        await over(stack, 3);
        assert.deepEqual(await reasons(stack), {
            [people[0]]: 'MESSAGE_SENT ', [people[1]]: 'MESSAGE_NOT_SENT WECHAT_NOT_SUBSCRIBED',
            [people[2]]: 'MESSAGE_NOT_SENT NOTICE_NO_WECHAT',
        });
        assert.equal(wechat.sent.length, 1);
        const [{ name, template, page, data }] = wechat.sent;
        assert.deepEqual([name, template, page], ['user1', WON, PAGE]);
        assert.equal(data.thing1.value, campaign.title);
        assert.equal(data.phrase3.value, '已中签');
        assert.match(data.time2.value, /^\d{4}年\d{1,2}月\d{1,2}日 \d{2}:\d{2}$/);
    });

    test('is told nothing twice when the bridge starts again', async () => {
        await stack.restart('bridge');
        await stack.serves('bridge');
        await stack.stop('bridge');
        await stack.assertCleanAudits();
        stack.spawn('bridge');
        await stack.serves('bridge');
        wechat.subscribe(APP, 'user1', WON, 2);
        await won(stack, people.slice(0, 1), { open: 2500 });
        await over(stack, 4);
        assert.equal(wechat.sent.length, 2);
    });

    test('is told later what came while the bridge was away', async () => {
        await stack.kill('bridge');
        await won(stack, people.slice(0, 1), { open: 2500 });
        stack.spawn('bridge');
        await over(stack, 5);
        assert.equal(wechat.sent.length, 3);
    });

    test('is counted, and nobody’s openid is kept', async () => {
        // The gateway asks the daemons from time to time.
        const metrics = await until('three are counted', async () => {
            const all = parseMetrics(await stack.metrics()).filter(({ name }) => name.startsWith('huigong_messages'));
            return all.some(({ labels, value }) => labels.state === 'MESSAGE_SENT' && labels.reason === '' && value === 3) && all;
        });
        const count = (state, reason) => metrics.find(({ labels }) => labels.state === state && labels.reason === reason)?.value;
        assert.equal(count('MESSAGE_NOT_SENT', 'WECHAT_NOT_SUBSCRIBED'), 1);
        assert.equal(metrics.find(({ name }) => name === 'huigong_messages_waiting').value, 0);
        const kept = ['', '-wal'].map((end) => readFileSync(stack.store('bridge') + end, 'latin1')).join()
            + Object.values(stack.logs).flatMap((log) => log.lines.map((line) => JSON.stringify(line))).join();
        for (const name of ['user1', 'user2'])
            assert.ok(!kept.includes(wechat.openid(APP, name)));
        assert.ok(!kept.includes(wechat.apps.get(APP).tokens[0].text));
    });
});

describe('when the bridge ends while it sends', () => {
    let wechat, stack;
    const people = new Map(); // member id: name

    before(async () => {
        ({ wechat, stack } = await begin(`CHECKUP_WON ${APP} ${WON} - thing1=title time2=when phrase3=what thing4=what`));
        for (let n = 1; n <= OUT + 8; n++) {
            people.set(await comes({ wechat, stack }, n), `user${n}`);
            wechat.subscribe(APP, `user${n}`, WON, 2);
        }
    });
    after(async () => {
        await stack.close();
        await wechat.close();
    });

    const times = () => [...people.values()].map((name) => wechat.sent.filter((one) => one.name === name).length);

    test('killed: nobody is told twice, and who was not begun with is told later', async () => {
        wechat.hold(SEND);
        await won(stack, [...people.keys()], { open: 2500 });
        await until('all that may be are out', () => wechat.waiting(SEND) === OUT);
        await stack.kill('bridge');
        wechat.release(SEND); // WeChat goes on with what it has
        await until('they have arrived', () => wechat.sent.length === OUT);
        stack.spawn('bridge');
        const states = (await over(stack, people.size)).map(({ state }) => state);
        assert.deepEqual([3, 5].map((one) => states.filter((state) => state === one).length), [8, OUT]);
        assert.ok(times().every((n) => n === 1));
        assert.deepEqual(new Set(Object.values(await reasons(stack))), new Set(['MESSAGE_SENT ', 'MESSAGE_UNCERTAIN WECHAT_UNCERTAIN']));
    });

    test('stopped: it waits for what is out and begins no more', async () => {
        wechat.hold(SEND);
        await won(stack, [...people.keys()], { open: 2500 });
        await until('all that may be are out', () => wechat.waiting(SEND) === OUT);
        stack.signal('bridge', 'SIGTERM');
        await stack.logged('bridge', 'stopping');
        wechat.release(SEND);
        await stack.ended('bridge');
        assert.equal(wechat.sent.length, people.size + OUT);
        stack.spawn('bridge');
        const last = (await over(stack, 2 * people.size)).slice(people.size);
        assert.ok(last.every(({ state }) => state === 3));
        assert.ok(times().every((n) => n === 2));
    });
});
