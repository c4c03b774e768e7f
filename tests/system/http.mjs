// HTTP as a client speaks it: node:http with connections kept alive, raw bytes over a socket, and
// what every refusal must look like.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

export class Http {
    constructor({ port, tls = false, sockets = Infinity }) {
        this.port = port;
        this.module = tls ? https : http;
        this.agent = new this.module.Agent({ keepAlive: true, maxSockets: sockets, rejectUnauthorized: false });
    }

    /**
     * One request; body is sent as JSON unless it is a string or a Buffer; device is the nonce of the asking one, this.device
     * if it does not say, "" for none. Gives
     * { status, headers, text, json }; rejects when the connection ends without an answer.
     */
    request(method, path, { body, token, key, device = this.device, headers = {}, ms = 20000 } = {}) {
        const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
        const all = { ...headers };
        if (bytes !== undefined) {
            all['Content-Length'] ??= Buffer.byteLength(bytes);
            all['Content-Type'] ??= 'application/json';
        }
        if (token)
            all.Authorization = `Bearer ${token}`;
        if (device)
            all['Device-Nonce'] = device;
        if (key)
            all['Idempotency-Key'] = `"${key}"`;
        return new Promise((done, fail) => {
            if (this.closed)
                return fail(Object.assign(new Error('this client is closed'), { code: 'CLOSED' }));
            const request = this.module.request({ host: '127.0.0.1', port: this.port, method, path, headers: all, agent: this.agent });
            request.setTimeout(ms, () => request.destroy(new Error(`${method} ${path}: no answer within ${ms} ms`)));
            request.on('error', fail);
            request.on('response', (response) => {
                const pieces = [];
                response.on('data', (piece) => pieces.push(piece));
                response.on('error', fail);
                response.on('end', () => done(new Answer(response.statusCode, response.headers, Buffer.concat(pieces))));
            });
            request.end(bytes);
        });
    }

    close() {
        this.closed = true;
        this.agent.destroy();
    }
}

class Answer {
    constructor(status, headers, bytes) {
        this.status = status;
        this.headers = headers;
        this.bytes = bytes;
    }

    get text() {
        return this.bytes.toString('utf8');
    }

    get json() {
        return JSON.parse(this.text);
    }
}

/** Sends the pieces one by one, from an address of this machine, and gives all bytes that come until the server closes. */
export function exchange(port, pieces, { ms = 10000, from } = {}) {
    return new Promise((done, fail) => {
        const socket = net.connect({ port, host: '127.0.0.1', localAddress: from, noDelay: true });
        const received = [];
        socket.setTimeout(ms, () => {
            socket.destroy();
            fail(new Error(`still open after ${ms} ms; received ${Buffer.concat(received).toString('latin1')}`));
        });
        socket.on('data', (piece) => received.push(piece));
        socket.on('end', () => socket.end());
        // After its last answer the server may reset what we still send; what came before counts.
        socket.on('error', () => {});
        socket.on('close', () => done(Buffer.concat(received)));
        socket.on('connect', async () => {
            for (const piece of [pieces].flat()) {
                if (socket.destroyed)
                    break;
                await new Promise((written) => socket.write(piece, written));
            }
        });
    });
}

/** The answers in a stream of bytes, each with a Content-Length. */
export function answersIn(bytes) {
    const answers = [];
    for (let at = 0; at < bytes.length;) {
        const end = bytes.indexOf('\r\n\r\n', at);
        assert.ok(end >= 0, 'a head ends');
        const [first, ...lines] = bytes.toString('latin1', at, end).split('\r\n');
        const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
        const headers = Object.fromEntries(lines.map((line) => {
            const [, name, value] = /^([^:]+):[ \t]*(.*)$/.exec(line);
            return [name.toLowerCase(), value];
        }));
        const length = Number(headers['content-length'] ?? 0);
        assert.ok(status, first);
        answers.push(new Answer(status, headers, bytes.subarray(end + 4, end + 4 + length)));
        at = end + 4 + length;
    }
    return answers;
}

/** Fails unless the answer is a refusal for this reason, as every client may expect it. */
export function assertProblem(answer, status, reason, field) {
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const problem = answer.json;
    assert.equal(problem.reason, reason, answer.text);
    assert.equal(problem.status, status);
    assert.ok(Number.isInteger(problem.errcode) && problem.errcode >= 10000, answer.text);
    assert.match(problem.errmsg, /[\u4e00-\u9fff]/, 'errmsg is Chinese');
    assert.match(problem.traceId, /^[0-9a-f]{32}$/);
    assert.notEqual(problem.traceId, '0'.repeat(32));
    assert.ok(problem.title && problem.type);
    if (field !== undefined)
        assert.deepEqual(problem.errors?.map((error) => error.field), [field], answer.text);
    return problem;
}

/** The samples of a text in the Prometheus format 0.0.4, read strictly: [{ name, labels, value }]. */
export function parseMetrics(text) {
    const samples = [], types = {}, closed = new Set();
    let current;
    assert.ok(text.endsWith('\n'), 'the last line ends');
    for (const line of text.slice(0, -1).split('\n')) {
        const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
        const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
        assert.ok(comment || sample, line);
        const name = comment ? comment[2] : sample[1];
        const family = comment || types[name] ? name : name.replace(/_(bucket|sum|count)$/, '');
        if (family !== current) {
            assert.ok(!closed.has(family), `${family}: all samples stand together`);
            closed.add(family);
            current = family;
        }
        if (comment?.[1] === 'TYPE') {
            assert.ok(!types[name], `${name}: one TYPE`);
            assert.match(comment[3], /^(counter|gauge|histogram|summary|untyped)$/);
            types[name] = comment[3];
        }
        if (!sample)
            continue;
        assert.ok(types[family], `${name} has a TYPE`);
        const labels = {};
        for (let rest = sample[2] ?? ''; rest;) {
            const [all, label, value] = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/.exec(rest) ?? assert.fail(line);
            assert.ok(!(label in labels), line);
            labels[label] = value;
            rest = rest.slice(all.length);
        }
        const value = sample[3] === '+Inf' ? Infinity : Number(sample[3]);
        assert.ok(!Number.isNaN(value), line);
        samples.push({ name, labels, value });
    }
    for (const { name, labels, value } of samples.filter(({ name }) => types[name.replace(/_count$/, '')] === 'histogram')) {
        const family = name.replace(/_(count|sum|bucket)$/, '');
        if (!name.endsWith('_count'))
            continue;
        const buckets = samples.filter((sample) => sample.name === `${family}_bucket`
            && Object.entries(labels).every(([label, text]) => sample.labels[label] === text));
        const bounds = buckets.map((bucket) => (bucket.labels.le === '+Inf' ? Infinity : Number(bucket.labels.le)));
        assert.deepEqual(bounds, [...bounds].sort((a, b) => a - b), `${family}: bounds grow`);
        assert.ok(buckets.every((bucket, i) => i === 0 || bucket.value >= buckets[i - 1].value), `${family}: cumulative`);
        assert.equal(bounds.at(-1), Infinity);
        assert.equal(buckets.at(-1).value, value, `${family}: the last bucket counts all`);
    }
    return samples;
}
