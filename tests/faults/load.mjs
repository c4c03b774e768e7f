// Clients who retry until they know, under kills; and 64 of them who all want a coupon, with what must
// hold afterwards whatever happened meanwhile.
import assert from 'node:assert/strict';
import { claimer } from '../system/releases.mjs';
import { until } from '../system/stack.mjs';

export const CLIENTS = 64;
const PATIENCE_MS = 60000;
// What has not been done, and what may have been.
const NOT_DONE = new Set(['SERVICE_DOWN', 'DEADLINE_EXCEEDED', 'OVERLOADED', 'STOPPING']);
const UNKNOWN = 'OUTCOME_UNKNOWN';

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Repeats a request until its outcome is known: neither a lost connection nor a 503 or 504 that says
 * to come again. `seen`, when given, is told of each such answer.
 */
export async function untilKnown(request, random, seen) {
    for (const end = performance.now() + PATIENCE_MS; ;) {
        const answer = await request().catch((error) => ({ error }));
        if (!answer.error && !(answer.status >= 503 && (NOT_DONE.has(answer.json.reason) || answer.json.reason === UNKNOWN)))
            return answer;
        if (answer.error?.code === 'CLOSED')
            throw answer.error;
        assert.ok(performance.now() < end, `unknown for ${PATIENCE_MS} ms: ${answer.error ?? answer.text}`);
        if (!answer.error)
            assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/, 'it says when to come again');
        seen?.(answer);
        await pause(2 + random() * 20);
    }
}

/**
 * Does `work(item)` for each item by so many clients, while a daemon is killed so many times, each when a random share
 * is done. Some items are kept back for each kill still to come: however much is done while a daemon dies and starts,
 * there is work left for the next kill, and it never waits for more to be done than there is.
 */
export async function underKills(stack, name, { kills, random, items, clients = 8 }, work) {
    const moments = Array.from({ length: kills }, () => Math.floor(random() * items.length * 0.95)).sort((a, b) => a - b);
    const kept = Math.min(clients, Math.floor(items.length / (2 * kills)));
    const waiting = [];
    let room = items.length - kills * kept, next = 0, done = 0;
    const client = async () => {
        while (next < items.length) {
            if (next === room) {
                await new Promise((go) => waiting.push(go));
            } else {
                await work(items[next++]);
                done++;
            }
        }
    };
    const kill = async () => {
        let least = 0;
        for (const moment of moments) {
            const enough = Math.max(Math.min(moment, room - kept + 1), least);
            await until(`${enough} are done`, () => {
                assert.ok(!stack.over, 'the stack is there');
                return done >= enough;
            }, { ms: PATIENCE_MS, every: 1 });
            await pause(random() * 4);
            await stack.restart(name);
            least = done + 1; // the next kill finds a system that works again
            room += kept;
            waiting.splice(0).forEach((go) => go());
        }
    };
    assert.ok(kept > 0, 'there is something for each kill');
    await Promise.all([kill(), ...Array.from({ length: clients }, client)]);
    await stack.serves(name);
}

/** Does all of `works` at once, and kills a daemon some milliseconds into it. */
export async function struck(stack, name, random, works) {
    const all = Promise.all(works.map((work) => work()));
    await pause(random() * 30);
    await stack.restart(name);
    const answers = await all;
    await stack.serves(name);
    return answers;
}

/**
 * Members, each of whom claims once and retries until she knows: with another key for as long as she has only
 * been told that nothing was done, so that a claim that was done nevertheless would be no new one then.
 */
export class Load {
    keys = new Map(); // member id: the key of her last claim
    granted = new Map(); // member id: coupon, as answered with 2xx
    refused = new Map(); // member id: reason
    answered = 0;
    retries = 0;

    constructor(stack, releaseId, { first = 100000, members, random }) {
        Object.assign(this, { stack, releaseId, random, next: first, end: first + members });
        this.claim = claimer(stack, releaseId);
    }

    /** Runs until every member knows; `stop()` ends it earlier. */
    run() {
        return Promise.all(Array.from({ length: CLIENTS }, () => this.client()));
    }

    stop() {
        this.end = this.next;
    }

    async client() {
        while (this.next < this.end)
            await this.take(this.next++);
    }

    /** One member claims, until she knows. */
    async take(member) {
        let unknown = false;
        this.keys.set(member, `claim-${member}`);
        const answer = await untilKnown(() => this.claim(member, { key: this.keys.get(member) }), this.random,
            (said) => {
                this.retries++;
                unknown ||= said.error || said.json.reason === UNKNOWN;
                if (!unknown)
                    this.keys.set(member, `claim-${member}-${this.retries}`);
            });
        if (answer.status === 201)
            this.granted.set(member, answer.json);
        else
            this.refused.set(member, answer.json.reason ?? answer.text);
        this.answered++;
    }

    /** Resolves when so many have been answered. */
    async reaches(count) {
        while (this.answered < count) {
            assert.ok(!this.stack.over, 'the stack is there');
            await pause(1);
        }
    }

    /** What must hold: exactly the stock, one each, every answered coupon in the store as answered. */
    async assertExact(stock) {
        assert.deepEqual(new Set(this.refused.values()), new Set(['SOLD_OUT']), 'nobody was refused for another reason');
        assert.equal(this.granted.size, stock, 'as many were told that they have one');
        const rows = await this.rows();
        assert.equal(rows.length, stock, 'exactly the stock is granted');
        assert.equal(new Set(rows.map((row) => row.member)).size, stock, 'one each');
        assert.equal(new Set(rows.map((row) => row.code)).size, stock, 'no code twice');
        this.assertStored(rows);
        for (const member of this.refused.keys())
            assert.ok(!rows.some((row) => row.member === String(member)), 'who was refused has none');
    }

    async rows() {
        return this.stack.query('coupon', `SELECT CAST(member_id AS TEXT) AS member, CAST(coupon_id AS TEXT) AS coupon,
            CAST(code AS TEXT) AS code FROM claim WHERE release_id = ${this.releaseId}`);
    }

    /** Every answered coupon is in the store. */
    assertStored(rows) {
        const stored = new Map(rows.map((row) => [row.member, row.coupon]));
        for (const [member, coupon] of this.granted)
            assert.equal(stored.get(String(member)), coupon.couponId, `the coupon of member ${member} is in the store`);
    }

    /** Every answered coupon is still the answer to the claim it was given for. */
    async assertAnswers(members = [...this.granted.keys()]) {
        for (const member of members) {
            const answer = await this.claim(member, { key: this.keys.get(member) });
            assert.equal(answer.status, 201, answer.text);
            assert.deepEqual(answer.json, this.granted.get(member));
        }
    }
}
