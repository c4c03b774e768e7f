// Crowds that would have the gateway for themselves: bodies that never end, readers that never read,
// connections without number. Whoever else comes meanwhile is served.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import { book, passOf, scan, scanner, soon, won } from './bookings.mjs';
import { answersIn, assertProblem, exchange } from './http.mjs';
import { mint, person, rosterCsv, unionsCsv } from './people.mjs';
import * as reports from './reports.mjs';
import { Stack, until } from './stack.mjs';

const BODY = 1 << 20;
const CROWD = 256;
const get = (path, token) => `GET ${path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;

/** Connections that say something and read nothing, from an address of this machine. */
class Crowd {
    sockets = [];

    constructor(stack, from) {
        Object.assign(this, { stack, from });
    }

    /** Resolves when all that was said has been taken by the kernel or the other end has closed. */
    async say(count, pieces, { reads = true } = {}) {
        await Promise.all(Array.from({ length: count }, () => new Promise((done) => {
            const socket = net.connect({ port: this.stack.port, host: '127.0.0.1', localAddress: this.from });
            socket.received = [];
            if (reads)
                socket.on('data', (piece) => socket.received.push(piece));
            socket.on('error', () => done());
            socket.on('close', () => done());
            socket.on('connect', async () => {
                for (const piece of pieces) {
                    if (!socket.destroyed && !socket.write(piece))
                        await new Promise((drained) => socket.once('drain', drained).once('close', drained));
                }
                done();
            });
            this.sockets.push(socket);
        })));
    }

    /** The first answers to those who have got any. */
    answers() {
        return this.sockets.map(({ received }) => Buffer.concat(received)).filter((bytes) => bytes.length)
            .map((bytes) => answersIn(bytes)[0]);
    }

    end() {
        this.sockets.forEach((socket) => socket.destroy());
    }
}

describe('while a crowd sends bodies that never end', () => {
    let stack, token;
    const head = (path, more = '') => `POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n${more}Content-Length: ${BODY}\r\n\r\n`;
    const most = Buffer.alloc(600 << 10, ' ');

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        token = mint(stack.tokenKey(), { memberId: 11 });
    });
    after(() => stack.close());

    /** What others ask for, from another address and from the same, is answered. */
    async function othersAreServed(from) {
        for (const address of ['127.0.0.3', from]) {
            const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(stack.port, get('/v1/me/offers', token), { from: address })));
            for (const bytes of answers)
                assert.equal(answersIn(bytes)[0].status, 200, bytes.toString());
        }
        const whole = JSON.stringify({ mobile: '1' }).padEnd(300 << 10);
        const post = `POST /v1/login-codes HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ${whole.length}\r\n\r\n`;
        const [long] = answersIn(await exchange(stack.port, [post, whole], { from: '127.0.0.3' }));
        assert.equal(long.status, 400, long.text);
    }

    test('of an operation for all, the crowd has its share of the memory and no more', async () => {
        const crowd = new Crowd(stack, '127.0.0.2');
        await crowd.say(CROWD, [head('/v1/login-codes'), most]);
        await othersAreServed('127.0.0.2');
        const refused = crowd.answers();
        assert.ok(refused.length > CROWD / 2 && refused.length < CROWD, `${refused.length} are refused`);
        for (const answer of refused) {
            assert.equal(assertProblem(answer, 503, 'OVERLOADED').retryAfter, answer.headers['retry-after']);
            assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
        }
        crowd.end();
        await until('all memory is back', async () => /^huigong_http_bodies_bytes 0$/m.test(await stack.metrics()));
    });

    test('who may not ask, or asks for nothing there is, is told at once and holds no memory', async () => {
        const login = '/v1/login-codes';
        for (const [request, status, reason] of [
            [head('/v1/releases'), 401, 'MISSING_TOKEN'],
            [head('/v1/releases', 'Authorization: Bearer forged\r\n'), 401, 'BAD_TOKEN'],
            [head('/v1/nothing'), 404, 'ROUTE_NOT_FOUND'],
            [head('/v1/me/offers'), 405, 'METHOD_NOT_ALLOWED'],
            [head(login).replace('application/json', 'text/plain'), 415, 'UNSUPPORTED_MEDIA_TYPE'],
            [head(login).replace(/Length: \d+/, `Length: ${BODY + 1}`), 413, 'BODY_TOO_LARGE'],
            [head(login).replace(/Length: \d+/, `Length: ${1e17}`), 413, 'BODY_TOO_LARGE'],
        ]) {
            const crowd = new Crowd(stack, '127.0.0.2');
            await crowd.say(8, [request]);
            const answers = await until(`${reason} is said`, () => crowd.answers().length === 8 && crowd.answers());
            for (const answer of answers) {
                assertProblem(answer, status, reason);
                assert.equal(answer.headers.connection, 'close', 'nobody waits for such a body');
            }
            crowd.end();
        }
        assert.match(await stack.metrics(), /^huigong_http_bodies_bytes 0$/m);
    });

    test('a short body behind a refusal is read, and the connection goes on', async () => {
        const body = JSON.stringify({ release: {} });
        const request = (more) => `POST /v1/releases HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n${more}`;
        const whole = `${request(`Content-Length: ${body.length}\r\n`)}\r\n${body}${request('Transfer-Encoding: chunked\r\n')}\r\n5\r\n{"a":\r\n2\r\n1}\r\n0\r\n\r\n`;
        for (const pieces of [[whole, get('/v1/me/offers', token)], [...whole].concat(get('/v1/me/offers', token))]) {
            const answers = answersIn(await exchange(stack.port, pieces));
            assert.deepEqual(answers.map(({ status }) => status), [401, 401, 200]);
        }
    });
});

describe('while a crowd reads nothing of large answers', () => {
    let stack, me, link, pdf, token;

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        assert.equal((await stack.import('roster', rosterCsv([person(1)]))).code, 0);
        me = await reports.signedIn(stack, 1);
        const campaign = await won(stack, [me.id]), siteId = campaign.sites[0].siteId;
        const bookingId = (await book(stack, campaign, await soon(stack, campaign), me.id)).json.bookingId;
        const scanned = await scan(stack, await scanner(stack, siteId, 7000), 'scan-of-her', (await passOf(stack, bookingId, me.id)).text);
        assert.equal(scanned.json.outcome, 'ACCEPTED', scanned.text);
        await reports.employClerk(stack, siteId);
        pdf = reports.pdfOf(9 << 20, 'x');
        const { reportId } = (await reports.beginReport(stack, bookingId, pdf)).json;
        for (let part = 0; part * reports.PART < pdf.length; part++)
            assert.equal((await reports.putPart(stack, reportId, pdf, part)).status, 200);
        await until('it is checked', async () => (await reports.finishReport(stack, reportId, pdf)).status === 200);
        await reports.consentToReports(stack, '440600', [me.token]);
        link = await until('she may read it', async () => {
            const answer = await reports.openReport(stack, reportId, me.token);
            return answer.status === 200 && answer.json.link;
        });
        token = mint(stack.tokenKey(), { memberId: 11 });
    });
    after(() => stack.close());

    const held = async () => Number(/^huigong_http_answers_bytes (\d+)$/m.exec(await stack.metrics())[1]);

    test('others are served, also with such an answer, of which a window is in memory', async () => {
        const crowd = new Crowd(stack, '127.0.0.2');
        await crowd.say(32, [get(link, me.token)], { reads: false });
        await until('the answers have begun', async () => await held() > 20 * reports.PART);
        for (const from of ['127.0.0.3', '127.0.0.2']) {
            const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(stack.port, get('/v1/me/offers', token), { from })));
            for (const bytes of answers)
                assert.equal(answersIn(bytes)[0].status, 200, bytes.toString());
        }
        assert.deepEqual((await stack.get(link, { token: me.token })).bytes, pdf);
        assert.ok(await held() < 32 * 2 * reports.PART, 'a window for each');
        crowd.end();
        await until('all memory is back', async () => await held() === 0);
    });

    test('a client of HTTP/1.0, and one that wants the head alone, get theirs', async () => {
        const old = await exchange(stack.port, get(link, me.token).replace('HTTP/1.1', 'HTTP/1.0'));
        assert.ok(old.subarray(old.indexOf('\r\n\r\n') + 4).equals(pdf));
        const head = await stack.http.request('HEAD', link, { token: me.token });
        assert.deepEqual([head.status, head.headers['content-type'], head.text], [200, 'application/pdf', '']);
    });

    test('one that breaks off is seen to, and the service goes on', async () => {
        const crowd = new Crowd(stack, '127.0.0.2');
        await crowd.say(4, [get(link, me.token)], { reads: false });
        await until('the answers have begun', async () => await held() > 0);
        await stack.restart('health');
        crowd.sockets.forEach((socket) => socket.resume());
        await until('they end', () => crowd.sockets.every((socket) => socket.destroyed || socket.readableEnded));
        await stack.serves('health');
        await until('all memory is back', async () => await held() === 0);
        assert.deepEqual((await stack.get(link, { token: me.token })).bytes, pdf);
    });
});
