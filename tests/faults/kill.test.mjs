// kill -9 of each daemon, 20 times at random moments of a release, under 64 clients that retry with
// their Idempotency-Key. The seed is printed; HG_SEED repeats it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chance, newSeed, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { Stack, until } from '../system/stack.mjs';
import { CLIENTS, Load, underKills, untilKnown } from './load.mjs';

const KILLS = 20;
const STOCK = 2000;

async function settled(stack) {
    for (const name of ['broker', 'identity', 'coupon'])
        await stack.serves(name);
    await stack.ready();
}

describe('a release survives', () => {
    const seed = newSeed();

    for (const [i, name] of ['coupon', 'broker', 'gateway'].entries()) {
        test(`kill -9 of ${name}, ${KILLS} times`, async (t) => {
            const random = chance(seed + i);
            await Stack.with({}, async (stack) => {
                const releaseId = await openRelease(stack, { stock: STOCK });
                const load = new Load(stack, releaseId, { members: 0, random });
                const members = Array.from({ length: STOCK + 200 }, (_, i) => 100000 + i);
                const others = stack.pids();
                await underKills(stack, name, { kills: KILLS, random, items: members, clients: CLIENTS }, (member) => load.take(member));
                await settled(stack);
                assert.equal(stack.daemons[name].ended, null);
                t.diagnostic(`${load.retries} requests had to be sent again`);
                assert.ok(load.retries > 0, 'the kills were felt');
                for (const other of Object.keys(others).filter((one) => one !== name))
                    assert.equal(stack.pids()[other], others[other], `${other} was not restarted`);
                await load.assertExact(STOCK);
                await load.assertAnswers([...load.granted.keys()].filter((member) => member % 10 === 0));
                await stack.assertCleanAudits();
            });
        });
    }

    test(`kill -9 of identity, ${KILLS} times, while members sign in, prove who they are and claim`, async (t) => {
        const people = Array.from({ length: 400 }, (_, n) => person(n));
        const stock = 200;
        const random = chance(seed + 9);
        await Stack.with({}, async (stack) => {
            assert.equal((await stack.import('unions', unionsCsv())).code, 0);
            assert.equal((await stack.import('roster', rosterCsv(people))).code, 0);
            const releaseId = await openRelease(stack, { stock, audience: { level: 'MOBILE' } });
            const known = (request) => untilKnown(request, random);
            const sessions = new Map(), verified = new Map(), granted = new Map();
            let lost = 0, soldOut = 0;

            /** A session, or null when the answer to a used code was lost with the daemon. */
            const signIn = async (number) => {
                const sent = await known(() => stack.post('/v1/login-codes', { mobile: number }));
                assert.ok(sent.status === 200 || sent.json.reason === 'CODE_SENT_RECENTLY', sent.text);
                // A code that was logged and not committed lets nobody in: the next line has the right one.
                for (let tried = 0; ;) {
                    const codes = await until('the code is sent', () => {
                        const lines = stack.codesTo(number);
                        return lines.length > tried && lines;
                    });
                    tried = codes.length;
                    const answer = await known(() => stack.post('/v1/sessions', { mobile: number, code: codes.at(-1).code }));
                    if (answer.status === 201)
                        return answer.json;
                    if (answer.json.reason === 'CODE_EXPIRED')
                        return null;
                    assert.equal(answer.json.reason, 'CODE_WRONG', answer.text);
                }
            };
            await underKills(stack, 'identity', { kills: KILLS, random, items: people, clients: CLIENTS }, async (one) => {
                const session = await signIn(one.mobile);
                if (!session) {
                    lost++;
                    return;
                }
                const claim = await known(() => stack.post(`/v1/releases/${releaseId}/claims`, undefined,
                    { token: session.token, key: `claim-${one.mobile}` }));
                if (claim.status === 201)
                    granted.set(session.member.memberId, claim.json.couponId);
                else if (claim.json.reason === 'SOLD_OUT')
                    soldOut++;
                else
                    assert.fail(claim.text);
                const proven = await known(() => stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token: session.token }));
                if (proven.status === 200) {
                    verified.set(session.member.memberId, proven.json);
                    sessions.set(session.member.memberId, proven.json.token);
                } else {
                    // The first try was committed and its answer lost, with the session it renewed.
                    assert.ok(['ALREADY_VERIFIED', 'TOKEN_REVOKED'].includes(proven.json.reason), proven.text);
                }
            });
            await settled(stack);
            t.diagnostic(`${sessions.size} sessions, ${lost} answers to a code lost, ${granted.size} coupons`);
            assert.ok(sessions.size > stock);
            assert.equal(granted.size, stock, 'exactly the stock is granted');
            assert.equal(soldOut + granted.size + lost, people.length);
            const [{ n }] = await stack.query('coupon', 'SELECT count(DISTINCT member_id) AS n FROM claim');
            assert.equal(n, stock);
            for (const [memberId, session] of verified) {
                const me = await stack.get('/v1/me', { token: session.token });
                assert.equal(me.status, 200, me.text);
                assert.equal(me.json.memberId, memberId);
                assert.equal(me.json.level, 'CATEGORY', 'who was told that she is a member is one');
            }
            const [members] = await stack.query('identity', 'SELECT count(*) AS n, count(DISTINCT mobile) AS m FROM member WHERE level = 3');
            assert.equal(members.n, members.m, 'nobody became two members');
            await stack.assertCleanAudits();
        });
    });
});
