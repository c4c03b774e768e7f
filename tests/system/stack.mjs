// A whole Huigong of real processes in a folder of its own.
//
//   const stack = await Stack.start({ settings: { gateway: { HUIGONG_WORKERS: 2 } } });
//   const answer = await stack.post('/v1/login-codes', { mobile });
//   await stack.close();
//
// The programs come from the build folder named by HG_BUILD. A daemon's log is kept as parsed
// lines; whatever else it writes to stderr (a sanitizer's report) fails close(). Everything that
// waits has a bound, and no daemon outlives the test's process.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Http } from './http.mjs';
import { pointOf } from './people.mjs';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const build = resolve(process.env.HG_BUILD ?? join(top, 'build/debug'));
/** The built pages (deploy/web). */
export const web = join(top, 'build/web');
// Every folder of services/ with a header of its name is a daemon, and one with SQL has a store.
const services = readdirSync(join(top, 'services')).filter((name) => existsSync(join(top, 'services', name, `${name}.h`)));
export const DAEMONS = ['broker', ...services.filter((name) => name !== 'broker' && name !== 'gateway'), 'gateway'];
const STORES = services.filter((name) => readdirSync(join(top, 'services', name), { recursive: true })
    .some((path) => path.endsWith('.sql')));
/** What a daemon is one of: its label without the partition. */
const serviceOf = (label) => label.split('.')[0];
const PATIENCE_MS = 30000;
const LOST_MAX = 400; // far below what a message that is never freed would come to under load

const keys = {};
/** The keys that a daemon cannot do without, by its --help: token is the file of HUIGONG_TOKEN_KEY. */
function keysOf(name) {
    keys[name] ??= [...execFileSync(join(build, `hg-${name}`), ['--help'], { encoding: 'utf8' })
        .matchAll(/^ *HUIGONG_([A-Z]+)_KEY .*\(required\)$/gm)].map(([, key]) => key.toLowerCase());
    return keys[name];
}

/** Resolves to what the function gives as soon as that is true; fails with `what` after the bound. */
export async function until(what, fn, { ms = PATIENCE_MS, every = 20 } = {}) {
    for (const end = performance.now() + ms; ; ) {
        const value = await fn();
        if (value)
            return value;
        if (performance.now() > end)
            assert.fail(`${what}: not within ${ms} ms`);
        await new Promise((done) => setTimeout(done, every));
    }
}

/** A port of the loopback address that nobody uses now. */
export async function freePort() {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

/** Runs a program to its end: { code, stdout, stderr }. */
export function run(program, args, options = {}) {
    return new Promise((done) => {
        const child = execFile(program, args, { timeout: 60000, maxBuffer: 1 << 26, ...options },
            (error, stdout, stderr) => done({ code: error ? (error.code ?? -1) : 0, stdout, stderr }));
        child.stdin.end();
    });
}

/** One daemon's process, alive or dead. */
class Daemon {
    constructor(label, command, args, env, log) {
        this.label = label;
        this.ended = null; // { code, signal }
        // The kernel ends it with us, however we end.
        this.child = spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args],
            { env, stdio: ['ignore', 'ignore', 'pipe'] });
        this.pid = this.child.pid;
        this.exit = new Promise((done) => {
            this.child.on('close', (code, signal) => {
                this.ended = { code, signal };
                done(this.ended);
            });
        });
        createInterface({ input: this.child.stderr }).on('line', (text) => log.push(text, this.pid));
    }
}

/** What one daemon has logged, over all its lives. */
class Log {
    lines = [];
    noise = [];
    lost = 0; // pieces of memory of messages, see nng.supp

    push(text, pid) {
        const lost = /^ *(\d+) +\d+ (?:leak:)?libnng\.so$/.exec(text);
        if (text.startsWith('{'))
            this.lines.push({ ...JSON.parse(text), pid });
        else if (lost)
            this.lost += Number(lost[1]);
        else if (!/^-*$|^Suppressions used:$|^ *count +bytes template$/.test(text))
            this.noise.push(text);
    }

    /** Lines of an event, with these members. */
    find(event, members = {}) {
        return this.lines.filter((line) => line.event === event
            && Object.entries(members).every(([name, value]) => line[name] === String(value)));
    }
}

export class Stack {
    daemons = {}; // by label
    logs = {};
    expectedEnds = new Set(); // processes that a test ended by force
    settings;
    over = false;
    programs = build; // the folder of hg-NAME
    wrappers = {}; // by daemon: { start, inside }, command lines that its program or a look at its store stands behind
    atEnd = [];

    /**
     * options: daemons (all), settings ({ daemon: { HUIGONG_X: value } }), partitions ({ 'coupon.4406': { number: 1,
     * union: path } }, each a daemon of that label), prepare (what is done
     * to the stack's folder before they start), wechat ({ url, apps: [[appid, secret]], account:
     * [appid, secret], templates: [line] }; without it the bridge knows no app; pages lead back to the stack's own port), verifier and sms ({ url, id, key }; with sms codes
     * are sent by it), pay ({ url, mchid, serial, privatePem, apiV3Key, appids, publicKey: { id, pem } }).
     */
    static async start(options = {}) {
        const stack = new Stack(options);
        try {
            await options.prepare?.(stack);
            await stack.open(options.daemons);
        } catch (error) {
            stack.tell(error);
            stack.end();
            throw error;
        }
        return stack;
    }

    /** Starts the daemons; ready when all are among them. */
    async open(names = [...DAEMONS, ...Object.keys(this.partitions)]) {
        this.port = await freePort();
        this.metricsPort = await freePort();
        this.http = new Http({ port: this.port });
        this.http.device = 'the-device-of-whoever-tests';
        for (const name of names)
            this.spawn(name);
        if (names.includes('gateway'))
            await (names.length >= DAEMONS.length ? this.ready() : this.live());
    }

    /** Runs a test with a stack of its own, which is closed after it, or ended when it fails. */
    static async with(options, fn) {
        const stack = await Stack.start(options);
        try {
            await fn(stack);
        } catch (error) {
            stack.tell(error);
            stack.end();
            throw error;
        }
        await stack.close();
    }

    /** standIns: a program NAME for hg-NAME, such as { subsidy: 'payer' }. */
    constructor({ settings = {}, partitions = {}, standIns = {}, wechat, verifier, sms, pay } = {}) {
        this.standIns = standIns;
        this.partitions = partitions;
        this.settings = settings;
        this.wechat = wechat;
        this.verifier = verifier;
        this.sms = sms;
        this.pay = pay;
        this.folder = mkdtempSync(join(tmpdir(), 'hg-'));
        mkdirSync(this.path('bus'), { recursive: true, mode: 0o700 });
        mkdirSync(this.path('keys'), { recursive: true, mode: 0o700 });
        for (const name of [...STORES, ...Object.keys(partitions)])
            mkdirSync(this.path('store', name), { recursive: true, mode: 0o700 });
        const makeKey = (key) => execFileSync(join(top, 'deploy/keys'), [key, this.path('keys', key)]);
        makeKey('token');
        // One secret for both, so that one function mints the tokens that no login gives (people.mjs).
        copyFileSync(this.path('keys', 'token'), this.path('keys', 'session'));
        this.writeKey('session.point', `${pointOf(this.tokenKey()).point.toString('hex')}\n`);
        new Set(DAEMONS.flatMap(keysOf)).forEach(makeKey);
        if (wechat)
            this.writeKey('wechat', wechat.apps.map(([appid, secret]) => `${appid} ${secret}\n`).join(''));
        if (wechat?.account)
            this.writeKey('account', `${wechat.account.join(' ')}\n`);
        if (wechat?.templates)
            this.writeKey('templates', wechat.templates.map((line) => `${line}\n`).join(''));
        if (verifier)
            this.writeKey('verifier', `${verifier.id} ${verifier.key}\n`);
        if (sms)
            this.writeKey('sms', `${sms.id} ${sms.key}\n`);
        if (pay)
            this.writePay(pay);
        for (const name of DAEMONS)
            this.logs[name] = new Log();
        this.onExit = () => this.end();
        process.on('exit', this.onExit);
    }

    path(...parts) {
        return join(this.folder, ...parts);
    }

    writeKey(name, text) {
        try {
            writeFileSync(this.path('keys', name), text, { mode: 0o600, flag: 'wx' });
        } catch (error) {
            if (error.code !== 'EEXIST')
                throw error;
        }
    }

    /** The merchant's files. */
    writePay({ mchid, serial, privatePem, apiV3Key, appids, publicKey }) {
        const lines = [`mchid ${mchid}`, `serial ${serial}`, `apiv3 ${apiV3Key}`, ...appids.map((appid) => `appid ${appid}`), ...publicKey ? [`public ${publicKey.id}`] : []];
        this.writeKey('merchant', lines.map((line) => `${line}\n`).join(''));
        this.writeKey('merchant-private', privatePem);
        if (publicKey)
            this.writeKey('merchant-public', publicKey.pem);
    }

    /** Orders that hg-payer reads, each a line (tests/payer/main.c). */
    order(...lines) {
        appendFileSync(this.path('orders'), lines.map((line) => `${line}\n`).join(''));
    }

    /** The key that signs sessions, for tokens that no login gives. */
    tokenKey() {
        return Buffer.from(readFileSync(this.path('keys', 'token'), 'utf8').trim(), 'hex');
    }

    /** The last row of which a daemon has signed a head. */
    witnessed(name) {
        return Number(readFileSync(this.path('heads', name, 'heads'), 'utf8').trim().split('\n').at(-1).split(' ')[2]);
    }

    store(name) {
        return this.path('store', name, 'data.sqlite');
    }

    environment(label) {
        const name = serviceOf(label);
        const own = {
            identity: { HUIGONG_SMS: this.sms ? 'bridge' : 'log', HUIGONG_CODES_ADDRESS: 0 },
            bridge: {
                ...this.wechat && { HUIGONG_WECHAT_URL: this.wechat.url, HUIGONG_WECHAT_APPS: this.path('keys', 'wechat') },
                ...this.wechat?.templates && { HUIGONG_WECHAT_TEMPLATES: this.path('keys', 'templates') },
                ...this.wechat?.account && {
                    HUIGONG_WECHAT_ACCOUNT: this.path('keys', 'account'), HUIGONG_WECHAT_OPEN_URL: this.wechat.url,
                    HUIGONG_WECHAT_PAGES: `gh.example,127.0.0.1:${this.port}`,
                },
                ...this.sms && { HUIGONG_SMS_URL: this.sms.url, HUIGONG_SMS_SECRET: this.path('keys', 'sms') },
                ...this.pay && {
                    HUIGONG_PAY_URL: this.pay.url, HUIGONG_PAY_URL_SECOND: this.pay.secondUrl ?? '', HUIGONG_PAY_RATE: 1000,
                    HUIGONG_PAY_MERCHANT: this.path('keys', 'merchant'), HUIGONG_PAY_PRIVATE: this.path('keys', 'merchant-private'),
                    ...this.pay.publicKey && { HUIGONG_PAY_PUBLIC: this.path('keys', 'merchant-public') },
                    HUIGONG_PAY_NOTIFY: `http://127.0.0.1:${this.port}/v1/callbacks/wechat-pay`,
                },
                ...this.verifier && { HUIGONG_VERIFIER_URL: this.verifier.url, HUIGONG_VERIFIER_SECRET: this.path('keys', 'verifier') },
            },
            ...this.standIns.subsidy === 'payer' && { subsidy: { HUIGONG_ORDERS: this.path('orders') } },
            gateway: {
                HUIGONG_LISTEN: `127.0.0.1:${this.port}`, HUIGONG_LISTEN_METRICS: `127.0.0.1:${this.metricsPort}`,
                HUIGONG_RATE_MEMBER: 0, HUIGONG_RATE_ADDRESS: 0,
            },
        };
        const keys = keysOf(this.standIns[name] ?? name).map((key) => [`HUIGONG_${key.toUpperCase()}_KEY`, this.path('keys', key)]);
        return {
            PATH: process.env.PATH, LANG: 'C.UTF-8', HUIGONG_BUS: this.path('bus'),
            // A use of the allocator past its means is a NULL there, as in a release.
            ASAN_OPTIONS: 'allocator_may_return_null=1:detect_stack_use_after_return=0',
            UBSAN_OPTIONS: 'print_stacktrace=1',
            LSAN_OPTIONS: `suppressions=${join(top, 'tests/system/nng.supp')}`,
            ...name !== 'gateway' && { HUIGONG_SESSION_POINT: this.path('keys', 'session.point') },
            ...STORES.includes(name) && { HUIGONG_STORE: this.path('store', label), ...this.headSettings(label) },
            ...this.partitionSettings(label),
            ...Object.fromEntries(keys), ...own[name], ...this.settings[label],
        };
    }

    /** The key and the folders of a daemon's heads and archive, made when they are first asked for. */
    headSettings(label) {
        execFileSync(join(top, 'deploy/keys'), ['head', this.path('keys', `head-${label}`)]);
        for (const dir of ['heads', 'archive'])
            mkdirSync(this.path(dir, label), { recursive: true, mode: 0o700 });
        return { HUIGONG_HEADS: this.path('heads', label), HUIGONG_HEAD_KEY: this.path('keys', `head-${label}`),
            HUIGONG_ARCHIVE: this.path('archive', label) };
    }

    partitionSettings(label) {
        const all = Object.entries(this.partitions).map(([queue, { number, union }]) => `${queue}=${number}:${union}`);
        return {
            ...all.length && { HUIGONG_PARTITIONS: all.join(' ') },
            ...this.partitions[label] && { HUIGONG_PARTITION: `${label.split('.')[1]}=${this.partitions[label].number}` },
        };
    }

    program(label) {
        const name = serviceOf(label);
        return join(this.programs, `hg-${this.standIns[name] ?? name}`);
    }

    // ---- the life of a daemon ----

    /** Starts a daemon; its label is its name unless it is a second instance. */
    spawn(name, { args = [], label = name } = {}) {
        assert.ok(!this.daemons[label] || this.daemons[label].ended, `${label} runs already`);
        this.logs[label] ??= new Log();
        const [command, ...rest] = [...this.wrappers[name]?.start ?? [], this.program(name), ...args];
        const daemon = new Daemon(label, command, rest, this.environment(name), this.logs[label]);
        this.daemons[label] = daemon;
        return daemon;
    }

    pid(label) {
        return this.daemons[label].pid;
    }

    pids() {
        return Object.fromEntries(Object.entries(this.daemons).map(([label, { pid, ended }]) => [label, ended ?? pid]));
    }

    signal(label, signal) {
        process.kill(this.pid(label), signal);
    }

    /** kill -9, and waits until it is gone. */
    async kill(label) {
        this.expectedEnds.add(this.daemons[label]);
        this.signal(label, 'SIGKILL');
        return this.daemons[label].exit;
    }

    /** SIGTERM; the daemon must end by itself and well. */
    async stop(label) {
        this.signal(label, 'SIGTERM');
        return this.ended(label);
    }

    /** Waits for a graceful end. */
    async ended(label) {
        const daemon = this.daemons[label];
        const end = await until(`${label} ends`, () => daemon.ended);
        assert.deepEqual(end, { code: 0, signal: null }, `${label} ends well`);
    }

    async restart(label) {
        await this.kill(label);
        this.spawn(label);
    }

    /** Resolves to a log line of this event, past or future. */
    logged(label, event, members = {}) {
        return until(`${label} logs ${event}`, () => this.logs[label].find(event, members).at(-1));
    }

    live() {
        return this.answers('/livez');
    }

    /** Waits until the gateway is ready and every queue is served. */
    ready() {
        return this.answers('/readyz', (answer) => !/ down$/m.test(answer.text));
    }

    /** Waits until a GET is answered with 200, and as it should. */
    async answers(path, good = () => true) {
        await until(`200 from ${path}`, async () => {
            for (const daemon of Object.values(this.daemons))
                assert.ok(!daemon.ended || this.expectedEnds.has(daemon), `${daemon.label} has ended`);
            const answer = await this.get(path).catch(() => null);
            return answer?.status === 200 && good(answer);
        });
    }

    /** Waits until a daemon that has just been started serves; /readyz may still speak of its last life. */
    async serves(name) {
        await until(`${name} serves`, async () => (await this.command(name, '--probe')).code === 0);
    }

    // ---- the command line ----

    /** hg-NAME with this stack's settings. */
    command(name, ...args) {
        return this.inside(name, [this.program(name), ...args], { env: this.environment(name) });
    }

    /** Runs a program where a daemon sees its store. */
    inside(name, args, options) {
        const [program, ...rest] = [...this.wrappers[name]?.inside?.() ?? [], ...args];
        return run(program, rest, options);
    }

    /** --call as the internal principal; gives the answer's JSON and fails on a refusal. */
    async call(name, method, input) {
        const { code, stdout, stderr } = await this.command(name, '--call', method, JSON.stringify(input));
        assert.equal(code, 0, `${method}: ${stdout}${stderr}`);
        return JSON.parse(stdout);
    }

    audit(name) {
        return this.command(name, '--audit');
    }

    async assertCleanAudits() {
        for (const name of Object.keys(this.daemons).filter((one) => STORES.includes(serviceOf(one)))) {
            const { code, stdout, stderr } = await this.audit(name);
            assert.equal(code, 0, `${name} --audit: ${stdout}${stderr}`);
            assert.match(stdout, /^clean: \d+ journal rows$/m);
        }
    }

    /** Puts all rows but the newest of a daemon's journal into its archive, and waits until they have left the store. */
    async archive(name, keepRows = 1) {
        const { archivingTo } = await this.call(name, 'Daemon.ArchiveJournal', { keepRows: String(keepRows) });
        await until(`${name} has archived to row ${archivingTo}`, async () => {
            const [last] = await this.query(name, 'SELECT last, cleared FROM segment ORDER BY number DESC LIMIT 1');
            return last?.last === Number(archivingTo) && last.cleared === last.last;
        });
        return Number(archivingTo);
    }

    backup(name, file) {
        return this.command(name, '--backup', file);
    }

    /** Writes CSV text to a file and imports it. */
    import(kind, csv) {
        const file = this.path(`${kind}.csv`);
        writeFileSync(file, csv);
        return this.command('identity', '--import', kind, file);
    }

    /** Rows of a store as objects, read beside the daemon; one that has just been killed keeps others waiting until the
     * next has recovered its log. */
    async query(name, sql) {
        const { code, stdout, stderr } = await this.inside(name,
            ['sqlite3', '-cmd', '.timeout 10000', '-readonly', '-json', this.store(name), sql]);
        assert.equal(code, 0, stderr);
        return stdout.trim() ? JSON.parse(stdout) : [];
    }

    // ---- HTTP ----

    get(path, options) {
        return this.http.request('GET', path, options);
    }

    /** What the gateway counts, as text, from the listener that the public does not have. */
    async metrics() {
        const response = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`);
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
        return response.text();
    }

    post(path, body, options) {
        return this.http.request('POST', path, { body, ...options });
    }

    /** Log lines of codes sent to a number, which the log may show in part. */
    codesTo(mobile) {
        const masked = `${mobile.slice(0, 3)}****${mobile.slice(7)}`;
        return this.logs.identity.find('demo_sms').filter((line) => [mobile, masked].includes(line.mobile));
    }

    /** The code that the demonstration's sender logged, asked for now by a device for a purpose. */
    async code(mobile, purpose, options) {
        const before = this.codesTo(mobile).length;
        const sent = await this.post('/v1/login-codes', { mobile, purpose }, options);
        assert.equal(sent.status, 200, sent.text);
        return (await until('the code is sent', () => this.codesTo(mobile)[before])).code;
    }

    /** Signs in by a code: a Session. options.device is the nonce of the device, "" for none. */
    async login(mobile, options) {
        const code = await this.code(mobile, 'CODE_LOGIN', options);
        const session = await this.post('/v1/sessions', { mobile, code }, options);
        assert.ok(session.status === 200 || session.status === 201, session.text);
        return session.json;
    }

    // ---- the end ----

    /** Ends what still runs, gracefully, and fails if any daemon has shown a fault in its life. */
    async close() {
        try {
            for (const label of Object.keys(this.daemons).sort((a, b) => DAEMONS.indexOf(b) - DAEMONS.indexOf(a))) {
                const daemon = this.daemons[label];
                if (!daemon.ended)
                    await this.stop(label);
                else if (!this.expectedEnds.has(daemon))
                    assert.deepEqual(daemon.ended, { code: 0, signal: null }, `${label} ended`);
            }
            this.assertNoFaults();
        } catch (error) {
            this.tell(error);
            throw error;
        } finally {
            this.end();
        }
    }

    assertNoFaults() {
        for (const [label, log] of Object.entries(this.logs)) {
            assert.deepEqual(log.noise, [], `${label} writes nothing but log lines`);
            assert.ok(log.lost <= LOST_MAX, `${label} loses ${log.lost} pieces of messages`);
            assert.deepEqual(log.find('impossible_state'), [], label);
        }
    }

    /** What the daemons said last, for whoever reads a failure. */
    tell(error) {
        const lines = [String(error.message).split('\n')[0]];
        for (const [label, log] of Object.entries(this.logs)) {
            lines.push(...log.noise.slice(0, 60).map((text) => `  ${label}! ${text}`));
            lines.push(...log.lines.slice(-8).map((line) => `  ${label}  ${JSON.stringify(line)}`));
        }
        console.error(lines.join('\n'));
    }

    end() {
        this.over = true;
        process.removeListener('exit', this.onExit);
        for (const daemon of Object.values(this.daemons)) {
            if (!daemon.ended)
                process.kill(daemon.pid, 'SIGKILL');
        }
        this.http?.close();
        this.atEnd.forEach((undo) => undo());
        rmSync(this.folder, { recursive: true, force: true });
    }
}
