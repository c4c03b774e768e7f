// Callbacks to a merchant: sealed, signed, tried again until they are acknowledged, and, as a test asks, held,
// repeated, out of order, or forged.
import http from 'node:http';
import https from 'node:https';
import { randomUUID } from 'node:crypto';
import { chinaTime, lines, nonce, seal, signRsa } from './crypto.mjs';

const PATIENCE_MS = 5000;

export class Callbacks {
    queue = [];  // told and not acknowledged
    sent = [];   // { id, event, status, forged }: each try
    /** held: none goes out until they are released; times: how often each is told though it was acknowledged. */
    ways = { held: false, times: 1, reversed: false };

    constructor(pay) {
        this.pay = pay;
    }

    notify(mchid, url, event, type, plain) {
        const merchant = this.pay.merchants.get(mchid), id = `EV-${randomUUID()}`;
        const body = {
            id, create_time: chinaTime(this.pay.now()), resource_type: 'encrypt-resource', event_type: event, summary: '通知',
            resource: { original_type: type, ...seal(merchant.apiV3Key, JSON.stringify(plain), type) },
        };
        this.queue.push({ mchid, url, event, id, text: JSON.stringify(body), plain, left: this.ways.times, tries: 0 });
        if (!this.ways.held)
            setImmediate(() => this.deliver());
    }

    /** Tells what is in the queue, once each; what is refused stays, and so does what is to be told again. */
    async deliver() {
        const told = this.queue.splice(0);
        if (this.ways.reversed)
            told.reverse();
        await Promise.all(told.map(async (callback) => {
            for (;;) {
                callback.tries++;
                const status = await this.post(callback.url, callback.text, this.headers(callback.text), callback);
                if (status < 200 || status > 204) {
                    this.queue.push(callback);
                    return;
                }
                if (--callback.left <= 0)
                    return;
            }
        }));
    }

    /** The headers that prove a body, by the key that is in force now, or by what a forger has. */
    headers(text, { key = this.pay.signer(), stamp = Math.floor(this.pay.now() / 1000), by = nonce(), signed = text, prefix = '' } = {}) {
        return {
            'Content-Type': 'application/json', 'User-Agent': 'Mozilla/4.0', 'Wechatpay-Timestamp': String(stamp), 'Wechatpay-Nonce': by, 'Wechatpay-Serial': key.serial,
            'Wechatpay-Signature': prefix + signRsa(key.privateKey, lines(stamp, by, signed)), 'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048', 'Request-ID': randomUUID(),
        };
    }

    post(url, text, headers, { id, event, forged } = {}) {
        return new Promise((done) => {
            const request = (url.startsWith('https:') ? https : http).request(url, { method: 'POST', headers: { ...headers, 'Content-Length': Buffer.byteLength(text) }, timeout: PATIENCE_MS, rejectUnauthorized: false }, (answer) => {
                answer.resume();
                answer.on('end', () => end(answer.statusCode));
            });
            const end = (status) => { this.sent.push({ id, event, forged, status }); done(status); };
            request.on('timeout', () => request.destroy());
            request.on('error', () => end(0));
            request.end(text);
        });
    }

    /**
     * A callback that is not what it says; gives the status. kind: signature (random), stale (five minutes ago), early,
     * altered (right signature over another body), probe (WECHATPAY/SIGNTEST/), serial (a key that is unknown),
     * unsealed (sealed under another APIv3 key); or none of them, a good one with what `plain` says, written with `spaces`.
     */
    async forge({ mchid, url, kind, event = 'MCHTRANSFER.BILL.FINISHED', type = 'mch_payment', plain = {}, id = `EV-${randomUUID()}`, spaces }) {
        const merchant = this.pay.merchants.get(mchid), now = Math.floor(this.pay.now() / 1000);
        const key = kind === 'unsealed' ? '0'.repeat(32) : merchant.apiV3Key;
        const body = { id, create_time: chinaTime(this.pay.now()), resource_type: 'encrypt-resource', event_type: event, summary: '通知', resource: { original_type: type, ...seal(key, JSON.stringify(plain), type) } };
        const text = JSON.stringify(body, null, spaces), more = {
            stale: { stamp: now - 300 }, early: { stamp: now + 300 }, altered: { signed: `${text} ` }, probe: { prefix: 'WECHATPAY/SIGNTEST/' },
            serial: { key: { ...this.pay.signer(), serial: '7'.repeat(40) } },
        }[kind];
        const headers = this.headers(text, more);
        if (kind === 'signature')
            headers['Wechatpay-Signature'] = Buffer.alloc(256, 7).toString('base64');
        return this.post(url, text, headers, { id, event, forged: kind ?? 'good' });
    }

    controls() {
        return {
            callbacks: (given) => { Object.assign(this.ways, given); },
            deliver: () => this.deliver(),
            forge: (given) => this.forge(given),
            told: () => this.sent,
            undelivered: () => this.queue.map(({ id, event, tries }) => ({ id, event, tries })),
        };
    }
}
