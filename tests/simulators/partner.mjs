// What the partners that speak signed JSON have in common, see services/bridge/partner.h.
//
// A partner checks what a real one checks: method and path, the sign over method, path, instant,
// nonce and body, an instant within five minutes of its own, a nonce that it has not seen, and how
// many requests come in a minute. Its clock is the system's, and what it was stepped.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Simulator } from './simulator.mjs';

const WINDOW_S = 300;

export class Refusal extends Error {
    constructor(status, error) {
        super(error);
        this.status = status;
    }
}

export class Partner extends Simulator {
    keys = new Map();   // id: key of 32 bytes
    nonces = new Map(); // nonce: when it came, in seconds
    bodyMax = 1 << 16;
    stepped = 0;
    latencyMs = 0;
    limits = { perMinute: 6000 };
    counts = new Map();

    /** key: 64 hex digits. */
    addKey(id, key) {
        this.keys.set(id, Buffer.from(key, 'hex'));
    }

    now() {
        return Date.now() + this.stepped;
    }

    step(ms) {
        this.stepped += ms;
    }

    async serve(request, url, body, response) {
        const line = await this.enter(url.pathname, this.now());
        if (this.latencyMs)
            await new Promise((go) => setTimeout(go, this.latencyMs));
        const fault = this.takeFault(url.pathname);
        if (fault?.drop && !fault.after)
            return void response.destroy();
        let status = 200, answer;
        try {
            if (fault?.status)
                throw new Refusal(fault.status, fault.body);
            this.check(request, url, body);
            line.body = this.parse(body);
            answer = this.answer(url.pathname, line.body);
        } catch (error) {
            if (!(error instanceof Refusal))
                throw error;
            ({ status } = error);
            answer = { error: error.message };
        }
        Object.assign(line, { status, error: answer.error });
        if (fault?.drop)
            return void response.destroy();
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(fault?.status ? fault.body : JSON.stringify({ ...answer, ...fault?.answer }));
    }

    parse(body) {
        try {
            return JSON.parse(body.toString('utf8'));
        } catch {
            throw new Refusal(400, 'MALFORMED_BODY');
        }
    }

    check(request, url, body) {
        if (request.method !== 'POST')
            throw new Refusal(405, 'METHOD_NOT_ALLOWED');
        const parts = /^HG1 id=(\w+), at=(\d+), nonce=([0-9a-f]{32}), sign=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '');
        if (!parts)
            throw new Refusal(401, 'MALFORMED_SIGN');
        const [, id, at, nonce, sign] = parts;
        const key = this.keys.get(id);
        if (!key)
            throw new Refusal(401, 'UNKNOWN_ID');
        const hash = createHash('sha256').update(body).digest('hex');
        const right = createHmac('sha256', key).update(['POST', url.pathname, at, nonce, hash].join('\n')).digest();
        if (!timingSafeEqual(right, Buffer.from(sign, 'hex')))
            throw new Refusal(401, 'BAD_SIGN');
        const seconds = Math.floor(this.now() / 1000);
        if (Math.abs(seconds - Number(at)) > WINDOW_S)
            throw new Refusal(401, 'STALE');
        for (const [old, came] of this.nonces) {
            if (seconds - came > 2 * WINDOW_S)
                this.nonces.delete(old);
        }
        if (this.nonces.has(nonce))
            throw new Refusal(401, 'REPLAYED');
        this.nonces.set(nonce, seconds);
        const minute = Math.floor(seconds / 60);
        const count = (this.counts.get(minute) ?? 0) + 1;
        this.counts.set(minute, count);
        if (count > this.limits.perMinute)
            throw new Refusal(429, 'LIMITED');
    }

    controls() {
        return {
            ...super.controls(),
            keys: ({ id, key }) => this.addKey(id, key),
            latency: ({ ms }) => { this.latencyMs = ms; },
        };
    }
}
