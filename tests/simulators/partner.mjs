// What the partners that speak signed JSON have in common, see services/bridge/partner.h.
//
// A partner checks what a real one checks: method and path, the sign over method, path, instant,
// nonce and body, an instant within five minutes of its own, a nonce that it has not seen, and how
// many requests come in a minute. Its clock is the system's, and what it was stepped.
//
// The same through HTTP, for who runs it by its main.mjs: POST /sim/NAME with a JSON body, for the
// names in controls(); GET /sim/ledger.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

const WINDOW_S = 300;
const BODY_MAX = 1 << 16;

export class Refusal extends Error {
    constructor(status, error) {
        super(error);
        this.status = status;
    }
}

export class Partner {
    keys = new Map();   // id: key of 32 bytes
    nonces = new Map(); // nonce: when it came, in seconds
    faults = [];
    held = null;        // those that wait
    ledger = [];        // { path, status, error, body, at } in the order they came
    stepped = 0;
    latencyMs = 0;
    limits = { perMinute: 6000 };
    counts = new Map();

    /** options: port (any free one), tls ({ key, cert }). */
    static async start({ port = 0, tls } = {}) {
        const partner = new this();
        const handle = (request, response) => partner.serve(request, response);
        partner.server = tls ? https.createServer(tls, handle) : http.createServer(handle);
        partner.server.listen(port, '127.0.0.1');
        await once(partner.server, 'listening');
        partner.url = `http${tls ? 's' : ''}://127.0.0.1:${partner.server.address().port}`;
        return partner;
    }

    async close() {
        this.server.close();
        this.server.closeAllConnections();
        await once(this.server, 'close');
    }

    // ---- the control plane ----

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

    /**
     * The next `times` requests are answered with a status and a body, or with the answer itself
     * changed (`answer`), or their connection ends (drop; with `after` once they have had their effect).
     */
    fault({ times = 1, status, body = '', answer, drop = false, after = false }) {
        this.faults.push({ times, status, body, answer, drop, after });
    }

    hold() {
        this.held = [];
    }

    release() {
        const waiting = this.held ?? [];
        this.held = null;
        waiting.forEach((go) => go());
    }

    waiting() {
        return this.held?.length ?? 0;
    }

    // ---- HTTP ----

    async serve(request, response) {
        const url = new URL(request.url, 'http://partner');
        const pieces = [];
        let size = 0;
        for await (const piece of request) {
            size += piece.length;
            if (size > BODY_MAX)
                return void response.destroy();
            pieces.push(piece);
        }
        const body = Buffer.concat(pieces);
        if (url.pathname.startsWith('/sim/'))
            return void this.control(request.method, url.pathname.slice(5), body, response);
        const line = { path: url.pathname, at: this.now() };
        this.ledger.push(line);
        if (this.held)
            await new Promise((go) => this.held.push(go));
        if (this.latencyMs)
            await new Promise((go) => setTimeout(go, this.latencyMs));
        const fault = this.takeFault();
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

    takeFault() {
        const [fault] = this.faults;
        if (fault && --fault.times === 0)
            this.faults.shift();
        return fault;
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

    // ---- the control plane over HTTP ----

    controls() {
        return {
            keys: ({ id, key }) => this.addKey(id, key),
            faults: (given) => this.fault(given),
            hold: () => this.hold(),
            release: () => this.release(),
            latency: ({ ms }) => { this.latencyMs = ms; },
            clock: ({ stepMs }) => this.step(stepMs),
            limits: (given) => Object.assign(this.limits, given),
            ledger: () => this.ledger,
        };
    }

    control(method, name, body, response) {
        const controls = this.controls();
        let status = 200, answer;
        try {
            if (!controls[name] || (method !== 'POST' && name !== 'ledger'))
                status = 404;
            else
                answer = controls[name](body.length ? JSON.parse(body.toString('utf8')) : {});
        } catch (error) {
            status = 400;
            answer = { error: error.message };
        }
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(answer ?? {}));
    }
}

/** Runs a partner as a program: main.mjs [PORT] [KEY.pem CERT.pem] prints its address. */
export async function main(kind, readFileSync) {
    const [port = '0', key, cert] = process.argv.slice(2);
    const partner = await kind.start({ port: Number(port), tls: key && { key: readFileSync(key), cert: readFileSync(cert) } });
    console.log(partner.url);
}
