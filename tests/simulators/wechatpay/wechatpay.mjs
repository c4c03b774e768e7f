// WeChat Pay's API v3 as a merchant's server sees it, for tests and development; there is no sandbox of it.
//
//   const pay = await WechatPay.start();
//   pay.addMerchant({ mchid: '1900009191', serial, publicPem, apiV3Key, appids: [APP], balance: 10000000 });
//   pay.transfers.people.set(openid, { name: '王小明' });
//   ... HUIGONG_PAY_URL = pay.url ...
//   pay.fault({ path: 'transfer', status: 500, code: 'SYSTEM_ERROR', after: true });  // and it was done all the same
//
// It checks what the real one checks: every signature, instant and nonce; fields, their bounds and the scenes' own;
// that a number stands for one request; limits of rate. It signs its answers by a platform certificate that rotates, or
// by its public key where a request names that. Money is in a ledger: what leaves a merchant is with payees or held.
// Faults and holds are set by what a request is (transfer, query, cancel, receipt, stock, send, flow, bill,
// certificates). Its clock is the system's, and what it was stepped.
//
// Sources: wechatpay-apiv3 (wechatpay-go, wechatpay-skills), TheNorthMemory/wechatpay-openapi, pay.weixin.qq.com.
import { randomUUID } from 'node:crypto';
import { Simulator } from '../simulator.mjs';
import { Callbacks } from './callbacks.mjs';
import { chinaTime, digest, isSigned, lines, newCertificate, newPair, nonce, publicOf, seal } from './crypto.mjs';
import { Favor } from './favor.mjs';
import { Refusal } from './refusal.mjs';
import { Transfers } from './transfers.mjs';

const WINDOW_S = 300;
const OFFER_MS = 300000;
const AUTHORIZATION = /^WECHATPAY2-SHA256-RSA2048 (.*)$/;

export class WechatPay extends Simulator {
    merchants = new Map();
    certificates = [newCertificate()]; // the last is in force
    publicKey = { ...newPair(), serial: `PUB_KEY_ID_01${String(process.pid).padStart(32, '0')}` };
    nonces = new Map();
    counts = new Map();
    numbers = new Map(); // how many times each number began something
    purses = new Map();  // openid: fen
    entries = [];        // of merchants' balances
    files = new Map();   // token: { mchid, bytes, until }
    stepped = 0;
    limits = { perSecond: 1000000 };

    constructor() {
        super();
        this.transfers = new Transfers(this);
        this.favor = new Favor(this);
        this.callbacks = new Callbacks(this);
        this.routes = [
            ['GET', /^\/v3\/certificates$/, 'certificates', (merchant) => this.listCertificates(merchant)],
            ['GET', /^\/v3\/bill\/fundflowbill$/, 'bill', (merchant, [], body, request, url) => this.bill(merchant, url)],
            ['GET', /^\/v3\/billdownload\/file$/, 'download', (merchant, [], body, request, url) => this.download(merchant, url)],
            ...this.transfers.routes, ...this.favor.routes,
        ];
    }

    // ---- merchants, keys, the clock ----

    addMerchant({ mchid, serial, publicPem, apiV3Key, appids, scenes = ['1000', '1002', '1004', '1011'], balance = 0 }) {
        this.merchants.set(mchid, { mchid, keys: new Map([[serial, publicOf(publicPem)]]), apiV3Key, appids, scenes, balance: 0 });
        this.move(mchid, balance, `recharge${mchid}`, '充值', '');
    }

    now() {
        return Date.now() + this.stepped;
    }

    step(ms) {
        this.stepped += ms;
        this.transfers.work();
    }

    signer() {
        return this.certificates.at(-1);
    }

    /** Whose private key opens what was sealed for a serial. */
    keyOf(serial) {
        return serial === this.publicKey.serial ? this.publicKey : this.certificates.find((one) => one.serial === serial);
    }

    /** A new certificate is listed beside the old one, and signs from now on. */
    rotate() {
        this.certificates.push(newCertificate(this.now()));
    }

    over(what, mchid, limit, windowMs) {
        const key = [what, mchid, Math.floor(this.now() / windowMs)].join('\n'), n = (this.counts.get(key) ?? 0) + 1;
        if (n === 1 && this.counts.size > 1000)
            this.counts.clear();
        this.counts.set(key, n);
        return n > limit;
    }

    count(what, number) {
        this.numbers.set(`${what} ${number}`, (this.numbers.get(`${what} ${number}`) ?? 0) + 1);
    }

    checkNotifyUrl(text) {
        let url;
        try {
            url = new URL(text);
        } catch {}
        const here = url?.protocol === 'http:' && url.hostname === '127.0.0.1';
        if (!url || (url.protocol !== 'https:' && !here) || url.search || text.length > 255)
            throw new Refusal(400, 'PARAM_ERROR', 'notify_url');
    }

    // ---- money ----

    move(mchid, fen, number, kind, voucher) {
        const merchant = this.merchants.get(mchid);
        merchant.balance += fen;
        this.entries.push({ mchid, at: this.now(), fen, balance: merchant.balance, number, kind, voucher, id: String(this.entries.length + 1).padStart(20, '0') });
        if (fen > 0 && kind === '充值')
            this.transfers.work();
    }

    credit(openid, fen) {
        this.purses.set(openid, (this.purses.get(openid) ?? 0) + fen);
    }

    /** What came in, and where it is: equal, always. */
    sums() {
        const sum = (list) => list.reduce((a, b) => a + b, 0);
        const held = sum([...this.transfers.bills.values()].map((bill) => bill.held));
        const recharged = sum(this.entries.filter(({ kind }) => kind === '充值').map(({ fen }) => fen));
        return { recharged, balances: sum([...this.merchants.values()].map(({ balance }) => balance)), purses: sum([...this.purses.values()]), held };
    }

    // ---- bills and files ----

    sha1(bytes) {
        return digest('sha1', bytes);
    }

    offer(merchant, bytes, forMs = OFFER_MS) {
        const token = randomUUID();
        this.files.set(token, { mchid: merchant.mchid, bytes, until: this.now() + forMs });
        return `${this.url}/v3/billdownload/file?token=${token}`;
    }

    download(merchant, url) {
        const file = this.files.get(url.searchParams.get('token'));
        if (file?.mchid !== merchant.mchid || this.now() >= file.until)
            throw new Refusal(404, 'NOT_FOUND', '文件不存在');
        return file.bytes;
    }

    /** The day's movements of a merchant's balance; at ten the next morning, as of yesterday. */
    bill(merchant, url) {
        const date = url.searchParams.get('bill_date'), account = url.searchParams.get('account_type') ?? 'BASIC';
        if (!/^\d{4}-\d\d-\d\d$/.test(date) || !['BASIC', 'OPERATION', 'FEES'].includes(account))
            throw new Refusal(400, 'PARAM_ERROR', 'bill_date');
        if (date >= chinaTime(this.now()).slice(0, 10))
            throw new Refusal(400, 'INVALID_REQUEST', '账单日期');
        const mine = this.entries.filter(({ mchid, at }) => mchid === merchant.mchid && account === 'BASIC' && chinaTime(at).startsWith(date));
        if (!mine.length)
            throw new Refusal(400, 'NO_STATEMENT_EXIST', '账单不存在');
        const yuan = (fen) => (Math.abs(fen) / 100).toFixed(2), quote = (cells) => cells.map((cell) => `\`${cell}`).join(',');
        const of = (sign) => mine.filter(({ fen }) => Math.sign(fen) === sign), total = (list) => yuan(list.reduce((sum, { fen }) => sum + fen, 0));
        const file = Buffer.from([
            '记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,资金变更提交申请人,备注,业务凭证号',
            ...mine.map(({ at, number, id, kind, fen, balance, voucher }) => quote([chinaTime(at).replace('T', ' ').slice(0, 19), number, id, kind, kind, fen < 0 ? '支出' : '收入', yuan(fen), yuan(balance), 'system', '', voucher])),
            '资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额',
            quote([`${mine.length}.0`, `${of(1).length}.0`, total(of(1)), `${of(-1).length}.0`, total(of(-1))]),
        ].map((line) => `${line}\r\n`).join(''));
        return { hash_type: 'SHA1', hash_value: this.sha1(file), download_url: this.offer(merchant, file) };
    }

    listCertificates(merchant) {
        return {
            data: this.certificates.map(({ serial, from, until, pem }) => ({
                serial_no: serial, effective_time: chinaTime(from), expire_time: chinaTime(until), encrypt_certificate: seal(merchant.apiV3Key, pem, 'certificate'),
            })),
        };
    }

    // ---- HTTP ----

    async serve(request, url, body, response) {
        const [, pattern, kind, answer] = this.routes.find(([method, one]) => method === request.method && one.test(url.pathname)) ?? [];
        const line = await this.enter(kind ?? url.pathname, this.now());
        const fault = this.takeFault(kind ?? url.pathname);
        if (fault?.drop && !fault.after)
            return void response.destroy();
        let status = 200, said;
        try {
            const merchant = this.authenticate(request, url, body, line);
            if (fault?.status && !fault.after)
                throw new Refusal(fault.status, fault.code ?? 'SYSTEM_ERROR');
            if (!answer)
                throw new Refusal(404, 'RESOURCE_NOT_EXISTS');
            if (this.over('all', merchant.mchid, this.limits.perSecond, 1000))
                throw new Refusal(429, 'FREQUENCY_LIMITED');
            line.body = this.parse(request, body);
            said = answer(merchant, pattern.exec(url.pathname).slice(1).map(decodeURIComponent), line.body, request, url);
            if (fault?.status)
                throw new Refusal(fault.status, fault.code ?? 'SYSTEM_ERROR');
            said = Buffer.isBuffer(said) ? said : { ...said, ...fault?.answer };
        } catch (error) {
            if (!(error instanceof Refusal))
                throw error;
            ({ status } = error);
            said = error.body();
        }
        Object.assign(line, { status, code: said.code });
        if (fault?.delayMs)
            await new Promise((go) => setTimeout(go, fault.delayMs));
        if (fault?.drop)
            return void response.destroy();
        this.say(request, response, status, said, fault);
    }

    fault(given) {
        super.fault(given);
        const { code, sign, delayMs } = given;
        Object.assign(this.faults.at(-1), { code, sign, delayMs });
    }

    /** A file is not signed, its hash was; any answer else is. sign of a fault: none, bad, stale, probe, altered, serial. */
    say(request, response, status, said, fault) {
        if (Buffer.isBuffer(said)) {
            response.writeHead(status, { 'Content-Type': 'application/octet-stream' });
            return void response.end(said);
        }
        const text = JSON.stringify(said), how = fault?.sign;
        const key = request.headers['wechatpay-serial'] === this.publicKey.serial ? this.publicKey : this.signer();
        const headers = this.callbacks.headers(text, {
            stale: { stamp: Math.floor(this.now() / 1000) - 300 }, altered: { signed: `${text} ` }, probe: { prefix: 'WECHATPAY/SIGNTEST/', key }, serial: { key: { ...key, serial: '7'.repeat(40) } },
        }[how] ?? { key });
        if (how === 'none')
            Object.keys(headers).filter((name) => name.startsWith('Wechatpay-')).forEach((name) => delete headers[name]);
        if (how === 'bad')
            headers['Wechatpay-Signature'] = Buffer.alloc(256, 7).toString('base64');
        delete headers['User-Agent'];
        response.writeHead(status, headers);
        response.end(text);
    }

    parse(request, body) {
        if (request.method === 'GET')
            return {};
        let json;
        try {
            json = body.length ? JSON.parse(body.toString('utf8')) : {};
        } catch {}
        if (!json || typeof json !== 'object' || Array.isArray(json))
            throw new Refusal(400, 'PARAM_ERROR', 'body');
        return json;
    }

    /** Whose request it is, by its signature over exactly what came. */
    authenticate(request, url, body, line) {
        const refuse = (message) => new Refusal(401, 'SIGN_ERROR', message);
        const parts = Object.fromEntries([...(AUTHORIZATION.exec(request.headers.authorization ?? '')?.[1] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
        const merchant = this.merchants.get(parts.mchid), key = merchant?.keys.get(parts.serial_no), seconds = Math.floor(this.now() / 1000);
        Object.assign(line, { mchid: parts.mchid, url: request.url });
        if (!key)
            throw refuse('商户号或证书序列号');
        if (!request.headers['user-agent'] || !/application\/json|\*\/\*/.test(request.headers.accept ?? ''))
            throw new Refusal(400, 'PARAM_ERROR', 'User-Agent, Accept');
        if (request.method === 'POST' && !/^application\/json\b/.test(request.headers['content-type'] ?? ''))
            throw new Refusal(400, 'PARAM_ERROR', 'Content-Type');
        if (!/^\d+$/.test(parts.timestamp) || Math.abs(seconds - Number(parts.timestamp)) >= WINDOW_S)
            throw refuse('时间戳');
        if (!/^[0-9A-Za-z]{1,32}$/.test(parts.nonce_str))
            throw refuse('nonce_str');
        if (!isSigned(key, lines(request.method, request.url, parts.timestamp, parts.nonce_str, body.toString('utf8')), parts.signature ?? ''))
            throw refuse('签名错误');
        if (this.nonces.has(parts.nonce_str))
            throw refuse('nonce_str 重复');
        this.nonces.set(parts.nonce_str, seconds);
        for (const [old, at] of this.nonces) {
            if (seconds - at <= 2 * WINDOW_S)
                break;
            this.nonces.delete(old);
        }
        return merchant;
    }

    notify(...given) {
        this.callbacks.notify(...given);
    }

    controls() {
        return {
            ...super.controls(), ...this.transfers.controls(), ...this.favor.controls(), ...this.callbacks.controls(),
            merchants: (given) => this.addMerchant(given),
            recharge: ({ mchid, fen }) => this.move(mchid, fen, nonce(), '充值', ''),
            rotate: () => this.rotate(),
            keys: () => ({ publicKey: { id: this.publicKey.serial, pem: this.publicKey.publicPem }, certificates: this.certificates.map(({ serial, pem }) => ({ serial, pem })) }),
            sums: () => this.sums(),
            numbers: () => Object.fromEntries(this.numbers),
            entries: () => this.entries,
        };
    }
}
