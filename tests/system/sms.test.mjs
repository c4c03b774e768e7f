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
