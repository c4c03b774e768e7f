// The simulator of WeChat Pay: what a test relies on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants, createDecipheriv, publicEncrypt } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newPair } from '../simulators/wechatpay/crypto.mjs';
import { top, until } from './stack.mjs';
import { APIV3_KEY, MCHID, SERIAL, TRANSFERS, ask, beginPay, isProven, transfer } from './wechatpays.mjs';
import { APP } from './wechats.mjs';

const DAY_MS = 86400000;

function open({ ciphertext, nonce, associated_data: aad }) {
    const bytes = Buffer.from(ciphertext, 'base64'), cipher = createDecipheriv('aes-256-gcm', APIV3_KEY, nonce);
    cipher.setAAD(Buffer.from(aad));
    cipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([cipher.update(bytes.subarray(0, -16)), cipher.final()]).toString('utf8');
}

describe('the simulator of WeChat Pay', () => {
    let pay, keys, listener, notifyUrl, heard, answers;
    const post = (body, more) => ask(pay.url, keys, 'POST', TRANSFERS, body, more);
    const get = (path, more) => ask(pay.url, keys, 'GET', path, undefined, more);
    const bill = (no) => get(`${TRANSFERS}/out-bill-no/${no}`);
    const stepped = () => ({ at: Math.floor(pay.now() / 1000) });

    before(async () => {
        ({ pay, keys } = await beginPay({ appids: [APP], balance: 10000000 }));
        pay.transfers.people.set('o-li', { name: '李敏' });
        heard = [];
        answers = [];
        listener = http.createServer(async (request, response) => {
            const pieces = [];
            for await (const piece of request)
                pieces.push(piece);
            heard.push({ headers: new Headers(request.headers), text: Buffer.concat(pieces).toString('utf8') });
            response.writeHead(answers.shift() ?? 204);
            response.end();
        }).listen(0, '127.0.0.1');
        await once(listener, 'listening');
        notifyUrl = `http://127.0.0.1:${listener.address().port}/v1/callbacks/wechat-pay`;
    });
    after(async () => {
        const { recharged, balances, purses, held } = pay.sums();
        assert.equal(balances + purses + held, recharged, 'no fen is made or lost');
        listener.close();
        await pay.close();
    });

    test('refuses a request that is not signed as it came', async () => {
        const form = transfer(APP, 'o-li'), now = Math.floor(Date.now() / 1000);
        const refused = [
            await post(form, { mchid: '1900000000' }), await post(form, { serial: 'AA' }), await ask(pay.url, newPair(), 'POST', TRANSFERS, form),
            await post(form, { at: now - 300 }), await post(form, { at: now + 310 }), await post(form, { by: 'n'.repeat(33) }), await post(form, { spoil: (text) => `${text} ` }),
        ];
        refused.forEach(({ status, json }) => assert.deepEqual([status, json.code], [401, 'SIGN_ERROR']));
        const by = 'ABC123';
        assert.equal((await get('/v3/certificates', { by })).status, 200);
        assert.equal((await get('/v3/certificates', { by })).status, 401, 'a nonce is good once');
        assert.equal(pay.transfers.bills.size, 0);
    });

    test('proves its answers by its certificate, the newest, or by its public key', async () => {
        const first = await get('/v3/certificates');
        assert.ok(isProven(first, pay.signer().publicPem));
        assert.equal(open(first.json.data[0].encrypt_certificate), pay.signer().pem);
        pay.rotate();
        const second = await get('/v3/certificates');
        assert.equal(second.json.data.length, 2);
        assert.equal(second.headers.get('wechatpay-serial'), second.json.data[1].serial_no);
        const other = await get('/v3/certificates', { headers: { 'Wechatpay-Serial': pay.publicKey.serial } });
        assert.ok(isProven(other, pay.publicKey.publicPem) && other.headers.get('wechatpay-serial') === pay.publicKey.serial);
        for (const sign of ['bad', 'altered', 'probe']) {
            pay.fault({ path: 'certificates', sign });
            assert.ok(!isProven(await get('/v3/certificates'), pay.signer().publicPem), sign);
        }
    });

    test('checks every field of a transfer', async () => {
        const wrong = [
            { out_bill_no: 'a_b' }, { out_bill_no: 'a'.repeat(33) }, { transfer_amount: 1.5 }, { transfer_amount: '100' }, { transfer_amount: 0 }, { transfer_remark: '补'.repeat(33) }, { transfer_remark: '' },
            { appid: 'wx9' }, { transfer_scene_id: '1009' }, { user_recv_perception: '现金奖励' }, { notify_url: 'http://example.com/x' }, { notify_url: 'https://example.com/x?y=1' },
            { transfer_scene_report_infos: [] }, { transfer_scene_report_infos: [{ info_type: '补贴类型', info_content: '' }] }, { openid: '' }, { openid: 'o-nobody' },
            { transfer_scene_report_infos: [{ info_type: '补贴类型', info_content: 'x' }, { info_type: '补贴类型', info_content: 'x' }] }, { surprise: 1 },
            { transfer_amount: 200000 }, { user_name: 'x' }, { transfer_amount: 29, user_name: 'x' },
        ];
        for (const more of wrong)
            assert.equal((await post(transfer(APP, 'o-li', more))).status, 400, JSON.stringify(more));
        assert.equal(pay.transfers.bills.size, 0);
    });

    test('opens a sealed name, which must be hers', async () => {
        const seal = (name) => publicEncrypt({ key: pay.publicKey.publicPem, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(name)).toString('base64');
        const more = { headers: { 'Wechatpay-Serial': pay.publicKey.serial } };
        const good = (await post(transfer(APP, 'o-li', { user_name: seal('李敏') }), more)).json;
        assert.equal(good.state, 'WAIT_USER_CONFIRM');
        pay.transfers.confirm(good.out_bill_no);
        assert.equal((await post(transfer(APP, 'o-li', { user_name: seal('李明') }), more)).json.fail_reason, 'NAME_NOT_CORRECT');
    });

    test('takes a number for one request, however often it comes', async () => {
        const form = transfer(APP, 'o-li'), before = pay.merchants.get(MCHID).balance;
        const [a, b] = [await post(form), await post(form)];
        assert.equal(a.json.transfer_bill_no, b.json.transfer_bill_no);
        assert.equal(pay.merchants.get(MCHID).balance, before - 5000);
        assert.equal((await post({ ...form, transfer_amount: 5001 })).json.code, 'INVALID_REQUEST');
        pay.step(3 * DAY_MS + 1);
        assert.equal((await post(form, stepped())).json.code, 'INVALID_REQUEST');
        assert.equal((await ask(pay.url, keys, 'GET', `${TRANSFERS}/out-bill-no/${form.out_bill_no}`, undefined, stepped())).json.fail_reason, 'OVERDUE_CLOSE');
        pay.step(-3 * DAY_MS - 1);
        assert.equal(pay.merchants.get(MCHID).balance, before, 'what nobody confirmed went back');
    });

    test('has a fault before or after what it does', async () => {
        const form = transfer(APP, 'o-li');
        pay.fault({ path: 'transfer', status: 500 });
        assert.equal((await post(form)).status, 500);
        assert.equal((await bill(form.out_bill_no)).status, 404);
        pay.fault({ path: 'transfer', status: 500, after: true });
        assert.equal((await post(form)).json.code, 'SYSTEM_ERROR');
        assert.equal((await bill(form.out_bill_no)).json.state, 'WAIT_USER_CONFIRM');
        pay.fault({ path: 'query', status: 404, code: 'NOT_FOUND' });
        assert.equal((await bill(form.out_bill_no)).json.code, 'NOT_FOUND');
        const second = transfer(APP, 'o-li');
        pay.fault({ path: 'transfer', drop: true, after: true });
        await assert.rejects(post(second));
        assert.equal((await bill(second.out_bill_no)).status, 200);
    });

    test('keeps a bill waiting while the balance is short, and cancels one', async () => {
        const merchant = pay.merchants.get(MCHID), { balance } = merchant;
        pay.move(MCHID, -balance, 'x', '提现', '');
        const form = transfer(APP, 'o-li');
        assert.equal((await post(form)).json.state, 'PROCESSING');
        pay.move(MCHID, balance, 'x', '提现退回', '');
        assert.equal((await ask(pay.url, keys, 'POST', `${TRANSFERS}/out-bill-no/${form.out_bill_no}/cancel`, {})).json.state, 'CANCELING');
        pay.transfers.work();
        assert.equal((await bill(form.out_bill_no)).json.state, 'CANCELLED');
        assert.equal(merchant.balance, balance);
    });

    test('tells how a bill ended until it is acknowledged, and forges as it is told', async () => {
        const form = transfer(APP, 'o-li', { notify_url: notifyUrl });
        heard.length = 0;
        answers.push(500);
        await post(form);
        pay.transfers.confirm(form.out_bill_no);
        await until('it is told', () => heard.length === 1);
        await until('it is told again', async () => (await pay.callbacks.deliver(), heard.length === 2));
        const [a, b] = heard.map(({ text }) => JSON.parse(text));
        assert.equal(a.id, b.id);
        assert.deepEqual(JSON.parse(open(a.resource)).state, 'SUCCESS');
        assert.ok(isProven(heard[0], pay.signer().publicPem));
        assert.equal((await bill(form.out_bill_no)).json.state, 'SUCCESS');
        for (const kind of ['signature', 'altered', 'probe']) {
            await pay.callbacks.forge({ mchid: MCHID, url: notifyUrl, kind, plain: { out_bill_no: 'x' } });
            assert.ok(!isProven(heard.at(-1), pay.signer().publicPem), kind);
        }
    });

    test('gives a receipt, and the bill of a day', async () => {
        const form = transfer(APP, 'o-li'), path = '/v3/fund-app/mch-transfer/elecsign/out-bill-no';
        await post(form);
        assert.equal((await ask(pay.url, keys, 'POST', path, { out_bill_no: form.out_bill_no })).status, 400, 'before it has succeeded');
        pay.transfers.confirm(form.out_bill_no);
        assert.equal((await ask(pay.url, keys, 'POST', path, { out_bill_no: form.out_bill_no })).json.state, 'GENERATING');
        const { download_url: url } = (await get(`${path}/${form.out_bill_no}`)).json;
        assert.match((await get(url.slice(pay.url.length))).text, /^%PDF/);
        pay.step(DAY_MS);
        const day = new Date(pay.now() + 8 * 3600000 - DAY_MS).toISOString().slice(0, 10);
        const found = await get(`/v3/bill/fundflowbill?bill_date=${day}&account_type=BASIC`, stepped());
        const file = (await get(found.json.download_url.slice(pay.url.length), stepped())).text.split('\r\n');
        assert.ok(file.some((line) => line.startsWith('`') && line.includes(form.out_bill_no)));
        assert.equal(file.at(-2).split(',')[0], `\`${file.length - 4}.0`);
        pay.step(-DAY_MS);
    });

    test('keeps the rules of stocks and of what is sent of them', async () => {
        const at = (ms) => new Date(Date.now() + ms).toISOString();
        const form = {
            stock_name: '智送清凉', belong_merchant: MCHID, available_begin_time: at(-1000), available_end_time: at(DAY_MS), no_cash: false, stock_type: 'NORMAL', out_request_no: 's1',
            stock_use_rule: { max_coupons: 2, max_amount: 598, max_coupons_per_user: 1, natural_person_limit: false, prevent_api_abuse: true }, pattern_info: { description: '满3减2.99' },
            coupon_use_rule: { fixed_normal_coupon: { coupon_amount: 299, transaction_minimum: 300 }, available_merchants: [MCHID] },
        };
        const create = (more) => ask(pay.url, keys, 'POST', '/v3/marketing/favor/coupon-stocks', { ...form, ...more });
        assert.equal((await create({ stock_name: '智送清凉到每一位职工' })).status, 400);
        assert.equal((await create({ stock_use_rule: { ...form.stock_use_rule, max_amount: 600 } })).status, 400);
        assert.equal((await create({ coupon_use_rule: { ...form.coupon_use_rule, fixed_normal_coupon: { coupon_amount: 300, transaction_minimum: 300 } } })).status, 400);
        const { stock_id: id } = (await create()).json;
        assert.equal((await create()).json.stock_id, id);
        ['o-li', 'o-wu', 'o-he'].forEach((openid) => pay.favor.people.set(openid, {}));
        const send = (openid, request) => ask(pay.url, keys, 'POST', `/v3/marketing/favor/users/${openid}/coupons`, { stock_id: id, out_request_no: request, appid: APP, stock_creator_mchid: MCHID });
        assert.equal((await send('o-li', 'g1')).status, 400, 'not started');
        assert.equal((await ask(pay.url, keys, 'POST', `/v3/marketing/favor/stocks/${id}/start`, { stock_creator_mchid: MCHID })).status, 200);
        const { coupon_id: coupon } = (await send('o-li', 'g1')).json;
        assert.equal((await send('o-li', 'g1')).json.coupon_id, coupon);
        assert.equal((await send('o-li', 'g2')).json.code, 'RULE_LIMIT');
        assert.equal((await send('o-wu', 'g3')).status, 200);
        assert.equal((await send('o-he', 'g4')).status, 400, 'none is left');
        await ask(pay.url, keys, 'POST', '/v3/marketing/favor/callbacks', { mchid: MCHID, notify_url: notifyUrl, switch: true });
        heard.length = 0;
        pay.favor.use(coupon);
        await until('its use is told', () => heard.length === 1);
        assert.equal(JSON.parse(open(JSON.parse(heard[0].text).resource)).coupon_id, coupon);
        const { url } = (await get(`/v3/marketing/favor/stocks/${id}/use-flow`)).json;
        assert.match((await get(url.slice(pay.url.length))).text, new RegExp(`${id},${coupon},.*,2.99,3.00,`));
        assert.equal((await get(`/v3/marketing/favor/users/o-li/coupons/${coupon}?appid=${APP}`)).json.status, 'USED');
        pay.favor.refund(coupon);
        const { url: back } = (await get(`/v3/marketing/favor/stocks/${id}/refund-flow`)).json;
        assert.match((await get(back.slice(pay.url.length))).text, new RegExp(`${id},${coupon},.*,2.99,3.00,`));
        assert.equal((await get(`/v3/marketing/favor/users/o-li/coupons/${coupon}?appid=${APP}`)).json.status, 'SENDED');
        pay.favor.limits.lateFlows = true;
        assert.equal((await get(`/v3/marketing/favor/stocks/${id}/use-flow`)).json.code, 'INVALID_REQUEST');
        pay.step(3 * DAY_MS);
        assert.equal((await get(`/v3/marketing/favor/stocks/${id}/use-flow`, { at: Math.floor(pay.now() / 1000) })).status, 200);
        pay.step(-3 * DAY_MS);
        pay.favor.limits.lateFlows = false;
    });

    test('gives a person one however many WeChats she has, and a day no more than its budget', async () => {
        const at = (ms) => new Date(Date.now() + ms).toISOString();
        const rule = { max_coupons: 4, max_amount: 1196, max_amount_by_day: 598, max_coupons_per_user: 1, natural_person_limit: true, prevent_api_abuse: true };
        const create = (more) => ask(pay.url, keys, 'POST', '/v3/marketing/favor/coupon-stocks', {
            stock_name: '一人一张', belong_merchant: MCHID, available_begin_time: at(-1000), available_end_time: at(30 * DAY_MS), no_cash: false, stock_type: 'NORMAL', out_request_no: 's2',
            stock_use_rule: { ...rule, ...more }, pattern_info: { description: '满3减2.99' },
            coupon_use_rule: { fixed_normal_coupon: { coupon_amount: 299, transaction_minimum: 300 }, available_merchants: [MCHID] },
        });
        assert.equal((await create({ max_amount_by_day: 300 })).json.code, 'PARAM_ERROR', 'a whole number of coupons');
        const { stock_id: id } = (await create()).json;
        await ask(pay.url, keys, 'POST', `/v3/marketing/favor/stocks/${id}/start`, { stock_creator_mchid: MCHID });
        const people = { 'o-one': 'chen', 'o-two': 'chen', 'o-three': 'wu', 'o-four': 'he' };
        Object.entries(people).forEach(([openid, person]) => pay.favor.people.set(openid, { person }));
        const send = async (openid) => (await ask(pay.url, keys, 'POST', `/v3/marketing/favor/users/${openid}/coupons`, { stock_id: id, out_request_no: `n${openid}`, appid: APP, stock_creator_mchid: MCHID }, { at: Math.floor(pay.now() / 1000) }));
        assert.equal((await send('o-one')).status, 200);
        const second = await send('o-two');
        assert.deepEqual([second.status, second.json.code], [403, 'NATURELIMIT']);
        assert.equal((await send('o-three')).status, 200);
        assert.equal((await send('o-four')).json.code, 'INVALID_REQUEST', 'the day has had its budget');
        pay.step(DAY_MS);
        assert.equal((await send('o-four')).status, 200);
        pay.step(-DAY_MS);
    });

    test('is a program, set over HTTP', async () => {
        const child = spawn(process.execPath, [join(top, 'tests/simulators/wechatpay/main.mjs')], { stdio: ['ignore', 'pipe', 'inherit'] });
        try {
            const [url] = String((await once(child.stdout, 'data'))[0]).split('\n');
            const set = async (name, body = {}) => (await fetch(`${url}/sim/${name}`, { method: 'POST', body: JSON.stringify(body) })).json();
            await set('merchants', { mchid: MCHID, serial: SERIAL, publicPem: keys.publicPem, apiV3Key: APIV3_KEY, appids: [APP], balance: 10000 });
            await set('people', { openid: 'o-li', name: '李敏' });
            const form = transfer(APP, 'o-li');
            assert.equal((await ask(url, keys, 'POST', TRANSFERS, form)).json.state, 'WAIT_USER_CONFIRM');
            await set('confirm', { out_bill_no: form.out_bill_no });
            assert.deepEqual(await set('sums'), { recharged: 10000, balances: 5000, purses: 5000, held: 0 });
        } finally {
            child.kill();
            await once(child, 'close');
        }
    });
});
