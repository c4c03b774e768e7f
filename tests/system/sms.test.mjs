// One-time codes sent by a partner; it is the simulator.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Sms } from '../simulators/sms/sms.mjs';
import { assertProblem } from './http.mjs';
import { mobile } from './people.mjs';
import { Stack, until } from './stack.mjs';

const KEY = randomBytes(32).toString('hex');

describe('a code is sent by a short message', () => {
    let sms, stack;

    before(async () => {
        sms = await Sms.start();
        sms.addKey('union', KEY);
        stack = await Stack.start({ sms: { url: sms.url, id: 'union', key: KEY } });
    });
    after(async () => {
        await stack.close();
        await sms.close();
    });

    const ask = (number) => stack.post('/v1/login-codes', { mobile: number });
    const codeOf = (number) => sms.inbox(number).at(-1).parameters.code;
    const login = (number, code = codeOf(number)) => stack.post('/v1/sessions', { mobile: number, code });

    test('it lets her in, and no log or store has it', async () => {
        const answer = await ask('+86 169-0000-0001');
        assert.deepEqual(answer.json, { expiresInS: 300, resendInS: 60 }, answer.text);
        const [message, ...more] = sms.inbox(mobile(1));
        assert.deepEqual(more, []);
        assert.equal(message.parameters.minutes, '5');
        assert.match(message.parameters.code, /^\d{6}$/);
        assert.equal((await login(mobile(1))).status, 201);
        const logs = Object.values(stack.logs).flatMap((log) => log.lines.map((line) => JSON.stringify(line))).join('\n');
        assert.ok(!logs.includes(message.parameters.code) && !logs.includes(mobile(1)));
        for (const end of ['', '-wal'])
            assert.ok(!readFileSync(stack.store('identity') + end).includes(mobile(1)));
    });

    test('each purpose has its words, and its code serves for nothing else', async () => {
        const texts = new Set();
        for (const purpose of ['CODE_BIND', 'CODE_MERGE', 'CODE_EXPORT', 'CODE_CLOSE', 'CODE_NUMBER', 'CODE_PROVE', 'CODE_LOGIN']) {
            const number = mobile(20);
            const before = sms.inbox(number).length;
            sms.limits.perNumberPerMinute = 10;
            assert.equal((await stack.post('/v1/login-codes', { mobile: number, purpose })).status, 200);
            const message = sms.inbox(number)[before];
            assert.ok(message.text.includes(message.parameters.code), message.text);
            texts.add(message.text.replace(message.parameters.code, ''));
            if (purpose !== 'CODE_LOGIN')
                assertProblem(await login(number, message.parameters.code), 400, 'CODE_EXPIRED', 'code');
        }
        assert.equal(texts.size, 7);
        assertProblem(await stack.post('/v1/login-codes', { mobile: mobile(21), purpose: 'CODE_WHATEVER' }), 400, 'OUT_OF_RANGE', 'purpose');
    });

    test('a code is answered by the device that asked, however it is typed', async () => {
        const number = mobile(22), hers = { device: 'her-telephone-0123456789' };
        const answer = (code, options) => stack.post('/v1/sessions', { mobile: number, code }, options);
        assert.equal((await stack.post('/v1/login-codes', { mobile: number }, hers)).status, 200);
        const code = codeOf(number);
        for (let tries = 0; tries < 6; tries++)
            assertProblem(await answer('000000', {}), 400, 'CODE_EXPIRED', 'code');
        assertProblem(await answer(code, { device: '' }), 400, 'CODE_EXPIRED', 'code');
        for (let tries = 0; tries < 6; tries++)
            assertProblem(await answer(`${code}${code}`, hers), 400, 'CODE_NOT_SIX_DIGITS', 'code');
        const wide = [...code].map((digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)).join('');
        assert.equal((await answer(` ${wide.slice(0, 3)}－${wide.slice(3)} `, hers)).status, 201);
        for (const device of ['short', 'x'.repeat(129), 'with a blank in it'])
            assertProblem(await stack.post('/v1/login-codes', { mobile: mobile(23) }, { device }), 400, 'DEVICE_NONCE_INVALID');
    });

    test('what identity refuses sends nothing', async () => {
        const asked = sms.ledger.length;
        const again = await ask(mobile(1));
        assertProblem(again, 429, 'CODE_SENT_RECENTLY');
        assert.match(again.headers['retry-after'], /^[1-9]/);
        assertProblem(await ask('12345'), 400, 'MOBILE_INVALID', 'mobile');
        assert.equal(sms.ledger.length, asked);
    });

    test('a partner that is busy is asked again with the same code, and one message goes out', async () => {
        sms.fault({ status: 503, times: 2 });
        assert.equal((await ask(mobile(2))).status, 200);
        assert.equal(sms.inbox(mobile(2)).length, 1);
        assert.equal((await login(mobile(2))).status, 201);
    });

    test('a message that may have gone out is not sent twice, and its code is good', async () => {
        const asked = sms.ledger.length;
        sms.fault({ drop: true, after: true });
        const lost = await ask(mobile(3));
        assertProblem(lost, 503, 'SMS_UNCERTAIN');
        assert.equal(lost.headers['retry-after'], '60');
        assert.equal(sms.ledger.length, asked + 1);
        assert.equal(sms.inbox(mobile(3)).length, 1);
        assertProblem(await ask(mobile(3)), 429, 'CODE_SENT_RECENTLY');
        assert.equal((await login(mobile(3))).status, 201);
    });

    test('what surely was not sent may be asked for again at once', async () => {
        for (const fault of [{ status: 503, times: 3 }, { status: 401 }, { status: 429 }]) {
            sms.fault(fault);
            assertProblem(await ask(mobile(4)), 503, 'SENDER_UNAVAILABLE');
        }
        sms.blocked.add(mobile(4));
        assertProblem(await ask(mobile(4)), 503, 'SENDER_UNAVAILABLE');
        sms.blocked.clear();
        assert.equal(sms.inbox(mobile(4)).length, 0);
        assert.equal((await ask(mobile(4))).status, 200);
        assert.equal((await login(mobile(4))).status, 201);
        await stack.logged('bridge', 'partner_fails', { partner: 'sms' });
    });

    test('a code that was taken back lets nobody in', async () => {
        sms.fault({ answer: { status: 'REJECTED' } });
        assertProblem(await ask(mobile(5)), 503, 'SENDER_UNAVAILABLE');
        assertProblem(await login(mobile(5)), 400, 'CODE_EXPIRED', 'code');
    });

    test('an instant that is wrong is refused by the partner, and told as ours to mend', async () => {
        sms.step(301000);
        assertProblem(await ask(mobile(6)), 503, 'SENDER_UNAVAILABLE');
        assert.equal(sms.ledger.at(-1).error, 'STALE');
        sms.step(-301000);
        assert.equal((await ask(mobile(6))).status, 200);
    });

    test('the bridge or identity gone, it is said at once', async () => {
        sms.hold();
        const waiting = ask(mobile(7));
        await until('the partner is asked', () => sms.waiting() === 1);
        await stack.kill('bridge');
        assertProblem(await waiting, 504, 'OUTCOME_UNKNOWN'); // it may be on its way
        sms.release();
        stack.spawn('bridge');
        await stack.serves('bridge');
        await stack.kill('identity');
        assertProblem(await ask(mobile(8)), 503, 'SERVICE_DOWN');
        stack.spawn('identity');
        await stack.serves('identity');
        assert.equal((await ask(mobile(8))).status, 200);
        await stack.assertCleanAudits();
    });
});

describe('codes are paid for, so there is a bound for an address and for a day', () => {
    test('an address and its /64 get so many, all together so many, and it is told before', async () => {
        await Stack.with({
            settings: {
                identity: { HUIGONG_CODES_ADDRESS: 4, HUIGONG_CODES_DAY: 10 },
                gateway: { HUIGONG_TRUSTED_PROXIES: '127.0.0.1' },
            },
        }, async (stack) => {
            let n = 0;
            const ask = (address, device) => stack.post('/v1/login-codes', { mobile: mobile(n++) },
                { device, headers: { 'X-Forwarded-For': address } });
            for (let times = 0; times < 4; times++)
                assert.equal((await ask(`2001:db8:0:1::${times + 1}`, `device-number-${times}-of-hers`)).status, 200);
            const over = await ask('2001:db8:0:1::ffff', 'device-number-5-of-hers');
            assertProblem(over, 429, 'CODES_ADDRESS_LIMITED');
            assert.ok(Number(over.headers['retry-after']) > 3000);
            for (let times = 0; times < 3; times++)
                assert.equal((await ask('2001:db8:0:2::1')).status, 200);
            assert.equal(stack.logs.identity.find('codes_budget_low').length, 0);
            assert.equal((await ask('192.0.2.1')).status, 200);
            await stack.logged('identity', 'codes_budget_low', { sent: 8, budget: 10 });
            await until('the metrics tell', async () => /^huigong_codes_sent_today\{[^}]*\} 8$/m.test(await stack.metrics())
                && /^huigong_codes_budget_low\{[^}]*\} 1$/m.test(await stack.metrics()));
            for (const address of ['192.0.2.2', '192.0.2.3'])
                assert.equal((await ask(address)).status, 200);
            assertProblem(await ask('192.0.2.4'), 503, 'CODES_SPENT');
        });
    });
});
