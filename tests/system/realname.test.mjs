// A real name proven by the ways there are; the verifier outside is the simulator.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Verifier } from '../simulators/verifier/verifier.mjs';
import { assertProblem } from './http.mjs';
import { person, rosterCsv, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

const KEY = randomBytes(32).toString('hex');

async function begin(order) {
    const verifier = await Verifier.start();
    verifier.addKey('union', KEY);
    const stack = await Stack.start({
        verifier: { url: verifier.url, id: 'union', key: KEY }, settings: { bridge: { HUIGONG_REALNAME: order } },
    });
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    return { verifier, stack };
}

/** A person's token; she signs in once. */
async function tokenOf(stack, one) {
    stack.tokens ??= new Map();
    if (!stack.tokens.has(one.mobile))
        stack.tokens.set(one.mobile, (await stack.login(one.mobile)).token);
    return stack.tokens.get(one.mobile);
}

const prove = async (stack, one, claim = one) => stack.post('/v1/me:prove',
    { name: claim.name, residentId: claim.residentId }, { token: await tokenOf(stack, one) });

describe('first the rosters, then the verifier', () => {
    let verifier, stack;
    const listed = person(1), stranger = person(2), late = person(3);

    before(async () => {
        ({ verifier, stack } = await begin('roster,outside'));
        assert.equal((await stack.import('roster', rosterCsv([listed]))).code, 0);
        for (const one of [stranger, late])
            verifier.addPerson(one.residentId, one.name);
    });
    after(async () => {
        await stack.close();
        await verifier.close();
    });

    test('who is on a roster is a member, and nobody outside is asked', async () => {
        const answer = await prove(stack, listed);
        assert.equal(answer.json.member.level, 'CATEGORY', answer.text);
        assert.equal(verifier.ledger.length, 0);
    });

    test('who is on none is known by name, and not a member', async () => {
        const answer = await prove(stack, stranger);
        assert.equal(answer.json.member.level, 'REAL_NAME', answer.text);
        assert.equal(answer.json.member.union, undefined);
        assert.equal(verifier.ledger.length, 1);
        assert.equal((await stack.get('/v1/me', { token: await tokenOf(stack, stranger) })).json.level, 'REAL_NAME');
    });

    test('a roster that comes later makes her a member', async () => {
        assert.equal((await prove(stack, late)).json.member.level, 'REAL_NAME');
        const again = await prove(stack, late);
        assertProblem(again, 404, 'NOT_ON_ROSTER');
        assert.equal((await stack.import('roster', rosterCsv([late]))).code, 0);
        assert.equal((await prove(stack, late)).json.member.level, 'CATEGORY');
    });

    test('a resident ID proves one person, whichever way', async () => {
        assertProblem(await prove(stack, person(50), stranger), 409, 'RESIDENT_ID_TAKEN');
        assertProblem(await prove(stack, person(51), listed), 409, 'RESIDENT_ID_TAKEN');
    });

    test('a name and a document from another number prove nobody, by a roster or outside', async () => {
        const owner = person(70), thief = person(71);
        assert.equal((await stack.import('roster', rosterCsv([owner]))).code, 0);
        verifier.addPerson(owner.residentId, owner.name, owner.mobile);
        const refused = assertProblem(await prove(stack, thief, owner), 400, 'REAL_NAME_DISAGREES');
        assert.equal(refused.roster, 'LISTED_NUMBER_DIFFERS');
        assert.equal(verifier.people.get(owner.residentId).mobile, owner.mobile);
        assert.equal((await prove(stack, owner)).json.member.level, 'CATEGORY');
        const contested = await stack.post('/v1/me/contests', { name: owner.name, residentId: owner.residentId },
            { token: await tokenOf(stack, thief) });
        assert.equal(contested.status, 201, contested.text);
        for (const one of [owner, thief]) {
            const { notices } = (await stack.get('/v1/me/notices', { token: await tokenOf(stack, one) })).json;
            assert.deepEqual(notices.map(({ news }) => news), ['NEWS_NAME_CONTESTED']);
        }
    });

    test('a refusal says what each way said and which remain', async () => {
        const { residentId } = person(60);
        const unknown = assertProblem(await prove(stack, person(60)), 404, 'REAL_NAME_NO_RECORD');
        assert.deepEqual([unknown.roster, unknown.outside, unknown.remaining], ['NOT_ON_ROSTER', 'REAL_NAME_NO_RECORD', 'joining']);
        verifier.addPerson(residentId, '另外一人');
        assertProblem(await prove(stack, person(60)), 400, 'REAL_NAME_DISAGREES');
        verifier.fault({ status: 500, times: 3 });
        const answer = await prove(stack, person(60));
        const down = assertProblem(answer, 503, 'REAL_NAME_UNAVAILABLE');
        assert.equal(down.remaining, 'roster,joining');
    });

    test('what is no name or no resident ID is refused before anybody is asked', async () => {
        const asked = verifier.ledger.length;
        assertProblem(await prove(stack, person(61), { name: '王', residentId: '440604199010280026' }), 400, 'NAME_INVALID', 'name');
        assertProblem(await prove(stack, person(61), { name: '王小明', residentId: '440604900307001' }), 400, 'RESIDENT_ID_15_DIGITS', 'residentId');
        assertProblem(await stack.post('/v1/me:prove', { name: '王小明', residentId: '1' }), 401, 'MISSING_TOKEN');
        assert.equal(verifier.ledger.length, asked);
    });

    test('the verifier is asked three times a day for one person', async () => {
        const one = person(62), asked = verifier.ledger.length;
        for (let i = 0; i < 3; i++)
            assertProblem(await prove(stack, one), 404, 'REAL_NAME_NO_RECORD');
        const over = assertProblem(await prove(stack, one), 429, 'PROOF_TRIES_EXHAUSTED');
        assert.equal(over.roster, 'NOT_ON_ROSTER');
        assert.equal(verifier.ledger.length, asked + 3);
    });

    test('no name, resident ID or key is readable in a log or the store', async () => {
        const logs = Object.values(stack.logs).flatMap((log) => log.lines.map((line) => JSON.stringify(line))).join('\n');
        const files = ['', '-wal'].map((end) => readFileSync(stack.store('identity') + end)).concat(Buffer.from(logs));
        for (const secret of [KEY, ...[1, 2, 3, 60].flatMap((n) => [person(n).residentId, person(n).name])])
            assert.ok(files.every((bytes) => !bytes.includes(secret)), secret);
        await stack.assertCleanAudits();
    });
});

describe('the verifier fails', () => {
    let verifier, stack;
    let n = 100;

    before(async () => {
        ({ verifier, stack } = await begin('outside,roster'));
    });
    after(async () => {
        await stack.close();
        await verifier.close();
    });

    /** The next person, whom the verifier knows. */
    function known() {
        const one = person(n++);
        verifier.addPerson(one.residentId, one.name);
        return one;
    }

    test('busy or lost, it is asked again with another nonce, three times in all', async () => {
        verifier.fault({ status: 503 });
        verifier.fault({ drop: true });
        const one = known(), asked = verifier.ledger.length;
        assert.equal((await prove(stack, one)).json.member.level, 'REAL_NAME');
        assert.equal(verifier.ledger.length, asked + 3);
        verifier.fault({ drop: true, after: true });
        assert.equal((await prove(stack, known())).json.member.level, 'REAL_NAME');
        verifier.fault({ status: 502, times: 3 });
        assertProblem(await prove(stack, known()), 404, 'NOT_ON_ROSTER');
        await stack.logged('bridge', 'partner_fails', { partner: 'verifier' });
        assert.equal((await prove(stack, known())).status, 200);
        await stack.logged('bridge', 'partner_answers_again');
    });

    test('refusing us, it is not asked again; the roster is', async () => {
        for (const fault of [() => verifier.step(301000), () => verifier.step(-602000), () => verifier.keys.clear(), () => { verifier.limits.perMinute = 0; }]) {
            const one = known();
            assert.equal((await stack.import('roster', rosterCsv([one]))).code, 0);
            const asked = verifier.ledger.length;
            fault();
            assert.equal((await prove(stack, one)).json.member.level, 'CATEGORY');
            assert.equal(verifier.ledger.length, asked + 1);
            assert.notEqual(verifier.ledger.at(-1).status, 200);
            verifier.stepped = 0;
            verifier.addKey('union', KEY);
            verifier.limits.perMinute = 6000;
        }
        assert.deepEqual(verifier.ledger.slice(-4).map(({ error }) => error), ['STALE', 'STALE', 'UNKNOWN_ID', 'LIMITED']);
    });

    test('an answer to another question, or none, is no verdict', async () => {
        for (const answer of [{ requestId: '1' }, { result: 'YES' }, { result: null }]) {
            verifier.fault({ answer });
            assertProblem(await prove(stack, known()), 404, 'NOT_ON_ROSTER');
        }
        verifier.fault({ status: 200, body: 'AGREE', times: 3 });
        assertProblem(await prove(stack, known()), 404, 'NOT_ON_ROSTER');
    });

    test('its silence costs no try, and the bridge’s end loses nothing', async () => {
        const one = known();
        verifier.fault({ status: 500, times: 15 });
        for (let i = 0; i < 5; i++)
            assertProblem(await prove(stack, one), 404, 'NOT_ON_ROSTER');
        assert.equal((await prove(stack, one)).json.member.level, 'REAL_NAME');
        const listed = known();
        const token = await tokenOf(stack, listed); // a code needs the bridge
        verifier.hold();
        const waiting = prove(stack, known());
        await until('the verifier is asked', () => verifier.waiting() === 1);
        await stack.kill('bridge');
        assertProblem(await waiting, 504, 'OUTCOME_UNKNOWN');
        verifier.release();
        // The roster needs no bridge.
        assert.equal((await stack.import('roster', rosterCsv([listed]))).code, 0);
        const verified = await stack.post('/v1/me:verify', { name: listed.name, residentId: listed.residentId }, { token });
        assert.equal(verified.json.member.level, 'CATEGORY', verified.text);
        stack.spawn('bridge');
        await stack.serves('bridge');
        assert.equal((await prove(stack, known())).json.member.level, 'REAL_NAME');
        await stack.assertCleanAudits();
    });

    test('a sign that is replayed or forged is refused, as by a real one', async () => {
        const [sent] = [`${verifier.url}/v1/identity-checks`];
        const body = JSON.stringify({ requestId: '1', name: '王小明', residentId: '440604199003070014' });
        for (const [authorization, error] of [['', 'MALFORMED_SIGN'],
            [`HG1 id=union, at=${Math.floor(Date.now() / 1000)}, nonce=${'0'.repeat(32)}, sign=${'0'.repeat(64)}`, 'BAD_SIGN']]) {
            const answer = await fetch(sent, { method: 'POST', headers: { authorization }, body });
            assert.deepEqual([answer.status, await answer.json()], [401, { error }]);
        }
    });
});

describe('the settings', () => {
    test('an order that is none, or a verifier that is missing, ends the bridge at start', async () => {
        await Stack.with({ daemons: ['broker'], settings: { bridge: { HUIGONG_REALNAME: 'face' } } }, async (stack) => {
            stack.expectedEnds.add(stack.spawn('bridge'));
            await until('it ends', () => stack.daemons.bridge.ended);
            assert.equal(stack.daemons.bridge.ended.code, 1);
            assert.equal(stack.logs.bridge.find('setting_refused', { name: 'HUIGONG_REALNAME' }).length, 1);
            stack.settings.bridge = { HUIGONG_REALNAME: 'outside' };
            stack.expectedEnds.add(stack.spawn('bridge'));
            await until('it ends', () => stack.daemons.bridge.ended);
            assert.equal(stack.logs.bridge.find('setting_refused').length, 2);
        });
    });
});
