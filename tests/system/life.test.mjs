// The life of daemons: one of them down, stopping gracefully, a standby that takes over, settings.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem, exchange } from './http.mjs';
import { claimer, openRelease } from './releases.mjs';
import { DAEMONS, run, Stack, until } from './stack.mjs';

describe('a service that is down', () => {
    let stack, releaseId, claim, token;

    before(async () => {
        stack = await Stack.start();
        releaseId = await openRelease(stack);
        claim = claimer(stack, releaseId);
        ({ token } = await stack.login('16900000001'));
    });
    after(() => stack.close());

    function assertDown(answer) {
        assertProblem(answer, 503, 'SERVICE_DOWN');
        assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
    }

    test('is told at once, with Retry-After, while the others answer; it comes back by itself', async () => {
        assert.equal((await claim(100)).status, 201);
        await stack.stop('coupon');
        assertDown(await claim(101));
        assert.equal((await stack.get('/v1/me', { token })).status, 200, 'identity answers');
        assert.equal((await stack.get('/livez')).status, 200);
        const listed = await until('it is listed as down', async () => {
            const answer = await stack.get('/readyz');
            return /^coupon down$/m.test(answer.text) && answer;
        });
        assert.equal(listed.status, 200, 'one service does not withdraw the others');
        assert.match(listed.text, /^ready\n/);
        assert.equal((await stack.command('gateway', '--probe')).code, 0);
        assert.equal((await stack.command('coupon', '--probe')).code, 2);
        stack.spawn('coupon');
        await stack.serves('coupon');
        const again = await claim(100);
        assert.equal(again.status, 201, 'the key of the first claim gives its answer');
        assert.equal((await claim(101)).status, 201);
        await stack.ready(); // it is listed as up when it is next asked
    });

    test('identity down: members with a token go on', async () => {
        await stack.stop('identity');
        assertDown(await stack.get('/v1/me', { token }));
        assertDown(await stack.post('/v1/login-codes', { mobile: '16900000002' }));
        assert.equal((await claim(102)).status, 201);
        const listed = await until('the gateway is not ready', async () => {
            const answer = await stack.get('/readyz');
            return answer.status === 503 && answer;
        });
        assert.match(listed.text, /^not ready\n/);
        assert.match(listed.text, /^identity down$/m);
        assert.match(listed.text, /^coupon up$/m);
        assert.equal((await stack.command('gateway', '--probe')).code, 1);
        stack.spawn('identity');
        await stack.serves('identity');
        assert.equal((await stack.get('/v1/me', { token })).status, 200);
    });

    test('the broker down: every call is answered 503 within a moment, and all come back without a restart', async () => {
        const pids = stack.pids();
        await stack.stop('broker');
        assertDown(await stack.get('/v1/me', { token }));
        assertDown(await claim(103));
        assert.equal((await stack.get('/livez')).status, 200);
        const command = stack.command('coupon', '--call', 'Daemon.Probe', '{}'); // waits until it can be answered
        stack.spawn('broker');
        assert.equal((await command).code, 0);
        await stack.serves('coupon');
        await stack.serves('identity');
        await stack.ready();
        assert.equal((await claim(103)).status, 201);
        assert.equal((await stack.get('/v1/me', { token })).status, 200);
        for (const name of ['identity', 'coupon', 'gateway'])
            assert.equal(stack.pids()[name], pids[name], `${name} was not restarted`);
    });
});

describe('a graceful stop', () => {
    let stack, releaseId, claim;

    before(async () => {
        stack = await Stack.start();
        releaseId = await openRelease(stack);
        claim = claimer(stack, releaseId);
    });
    after(() => stack.close());

    /** Claims that are with the coupon daemon, which does not run: they are in flight for sure. */
    async function claimsInFlight(first, count) {
        stack.signal('coupon', 'SIGSTOP');
        const claims = Array.from({ length: count }, (_, i) => claim(first + i));
        await until('they have arrived at the gateway', async () => {
            return Number(/^huigong_connections (\d+)$/m.exec(await stack.metrics())[1]) > count;
        });
        return claims;
    }

    test('the gateway answers the requests in flight, takes no more, and ends', async () => {
        const claims = await claimsInFlight(200, 20);
        stack.signal('gateway', 'SIGTERM');
        await stack.logged('gateway', 'stopping');
        await until('nobody listens', () => exchange(stack.port, 'GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n')
            .then((bytes) => bytes.length === 0));
        // Longer than a tick of its loop: a gateway that drops them has done so by then.
        await new Promise((done) => setTimeout(done, 400));
        stack.signal('coupon', 'SIGCONT');
        for (const answer of await Promise.all(claims)) {
            assert.equal(answer.status, 201, answer.text);
            assert.equal(answer.headers.connection, 'close');
        }
        await stack.ended('gateway');
        stack.spawn('gateway');
        await stack.ready();
    });

    test('a service answers what it has taken; of what it has not, nobody says more than is known', async () => {
        const claims = await claimsInFlight(300, 20);
        stack.signal('coupon', 'SIGTERM');
        stack.signal('coupon', 'SIGCONT');
        for (const answer of await Promise.all(claims)) {
            if (answer.status === 503)
                assertProblem(answer, 503, answer.json.reason === 'STOPPING' ? 'STOPPING' : 'SERVICE_DOWN');
            else if (answer.status !== 201)
                assertProblem(answer, 504, 'OUTCOME_UNKNOWN');
        }
        await stack.ended('coupon');
        stack.spawn('coupon');
        await stack.serves('coupon');
        for (let i = 0; i < 20; i++)
            assert.equal((await claim(300 + i)).status, 201);
        const rows = await stack.query('coupon', 'SELECT member_id, count(*) AS n FROM claim GROUP BY member_id HAVING n > 1');
        assert.deepEqual(rows, []);
    });

    test('every daemon ends well on SIGTERM and on SIGINT while clients are connected', async () => {
        for (const [name, signal] of [['coupon', 'SIGINT'], ['identity', 'SIGINT'], ['gateway', 'SIGINT'], ['broker', 'SIGINT']]) {
            stack.signal(name, signal);
            await stack.ended(name);
        }
    });
});

describe('a second instance', () => {
    let stack, releaseId, claim;

    before(async () => {
        stack = await Stack.start();
        releaseId = await openRelease(stack, { stock: 100 });
        claim = claimer(stack, releaseId);
    });
    after(() => stack.close());

    test('on the same store is refused, and says why', async () => {
        const { code, stderr } = await stack.command('coupon');
        assert.equal(code, 1);
        assert.match(stderr, /"event":"store_owned_by_another"/);
    });

    test('with --standby waits, and takes over when the first is killed', async () => {
        stack.spawn('coupon', { args: ['--standby'], label: 'standby' });
        await stack.logged('standby', 'standing_by');
        const first = [];
        for (let id = 400; id < 450; id++)
            first.push((await claim(id)).json);
        assert.deepEqual(stack.logs.standby.find('started'), [], 'it does not serve yet');
        await stack.kill('coupon');
        await stack.logged('standby', 'taking_over');
        await stack.logged('standby', 'started');
        await stack.ready();
        const second = await until('the standby serves', async () => {
            const answer = await claim(400);
            return answer.status !== 503 && answer;
        });
        assert.deepEqual(second.json, first[0]);
        for (let id = 401; id < 450; id++)
            assert.deepEqual((await claim(id)).json, first[id - 400], 'nothing acknowledged is lost');
        for (let id = 450; id < 500; id++)
            assert.equal((await claim(id)).status, 201);
        assertProblem(await claim(500), 409, 'SOLD_OUT');
    });
});

describe('a log that nobody reads', () => {
    test('stops no daemon: all start, serve and end', async () => {
        let pipe;
        const prepare = (stack) => {
            const path = stack.path('stalled');
            execFileSync('mkfifo', [path]);
            pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
            assert.throws(() => {
                for (;;)
                    writeSync(pipe, Buffer.alloc(4096, ' '));
            }, { code: 'EAGAIN' });
            for (const name of DAEMONS)
                stack.wrappers[name] = { start: ['sh', '-c', `exec "$@" 2>${path}`, 'sh'] };
        };
        await Stack.with({ prepare }, async (stack) => {
            const claim = claimer(stack, await openRelease(stack));
            for (let id = 600; id < 610; id++)
                assert.equal((await claim(id)).status, 201);
            for (let i = 0; i < 100; i++)
                assertProblem(await stack.get(`/v1/nothing/${i}`), 404, 'ROUTE_NOT_FOUND');
            assert.equal((await stack.get('/v1/me/offers')).status, 401);
        });
        closeSync(pipe);
    });
});

describe('the command line', () => {
    let stack;

    before(async () => {
        stack = await Stack.start();
    });
    after(() => stack.close());

    test('every daemon prints its version, its help with its settings, and checks them', async () => {
        for (const name of DAEMONS) {
            const version = await stack.command(name, '--version');
            assert.match(version.stdout, new RegExp(`^hg-${name} \\S+\n$`));
            const help = await stack.command(name, '--help');
            assert.equal(help.code, 0);
            for (const setting of ['HUIGONG_BUS', 'HUIGONG_LOG', '--audit', '--backup FILE', '--standby'])
                assert.ok(help.stdout.includes(setting), `${name} --help names ${setting}`);
            assert.equal((await stack.command(name, '--check')).code, 0);
            assert.equal((await stack.command(name, '--no-such-flag')).code, 1);
        }
    });

    test('a misspelt setting, a bad number and a missing key file are found before anything starts', async () => {
        const start = (name, settings) => run(stack.program(name), ['--check'], { env: { ...stack.environment(name), ...settings } });
        for (const [name, settings, said] of [
            ['coupon', { HUIGONG_STROE: '/tmp' }, /HUIGONG_STROE/],
            ['gateway', { HUIGONG_WORKERS: 'many' }, /HUIGONG_WORKERS/],
            ['gateway', { HUIGONG_WORKERS: '0' }, /HUIGONG_WORKERS/],
            ['gateway', { HUIGONG_TOKEN_KEY: '/nowhere' }, /HUIGONG_TOKEN_KEY/],
            ['identity', { HUIGONG_PII_KEY: '' }, /HUIGONG_PII_KEY/],
        ]) {
            const { code, stderr } = await start(name, settings);
            assert.equal(code, 1, `${name} ${JSON.stringify(settings)}`);
            assert.match(stderr, said);
        }
    });

    test('a key file that others may read is refused', async () => {
        const file = stack.path('keys', 'open');
        writeFileSync(file, `${'0'.repeat(64)}\n`);
        chmodSync(file, 0o644);
        const env = { ...stack.environment('gateway'), HUIGONG_TOKEN_KEY: file, HUIGONG_LISTEN: '127.0.0.1:0' };
        const { code, stderr } = await run(stack.program('gateway'), [], { env });
        assert.equal(code, 1);
        assert.match(stderr, /"event":"keyfile_refused"/);
    });

    test('--call says what was refused and names the operations there are', async () => {
        const unknown = await stack.command('coupon', '--call', 'Coupons.NoSuchThing', '{}');
        assert.equal(unknown.code, 1);
        assert.match(unknown.stderr, /Coupons\.CreateClaim/);
        const refused = await stack.command('coupon', '--call', 'Coupons.GetRelease', '{"releaseId":"1"}');
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /RELEASE_NOT_FOUND/);
        const malformed = await stack.command('coupon', '--call', 'Coupons.GetRelease', '{"nothing":1}');
        assert.equal(malformed.code, 1);
        assert.match(malformed.stderr, /UNKNOWN_FIELD/);
    });
});
