// kill -9 of identity while lists of unions and people are loaded and while accounts are merged: what was
// loaded is there once, and nobody is in two unions. The seed is printed; HG_SEED repeats it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chance, csv, mergesWaited, mint, newSeed, person, residentId, rosterCsv, unionsCsv } from '../system/people.mjs';
import { Stack, until } from '../system/stack.mjs';
import { placed } from '../system/unions.mjs';
import { untilKnown } from './load.mjs';

const KILLS = 6;
const DAEMONS = ['broker', 'identity', 'bridge', 'gateway'];
const UNIONS = 3000;
const ROWS = 9000;

const count = async (stack, table) => (await stack.query('identity', `SELECT count(*) AS n FROM ${table}`))[0].n;

/** Loads a file, killing identity when a random share of it is there, and again until it is loaded whole. */
async function loadUnderKills(stack, kind, text, table, total, random) {
    let interrupted = 0;
    for (let i = 0; i < KILLS; i++) {
        const before = await count(stack, table);
        const moment = before + Math.floor(random() * (total - before) * 0.5);
        const loading = stack.import(kind, text);
        let ended = false;
        loading.then(() => { ended = true; });
        await until(`${moment} rows of ${table}`, async () => ended || await count(stack, table) > moment, { every: 1 });
        await stack.kill('identity');
        stack.spawn('identity');
        await stack.serves('identity');
        interrupted += (await loading).code === 2;
    }
    assert.ok(interrupted > 0, 'the kills were felt');
    const last = await stack.import(kind, text);
    assert.equal(last.code, 0, last.stderr);
    assert.equal(await count(stack, table), total, 'every line is there once');
    const again = await stack.import(kind, text);
    assert.equal(again.code, 0, 'all are there');
    assert.equal(await count(stack, table), total);
}

describe('nothing is twice or lost', () => {
    const seed = newSeed();

    test(`kill -9 of identity, ${KILLS} times each, while unions and rosters are loaded`, async () => {
        const random = chance(seed);
        await Stack.with({ daemons: DAEMONS }, async (stack) => {
            await stack.serves('identity');
            const towns = Array.from({ length: UNIONS / 10 }, (_, n) => [`T-${n}`, `第${n}镇总工会`, 'CITY']);
            const works = Array.from({ length: UNIONS - towns.length }, (_, n) => [`W-${n}`, `第${n}厂工会`, `T-${n % towns.length}`]);
            const unions = [['CITY', '佛山市总工会', ''], ...towns, ...works];
            await loadUnderKills(stack, 'unions', csv(['code', 'name', 'parent_code'], unions), 'unions WHERE union_id > 0',
                unions.length, random);
            const people = Array.from({ length: ROWS }, (_, n) => ({
                ...person(n % 1000), residentId: residentId(n % 1000, { birth: `1980${String(n / 1000 + 1 | 0).padStart(2, '0')}07` }),
                union: `W-${n % works.length}`,
            }));
            await loadUnderKills(stack, 'roster', rosterCsv(people), 'roster', ROWS, random);
            const [{ persons, listed }] = await stack.query('identity', `SELECT count(DISTINCT person) AS persons,
                (SELECT listed FROM tally JOIN unions USING (union_id) WHERE code = 'CITY') AS listed FROM roster`);
            assert.equal(persons, ROWS, 'nobody is listed twice');
            assert.equal(listed, ROWS, 'and everybody is counted');
            await stack.assertCleanAudits();
        });
    });

    test('kill -9 of identity while accounts are merged', async () => {
        const random = chance(seed + 1);
        await Stack.with({ daemons: DAEMONS }, async (stack) => {
            await stack.serves('identity');
            const pairs = 12;
            // Two accounts of each, by two documents, in two unions.
            const people = Array.from({ length: 2 * pairs }, (_, n) => person(n, n % 2 ? '440606' : '440604-001-0001'));
            assert.equal((await stack.import('unions', unionsCsv())).code, 0);
            assert.equal((await stack.import('roster', rosterCsv(people))).code, 0);
            const ids = [];
            for (const one of people) {
                const { token } = await stack.login(one.mobile);
                const { json } = await stack.post('/v1/me:verify', { name: one.name, residentId: one.residentId }, { token });
                ids.push(json.member.memberId);
            }
            const city = await placed(stack, '440600');
            const official = (memberId) => mint(stack.tokenKey(), { memberId, grants: [{ role: 'UNION_ADMIN', unionPath: city.path }] });
            const known = (request) => untilKnown(request, random);
            const propose = async (keptId, goneId) => {
                const proposed = await known(() => stack.post('/v1/merges',
                    { keptId, goneId, reason: 'MERGE_TWO_PAPERS' }, { token: official(8) }));
                assert.ok(proposed.status === 200 || proposed.status === 201, proposed.text);
                return proposed.json.mergeId;
            };
            const decide = async (mergeId) => {
                const decided = await known(() => stack.post(`/v1/merges/${mergeId}:decide`,
                    { approve: true }, { token: official(9) }));
                assert.ok(decided.status === 200 || decided.json.reason === 'MERGE_DECIDED', decided.text);
            };
            // Two at a time, of which each may be cut short.
            const twoByTwo = async (of, deed) => {
                const answers = [];
                for (let i = 0; i < pairs; i += 2) {
                    const both = Promise.all([deed(...of(i)), deed(...of(i + 1))]);
                    await new Promise((next) => setTimeout(next, random() * 40));
                    await stack.kill('identity');
                    stack.spawn('identity');
                    await stack.serves('identity');
                    answers.push(...await both);
                }
                return answers;
            };
            const merges = await twoByTwo((i) => [ids[2 * i], ids[2 * i + 1]], propose);
            await mergesWaited(stack);
            await twoByTwo((i) => [merges[i]], decide);
            const doubled = await stack.query('identity', `SELECT member_id FROM membership WHERE ended_at = 0
                GROUP BY member_id HAVING count(*) > 1`);
            assert.deepEqual(doubled, [], 'nobody is in two unions');
            for (let i = 0; i < pairs; i++) {
                const { memberships } = await stack.call('identity', 'Memberships.ListMemberships', { memberId: ids[2 * i] });
                assert.equal(memberships.length, 2, 'both histories are read under what was kept');
                assert.deepEqual(memberships.map(({ ended }) => ended ?? 'ENDED_NOT').sort(), ['ENDED_BY_ACCOUNTS', 'ENDED_NOT']);
            }
            const gone = await stack.query('identity', `SELECT CAST(member_id AS TEXT) AS gone, CAST(merged_into AS TEXT) AS kept
                FROM member WHERE merged_into > 0 ORDER BY member_id`);
            assert.deepEqual(gone.map(({ gone, kept }) => [kept, gone]), Array.from({ length: pairs }, (_, i) => [ids[2 * i], ids[2 * i + 1]]));
            assert.equal((await stack.query('identity', 'SELECT count(*) AS n FROM session JOIN member USING (member_id) WHERE merged_into > 0'))[0].n, 0);
            const numbers = await stack.get(`/v1/unions/${city.unionId}/numbers`, { token: official(8) });
            assert.equal(numbers.json.members, String(pairs));
            await stack.assertCleanAudits();
        });
    });
});
