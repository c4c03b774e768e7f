// Payments by WeChat Pay: from an order in a service's journal to what she has, the platform behind both ends.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { mint } from './people.mjs';
import { until } from './stack.mjs';
import { APIV3_KEY, MCHID, beginPaying, finance } from './wechatpays.mjs';

const REFUSED = [400, 401, 503];

describe('payments by WeChat Pay', () => {
    let pay, stack, paying, li, wu, url;

    before(async () => {
        paying = await beginPaying();
        ({ pay, stack, people: [li, wu] } = paying);
        url = `http://127.0.0.1:${stack.port}/v1/callbacks/wechat-pay`;
    });
    after(() => paying.close());

    const mine = async (who) => (await stack.get('/v1/me/payouts', { token: who.token })).json;
    /** Paid once, whatever happened: her purse has just so much more. */
    async function paidOnce(order, who, fen, before) {
        const { number, attempt } = await paying.payout(order, 'PAID');
        assert.equal(pay.purses.get(who.openid) - before, fen);
        assert.equal(attempt, 1);
        assert.equal(pay.numbers.get(`bills ${number}`), 1);
    }
    const purse = (who) => pay.purses.get(who.openid) ?? 0;
    async function confirmed(order) {
        const { number } = await paying.payout(order, 'CONFIRM');
        pay.transfers.confirm(number);
        return number;
    }

    test('an order is paid once she has confirmed it, and everybody is told', async () => {
        const order = paying.order(li, 5000);
        const { number } = await paying.payout(order, 'CONFIRM');
        const [shown] = (await mine(li)).payouts;
        assert.equal(shown.package, pay.transfers.one(number).package_info);
        assert.deepEqual([shown.merchant, shown.appid, shown.fen, shown.remark], ['1900009191', 'wx0000000000000001', '5000', '困难职工补助']);
        assert.equal((await mine(wu)).payouts.length, 0);
        pay.transfers.confirm(number);
        await paying.payout(order, 'PAID');
        assert.equal(pay.purses.get(li.openid), 5000);
        assert.equal((await mine(li)).payouts[0].package, '');
        await until('the source has heard', async () => (await paying.heard(order)).paid === 1);
        assert.equal(pay.callbacks.sent.at(-1).status, 200);
    });

    const faults = {
        'the provider accepts and its answer is lost': { drop: true, after: true },
        'the request is lost': { drop: true },
        'SYSTEM_ERROR, and it was done': { status: 500, code: 'SYSTEM_ERROR', after: true },
        'SYSTEM_ERROR, and it was not': { status: 500, code: 'SYSTEM_ERROR' },
        'FREQUENCY_LIMITED': { status: 429, code: 'FREQUENCY_LIMITED' },
        'an answer with a signature that is not right': { sign: 'bad' },
        'an answer without one': { sign: 'none' },
        'an answer of five minutes ago': { sign: 'stale' },
        'a signature over another answer': { sign: 'altered' },
        'traffic that tries us': { sign: 'probe' },
        'an answer by a key that nobody knows': { sign: 'serial' },
    };
    for (const [name, fault] of Object.entries(faults))
        test(`paid once: ${name}`, async () => {
            const before = purse(wu);
            pay.fault({ path: 'transfer', ...fault });
            const order = paying.order(wu, 1000);
            await confirmed(order);
            await paidOnce(order, wu, 1000, before);
        });

    test('NOT_FOUND for three questions, and then it is there', async () => {
        const before = purse(wu);
        pay.fault({ path: 'transfer', drop: true, after: true });
        pay.fault({ path: 'query', status: 404, code: 'NOT_FOUND', times: 3 });
        const order = paying.order(wu, 1000);
        await confirmed(order);
        await paidOnce(order, wu, 1000, before);
    });

    test('a callback that is forged is refused and changes nothing', async () => {
        const order = paying.order(wu, 1000), { number } = await paying.payout(order, 'CONFIRM');
        const plain = { mchid: MCHID, out_bill_no: number, state: 'SUCCESS', transfer_amount: 1000, openid: wu.openid };
        for (const kind of ['signature', 'stale', 'early', 'altered', 'probe', 'serial', 'unsealed'])
            assert.ok(REFUSED.includes(await pay.callbacks.forge({ mchid: MCHID, url, kind, plain })), kind);
        // A good one, too early: the question that it makes us ask decides.
        assert.equal(await pay.callbacks.forge({ mchid: MCHID, url, plain }), 200);
        assert.equal((await paying.payout(order)).state, 'PAYOUT_CONFIRM');
        // It is proven byte by byte, as it was written.
        assert.equal(await pay.callbacks.forge({ mchid: MCHID, url, plain, spaces: 3 }), 200);
        assert.equal((await fetch(url, { method: 'POST', body: '{}' })).status, 400);
        assert.equal((await fetch(url, { method: 'POST', body: 'x'.repeat(20000) })).status, 413);
        pay.transfers.confirm(number);
        await paying.payout(order, 'PAID');
    });

    test('a callback that comes a hundred times is heard once', async () => {
        Object.assign(pay.callbacks.ways, { times: 100 });
        const before = purse(wu), order = paying.order(wu, 1000);
        await confirmed(order);
        await paidOnce(order, wu, 1000, before);
        await until('all are told', () => pay.callbacks.queue.length === 0);
        Object.assign(pay.callbacks.ways, { times: 1 });
        assert.equal((await stack.query('bridge', 'SELECT count(*) AS n, count(DISTINCT callback_id) AS ids FROM callback'))[0].n > 0, true);
        await until('the source has heard', async () => (await paying.heard(order)).paid === 1);
    });

    test('a callback about another amount, payee or number opens a case and pays nothing', async () => {
        const order = paying.order(wu, 1000), { number } = await paying.payout(order, 'CONFIRM');
        const plain = { mchid: MCHID, out_bill_no: number, state: 'SUCCESS', transfer_amount: 1000, openid: wu.openid };
        assert.equal(await pay.callbacks.forge({ mchid: MCHID, url, plain: { ...plain, transfer_amount: 1001 } }), 200);
        assert.equal(await pay.callbacks.forge({ mchid: MCHID, url, plain: { ...plain, out_bill_no: 'subsidy9' } }), 200);
        const kinds = (await paying.cases()).map(({ kind }) => kind);
        assert.ok(kinds.includes('PAY_CASE_DIFFERS') && kinds.includes('PAY_CASE_UNKNOWN_NUMBER'), kinds.join());
        pay.transfers.confirm(number);
        await paying.payout(order, 'PAID');
        // And what changes after its end is looked at, not paid again.
        assert.equal(await pay.callbacks.forge({ mchid: MCHID, url, plain: { ...plain, state: 'FAIL', fail_reason: 'TRANSFER_RISK' } }), 200);
        assert.ok((await paying.cases()).some(({ kind }) => kind === 'PAY_CASE_AFTER_END'));
        assert.equal((await paying.payout(order)).state, 'PAYOUT_PAID');
    });

    test('without a callback the question alone finds out, and a withdrawn one comes back', async () => {
        pay.callbacks.ways.held = true;
        const order = paying.order(wu, 1000), { number } = await paying.payout(order, 'CONFIRM');
        stack.order(`withdraw ${order}`);
        await until('it is to be cancelled', () => pay.transfers.one(number).state === 'CANCELING');
        pay.transfers.work();
        await paying.payout(order, 'CANCELLED');
        pay.callbacks.ways.held = false;
        await pay.callbacks.deliver();
    });

    test('a certificate that is new is found out', async () => {
        pay.rotate();
        const before = purse(li), order = paying.order(li, 1000);
        await stack.restart('bridge');
        await confirmed(order);
        await paidOnce(order, li, 1000, before);
    });

    test('paid once: the platform\'s clock is ten minutes ahead of ours, until it is set right', async () => {
        const before = purse(li);
        pay.step(600000);
        const order = paying.order(li, 1000);
        await until('it was refused for its time', () => pay.ledger.some(({ path, status }) => path === 'transfer' && status === 401));
        assert.equal((await paying.payout(order, 'SENT')).state, 'PAYOUT_SENT');
        pay.step(-600000);
        await confirmed(order);
        await paidOnce(order, li, 1000, before);
    });

    test('no secret is in a log, in the list of processes, in a store or in a core', async () => {
        const secrets = [APIV3_KEY, paying.keys.privatePem.split('\n')[3], li.openid, wu.openid];
        const seen = [JSON.stringify(Object.values(stack.logs).map(({ lines, noise }) => [lines, noise]))];
        for (const what of ['cmdline', 'environ'])
            seen.push(readFileSync(`/proc/${stack.pid('bridge')}/${what}`, 'latin1'));
        seen.push(readFileSync(stack.store('bridge'), 'latin1'), readFileSync(`${stack.store('bridge')}-wal`, 'latin1'));
        for (const secret of secrets)
            seen.forEach((text, i) => assert.ok(!text.includes(secret), `secret in ${i}`));
        assert.match(readFileSync(`/proc/${stack.pid('bridge')}/limits`, 'utf8'), /Max core file size +0 +0/);
    });
});

describe('payments by bank', () => {
    const accounts = [
        { name: '王小明', bank: '工商银行佛山分行', number: '6222020200112230' }, { name: '佛山餐饮,有限公司', bank: '农业银行', number: '44010203040506070809' },
    ];
    let paying, stack, li, orders;
    before(async () => {
        paying = await beginPaying({ users: 1 });
        ({ stack, people: [li] } = paying);
        orders = accounts.map((account, i) => paying.orderByBank(li, 10000 + i, account));
        for (const order of orders)
            await paying.payout(order, 'WAITING');
    });
    after(() => paying.close());
    const post = (path, memberId, body = {}) => stack.post(`/v1/bank-batches${path}`, body, { ...finance(stack, memberId), key: `${path}-${memberId}` });
    const gb = (bytes) => new TextDecoder('gb18030').decode(bytes);

    test('leave in a file that two officials release, and are what the bank says of each line', async () => {
        const made = (await post('', 91, { layout: 'BANK_TOTALS' })).json;
        assert.deepEqual([made.state, made.payments, made.fen, made.control], ['BANK_PREPARED', 2, '20001', '3039']);
        const file = () => stack.get(`/v1/bank-batches/${made.batchId}/file`, finance(stack, 91));
        assert.equal((await file()).json.reason, 'BANK_BATCH_STATE');
        assert.equal((await post(`/${made.batchId}:release`, 91)).json.reason, 'HANDS_SAME');
        assert.equal((await post(`/${made.batchId}:release`, 92)).json.state, 'BANK_RELEASED');
        const { status, bytes } = await file();
        assert.equal(status, 200);
        assert.equal(createHash('sha256').update(bytes).digest('hex'), made.hash);
        const [names, totals, , first, second] = gb(bytes).split('\r\n');
        assert.equal(names, '总笔数,总金额,账号校验和');
        assert.equal(totals, '2,200.01,3039');
        const [one, two] = [await paying.payout(orders[0], 'SENT'), await paying.payout(orders[1], 'SENT')];
        assert.equal(first, `1,王小明,6222020200112230,工商银行佛山分行,100.00,困难职工补助,${one.number}`);
        assert.equal(second, `2,"佛山餐饮,有限公司",44010203040506070809,农业银行,100.01,困难职工补助,${two.number}`);
        const said = (lines) => post(`/${made.batchId}:read`, 91, { file: Buffer.from(lines.join('\n')).toString('base64') });
        const part = (await said(['业务编号,金额,状态', `${one.number},100.00,成功`, `${two.number},100.00,成功`])).json;
        assert.deepEqual([part.paid, part.oddLines, part.odd[0], part.batch.state], [1, 1, { line: 3, oddity: 'BANK_LINE_AMOUNT' }, 'BANK_RELEASED']);
        const rest = (await said(['业务编号,金额,状态', `${one.number},100.00,成功`, `${two.number},100.01,退票`])).json;
        assert.deepEqual([rest.paid, rest.same, rest.failed, rest.batch.state, rest.batch.failedFen], [0, 1, 1, 'BANK_DONE', '10001']);
        assert.equal((await said(['什么'])).json.reason, 'BANK_FILE_ODD');
        await paying.payout(orders[0], 'PAID');
        await paying.payout(orders[1], 'FAILED');
        await until('the source has heard', async () => (await paying.heard(orders[0])).paid === 1);
        assert.deepEqual((await stack.get('/v1/bank-batches', finance(stack, 91))).json.batches.map(({ state }) => state), ['BANK_DONE']);
    });

    test('have no account in a log or, unsealed, in a store', async () => {
        const seen = [JSON.stringify(Object.values(stack.logs).map(({ lines, noise }) => [lines, noise])), ...['bridge', 'subsidy'].flatMap((name) => [stack.store(name), `${stack.store(name)}-wal`].map((path) => readFileSync(path, 'latin1')))];
        for (const { number } of accounts)
            seen.forEach((text, i) => assert.ok(!text.includes(number), `account in ${i}`));
    });
});

describe('receipts of what was paid', () => {
    let paying, stack, pay, li, wu, payout;
    before(async () => {
        paying = await beginPaying({ ways: { confirm: true } });
        ({ pay, stack, people: [li, wu] } = paying);
        payout = await paying.payout(paying.order(li, 5000), 'PAID');
    });
    after(() => paying.close());
    const named = (who) => ({ token: mint(stack.tokenKey(), { memberId: Number(who.id), level: 3, steppedUpUntil: Date.now() + 600000 }) });
    const receipt = (path, options) => stack.get(`${path}/${payout.payoutId}/receipt`, options);

    test('one is applied for, made, fetched whole and handed to her and to finance', async () => {
        pay.transfers.ways.receiptMs = 600000;
        const early = await receipt('/v1/me/payouts', named(li));
        assert.deepEqual([early.status, early.json.reason, early.headers['retry-after']], [409, 'PAYOUT_RECEIPT_NOT_YET', '15']);
        Object.assign(pay.transfers.ways, { receiptMs: 0, receiptBytes: 400000 });
        for (const [path, who] of [['/v1/me/payouts', named(li)], ['/v1/payouts', finance(stack, 91)]]) {
            const { status, headers, text } = await receipt(path, who);
            assert.deepEqual([status, headers['content-type']], [200, 'application/pdf'], text.slice(0, 200));
            assert.equal(text, `%PDF-1.4\n% ${pay.transfers.one(payout.number).transfer_bill_no} 5000\n${'%'.repeat(400000)}\n%%EOF\n`);
        }
        assert.equal(pay.asked('receipt').filter(({ body }) => body?.out_bill_no).length, 1);
    });

    test('one that is not what its hash says is not handed out, and no other\'s', async () => {
        const other = await paying.payout(paying.order(wu, 700), 'PAID');
        pay.transfers.ways.receiptSpoilt = true;
        const spoilt = await stack.get(`/v1/me/payouts/${other.payoutId}/receipt`, named(wu));
        assert.deepEqual([spoilt.status, spoilt.json.reason], [503, 'PAYOUT_WAITS_FOR_PROVIDER']);
        assert.equal((await receipt('/v1/me/payouts', named(wu))).json.reason, 'PAYOUT_NOT_FOUND');
        pay.transfers.ways.confirm = false;
        const open = await paying.payout(paying.order(li, 800), 'CONFIRM');
        assert.equal((await stack.get(`/v1/me/payouts/${open.payoutId}/receipt`, named(li))).json.reason, 'PAYOUT_HAS_NO_RECEIPT');
    });
});

describe('the money of each day', () => {
    const DAY = 86400000;
    let paying, stack, pay, li, official;
    before(async () => {
        paying = await beginPaying({ users: 1, ways: { confirm: true } });
        ({ pay, stack, people: [li] } = paying);
        official = finance(stack, 91);
    });
    after(() => paying.close());

    test('is held against the platform\'s bill, and every difference is a case that is closed over HTTP', async () => {
        const orders = [paying.order(li, 5000), paying.order(li, 305)];
        for (const order of orders)
            await paying.payout(order, 'PAID');
        // What moved is moved to the day before yesterday, whose bill is there whatever the hour, with what is not ours.
        const number = (await paying.payout(orders[1], 'PAID')).number;
        pay.move(MCHID, -77, 'x', '商家转账', 'subsidy00000000000003e7001');
        pay.move(MCHID, -1, 'y', '商家转账', number);
        pay.entries.forEach((entry) => { entry.at -= 2 * DAY; });
        await stack.restart('bridge');
        const [day] = await until('the bill is read', async () => {
            const { days } = (await stack.get('/v1/pay-days', official)).json;
            return days?.length && days.filter(({ lines }) => lines > 0);
        });
        assert.deepEqual([day.lines, day.outFen, day.backFen, day.oddFen, day.otherInFen, day.onWayFen, day.cases], [5, '5305', '0', '78', '100000000', '5305', 2]);
        const { cases } = (await stack.get('/v1/pay-cases?state=PAY_CASE_OPEN', official)).json;
        assert.deepEqual(cases.map(({ kind, ourFen, theirFen }) => [kind, ourFen, theirFen]).sort(), [['PAY_CASE_DIFFERS', '305', '306'], ['PAY_CASE_UNKNOWN_NUMBER', '0', '77']]);
        for (const { caseId } of cases) {
            assert.equal((await stack.post(`/v1/pay-cases/${caseId}:explain`, { note: '已与微信支付核实' }, official)).status, 200);
            assert.equal((await stack.post(`/v1/pay-cases/${caseId}:close`, {}, official)).json.reason, 'HANDS_SAME');
            assert.equal((await stack.post(`/v1/pay-cases/${caseId}:close`, {}, finance(stack, 92))).json.note, '已与微信支付核实');
        }
        assert.equal((await stack.get('/v1/pay-cases?state=PAY_CASE_OPEN', official)).json.cases?.length ?? 0, 0);
        assert.equal((await stack.get('/v1/payouts', official)).json.payouts.length, 2);
        // What the test itself has taken from the account is put back, for the sums.
        pay.move(MCHID, 78, 'z', '调账', '');
    });

    test('is for officials of finance alone', async () => {
        for (const path of ['/v1/pay-days', '/v1/payouts', '/v1/pay-cases']) {
            assert.equal((await stack.get(path, { token: li.token })).json.reason, 'NOT_OFFICIAL', path);
            assert.equal((await stack.get(path, finance(stack, 91, '00000000'))).json.reason, 'PAY_OFFICE_NEEDED', path);
        }
    });
});

test('where the first host does not answer the second one is asked', async () => {
    const paying = await beginPaying({ users: 1, ways: { confirm: true }, firstHost: 'http://127.0.0.1:9' });
    try {
        await paying.payout(paying.order(paying.people[0], 5000), 'PAID');
        assert.ok(paying.stack.logs.bridge.find('pay_host_changed').length > 0);
    } finally {
        await paying.close();
    }
});

test('the public key of the platform proves as its certificates do', async () => {
    const paying = await beginPaying({ users: 1, publicKey: true, ways: { confirm: true }, settings: { bridge: { HUIGONG_PAY_ORDER_MAX: 300000, HUIGONG_PAY_PERSON_DAY: 300000 } } });
    paying.pay.transfers.limits.max = 300000;
    try {
        await paying.payout(paying.order(paying.people[0], 5000), 'PAID');
        assert.equal(paying.pay.purses.get(paying.people[0].openid), 5000);
    } finally {
        await paying.close();
    }
});
