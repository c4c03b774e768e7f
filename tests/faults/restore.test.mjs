// A copy taken under load, and a broker that is restarted under it.
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { chance, newSeed, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { claimer, openRelease } from '../system/releases.mjs';
import { Stack } from '../system/stack.mjs';
import { Load } from './load.mjs';

describe('under load', () => {
    test('a backup is whole: a stack started on it audits clean and has every claim answered before', async (t) => {
        await Stack.with({}, async (stack) => {
            const rider = person(1), seed = newSeed();
            await stack.import('unions', unionsCsv());
            await stack.import('roster', rosterCsv([rider]));
            const { token } = await stack.login(rider.mobile);
            const verified = await stack.post('/v1/me:verify', { name: rider.name, residentId: rider.residentId }, { token });
            assert.equal(verified.status, 200, verified.text);
            const releaseId = await openRelease(stack, { stock: 5000 });
            const load = new Load(stack, releaseId, { members: 100000, random: chance(seed) });
            const running = load.run();
            await load.reaches(1000);
            const before = [...load.granted.keys()];
            for (const name of ['coupon', 'identity']) {
                const { code, stderr } = await stack.backup(name, stack.path(`${name}.copy`));
                assert.equal(code, 0, stderr);
            }
            const during = load.answered - before.length;
            await load.reaches(load.answered + 500);
            load.stop();
            await running;
            t.diagnostic(`${before.length} claims before, ${during} while it was copied`);
            assert.equal((await stack.backup('coupon', stack.path('coupon.copy'))).code, 1, 'a copy that exists is not written over');

            const prepare = (copy) => {
                for (const name of ['token', 'pii', 'session', 'session.point'])
                    copyFileSync(stack.path('keys', name), copy.path('keys', name));
                for (const name of ['coupon', 'identity'])
                    copyFileSync(stack.path(`${name}.copy`), copy.store(name));
            };
            await Stack.with({ prepare }, async (copy) => {
                await copy.assertCleanAudits();
                const old = Object.assign(new Load(copy, releaseId, { members: 0 }), { granted: load.granted, keys: load.keys });
                await old.assertAnswers(before);
                const rows = await old.rows();
                for (const row of rows)
                    assert.equal(load.granted.get(Number(row.member))?.couponId, row.coupon, 'and nothing that was not granted');
                const me = await copy.get('/v1/me', { token: verified.json.token });
                assert.equal(me.json.level, 'CATEGORY', 'sessions and members are there');
                const fresh = await claimer(copy, releaseId)(7000000);
                assert.equal(fresh.status, 201, 'it goes on from there');
                assert.ok(![...load.granted.values()].some((one) => one.couponId === fresh.json.couponId));
                await copy.assertCleanAudits();
            });
        });
    });

    test('restarts of the broker lose no acknowledged claim, and everybody comes back without a restart', async () => {
        const seed = newSeed(), stock = 3000;
        await Stack.with({}, async (stack) => {
            const releaseId = await openRelease(stack, { stock });
            const load = new Load(stack, releaseId, { members: stock + 100, random: chance(seed) });
            const pids = stack.pids();
            const running = load.run();
            for (let i = 1; i <= 5; i++) {
                await load.reaches(i * 500);
                await stack.stop('broker');
                stack.spawn('broker');
                await stack.serves('coupon');
            }
            await running;
            for (const name of ['identity', 'coupon', 'gateway'])
                assert.equal(stack.pids()[name], pids[name], `${name} was not restarted`);
            await load.assertExact(stock);
            await load.assertAnswers([...load.granted.keys()].filter((member) => member % 20 === 0));
            await stack.assertCleanAudits();
        });
    });
});
