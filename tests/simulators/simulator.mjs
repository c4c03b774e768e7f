// What every simulator of somebody outside is: a server on the loopback address, with a ledger of
// what came, faults and holds that a test sets, and the same control over HTTP for who runs it as a
// program: POST /sim/NAME with a JSON body, for the names in controls(); GET /sim/ledger.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

export class Simulator {
    faults = [];
    holds = new Map(); // path: those that wait
    ledger = [];       // { path, at, ... } in the order they came
    bodyMax = 1 << 20;

    /** options: port (any free one), tls ({ key, cert }). */
    static async start({ port = 0, tls } = {}) {
        const simulator = new this();
        const handle = (request, response) => simulator.receive(request, response);
        simulator.server = tls ? https.createServer(tls, handle) : http.createServer(handle);
        simulator.server.listen(port, '127.0.0.1');
        await once(simulator.server, 'listening');
        simulator.url = `http${tls ? 's' : ''}://127.0.0.1:${simulator.server.address().port}`;
        return simulator;
    }

    async close() {
        this.server.close();
        this.server.closeAllConnections();
        await once(this.server, 'close');
    }

    // ---- the control plane ----

    /**
     * From now on the next `times` requests of a path (all: '*') are answered so: errcode; or status with a
     * body; or with the answer itself changed (`answer`); or drop (the connection ends; with `after` once the
     * request has had its effect).
     */
    fault({ path = '*', times = 1, errcode, status, body = '', answer, drop = false, after = false }) {
        this.faults.push({ path, times, errcode, status, body, answer, drop, after });
    }

    takeFault(path) {
        const i = this.faults.findIndex((fault) => fault.path === '*' || fault.path === path);
        const fault = this.faults[i];
        if (fault && --fault.times === 0)
            this.faults.splice(i, 1);
        return fault;
    }

    /** Requests of a path wait, having come, until they are released. */
    hold(path = '*') {
        this.holds.set(path, []);
    }

    release(path = '*') {
        const waiting = this.holds.get(path) ?? [];
        this.holds.delete(path);
        waiting.forEach((go) => go());
    }

    waiting(path = '*') {
        return this.holds.get(path)?.length ?? 0;
    }

    /** What came to a path. */
    asked(path) {
        return this.ledger.filter((line) => line.path === path);
    }

    controls() {
        return {
            faults: (given) => this.fault(given),
            hold: ({ path }) => this.hold(path),
            release: ({ path }) => this.release(path),
            clock: ({ stepMs }) => this.step(stepMs),
            limits: (given) => Object.assign(this.limits, given),
            ledger: () => this.ledger,
        };
    }

    async control(method, name, body, response) {
        const controls = this.controls();
        let status = 200, answer;
        try {
            if (!controls[name] || (method !== 'POST' && name !== 'ledger'))
                status = 404;
            else
                answer = await controls[name](body.length ? JSON.parse(body.toString('utf8')) : {});
        } catch (error) {
            status = 400;
            answer = { error: error.message };
        }
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(answer ?? {}));
    }

    // ---- HTTP ----

    async receive(request, response) {
        const url = new URL(request.url, this.url);
        const pieces = [];
        let size = 0;
        for await (const piece of request) {
            size += piece.length;
            if (size > this.bodyMax)
                return void response.destroy();
            pieces.push(piece);
        }
        const body = Buffer.concat(pieces);
        if (url.pathname.startsWith('/sim/'))
            await this.control(request.method, url.pathname.slice(5), body, response);
        else
            await this.serve(request, url, body, response);
    }

    /** Puts a request into the ledger, and gives its line once nothing holds it any more. */
    async enter(path, at) {
        const line = { path, at };
        const held = this.holds.get(path) ?? this.holds.get('*');
        this.ledger.push(line);
        if (held)
            await new Promise((go) => held.push(go));
        return line;
    }
}

/** Runs a simulator as a program: main.mjs [PORT] [KEY.pem CERT.pem] prints its address. */
export async function main(kind) {
    const [port = '0', key, cert] = process.argv.slice(2);
    const { url } = await kind.start({ port: Number(port), tls: key && { key: readFileSync(key), cert: readFileSync(cert) } });
    console.log(url);
}
