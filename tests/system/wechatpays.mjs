// A WeChat Pay that is the simulator, its merchant, and the merchant's side of the protocol, for tests.
import { randomUUID, verify } from 'node:crypto';
import { lines, newPair, nonce, signRsa } from '../simulators/wechatpay/crypto.mjs';
import { Wechat } from '../simulators/wechat/wechat.mjs';
import { WechatPay } from '../simulators/wechatpay/wechatpay.mjs';

import { mint, mobile } from './people.mjs';
import { Stack, until } from './stack.mjs';
import { APP, SECRET, login } from './wechats.mjs';

export const MCHID = '1900009191', SERIAL = '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C', APIV3_KEY = '0123456789abcdef0123456789abcdef';
export const TRANSFERS = '/v3/fund-app/mch-transfer/transfer-bills';

/** A simulator with one merchant: { pay, keys }. */
export async function beginPay({ appids, balance = 100000000 }) {
    const pay = await WechatPay.start(), keys = newPair();
    pay.addMerchant({ mchid: MCHID, serial: SERIAL, publicPem: keys.publicPem, apiV3Key: APIV3_KEY, appids, balance });
    return { pay, keys };
}

/** A merchant's request, as it is signed; `spoil` changes what goes out afterwards. */
export async function ask(url, keys, method, path, body, { mchid = MCHID, serial = SERIAL, at = Math.floor(Date.now() / 1000), by = nonce(), headers = {}, spoil = (text) => text } = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const signature = signRsa(keys.privateKey, lines(method, path, at, by, text));
    const answer = await fetch(url + path, {
        method, body: method === 'GET' ? undefined : spoil(text), headers: {
            Accept: 'application/json', 'Content-Type': 'application/json', 'User-Agent': 'huigong-test', ...headers,
            Authorization: `WECHATPAY2-SHA256-RSA2048 mchid="${mchid}",nonce_str="${by}",timestamp="${at}",serial_no="${serial}",signature="${signature}"`,
        },
    });
    const said = await answer.text();
    return { status: answer.status, headers: answer.headers, text: said, json: said.startsWith('{') ? JSON.parse(said) : null };
}

/** Whether an answer is signed by this key. */
export function isProven({ headers, text }, publicPem) {
    const signed = lines(headers.get('wechatpay-timestamp'), headers.get('wechatpay-nonce'), text);
    return verify('sha256', Buffer.from(signed), publicPem, Buffer.from(headers.get('wechatpay-signature'), 'base64'));
}

/** A transfer's form, good unless changed. */
export const transfer = (appid, openid, more) => ({
    appid, out_bill_no: randomUUID().replaceAll('-', ''), transfer_scene_id: '1002', openid, transfer_amount: 5000, transfer_remark: '困难职工补助',
    transfer_scene_report_infos: [{ info_type: '补贴类型', info_content: '困难补助' }], ...more,
});

/** Who looks after the merchant's account: an official of finance, of a union above which there is none. */
export const finance = (stack, memberId, unionPath = '0000') => ({ token: mint(stack.tokenKey(), { memberId, grants: [{ role: 'FINANCE', unionPath }] }) });

/** Both simulators and a stack that pays by them what `subsidy` orders; users: those who have a WeChat, { name, id, openid } each;
 * firstHost: an address where nobody is, beside which the simulator is the second one; standIn false: hg-subsidy itself
 * is there, and orders by what it does; pages: WeChat's browser is let in by the same app, as an official account. */
export async function beginPaying({ users = 2, publicKey = false, ways, balance, firstHost, standIn = true, pages = false, ...options } = {}) {
    const wechat = await Wechat.start(), { pay, keys } = await beginPay({ appids: [APP], balance });
    wechat.addApp({ appid: APP, secret: SECRET });
    Object.assign(pay.transfers.ways, ways);
    const merchant = {
        ...firstHost ? { url: firstHost, secondUrl: pay.url } : { url: pay.url }, mchid: MCHID, serial: SERIAL, privatePem: keys.privatePem, apiV3Key: APIV3_KEY, appids: [APP],
        ...publicKey && { publicKey: { id: pay.publicKey.serial, pem: pay.publicKey.publicPem } },
    };
    const stack = await Stack.start({
        wechat: { url: wechat.url, apps: [[APP, SECRET]], ...pages && { account: [APP, SECRET] } }, pay: merchant, ...options,
        ...standIn && { standIns: { subsidy: 'payer' } },
        prepare: (made) => {
            if (standIn)
                made.order();
            const HUIGONG_BANK_KEY = made.path('keys', 'bank');
            made.writeKey('bank', `1 ${'01'.repeat(32)}
index ${'02'.repeat(32)}
`);
            for (const name of ['bridge', 'subsidy'])
                made.settings[name] = { ...made.settings[name], HUIGONG_BANK_KEY };
        }, settings: {
            ...options.settings,
            bridge: { HUIGONG_PAY_SCENES: '1000,1002,1004,1011', ...options.settings?.bridge },
        },
    });
    if (pages)
        wechat.apps.get(APP).pages.push(`127.0.0.1:${stack.port}`);
    const people = [];
    for (let n = 0; n < users; n++) {
        const name = `payee${n}`;
        wechat.addUser(name, { phone: mobile(700 + n) });
        const session = await login(stack, { appid: APP, code: wechat.loginCode(APP, name), phoneCode: wechat.phoneCode(APP, name) });
        if (session.status !== 201)
            throw new Error(session.text);
        const openid = wechat.openid(APP, name);
        pay.transfers.people.set(openid, { name });
        people.push({ name, openid, id: session.json.member.memberId, token: session.json.token });
    }
    let next = 1000;
    return {
        wechat, pay, stack, people, keys,
        /** Orders a payment: its order's id. */
        order(who, fen, { scene = 1002, report = ['困难补助'], remark = '困难职工补助' } = {}) {
            const id = ++next;
            stack.order(`order ${id} ${who.id} ${fen} 1 ${scene} ${[remark, ...report].join('|')}`);
            return id;
        },
        /** Orders a payment to an account, { name, bank, number }: its order's id. */
        orderByBank(who, fen, { name, bank, number }, remark = '困难职工补助') {
            const id = ++next;
            stack.order(`order ${id} ${who.id} ${fen} 2 0 ${[remark, name, bank, number].join('|')}`);
            return id;
        },
        /** The payout of an order, once it is in one of these states (by name, without PAYOUT_). */
        async payout(id, ...states) {
            return until(`order ${id} is ${states}`, async () => {
                const { payouts } = await stack.call('bridge', 'Pay.ListPayouts', { pageSize: 100 });
                const found = payouts?.find(({ orderId }) => orderId === String(id));
                return (!states.length || states.some((state) => found?.state === `PAYOUT_${state}`)) && found;
            });
        },
        /** What the source has heard of an order. */
        async heard(id) {
            return (await stack.query('subsidy', `SELECT * FROM ordered WHERE order_id = ${id}`))[0];
        },
        async cases() {
            return (await stack.call('bridge', 'Pay.ListPayCases', { pageSize: 100 })).cases ?? [];
        },
        async close() {
            const { recharged, balances, purses, held } = pay.sums();
            if (balances + purses + held !== recharged)
                throw new Error('money was made or lost');
            await stack.assertCleanAudits();
            await stack.stop('subsidy');
            await stack.close();
            await wechat.close();
            await pay.close();
        },
    };
}
