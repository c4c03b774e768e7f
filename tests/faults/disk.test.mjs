// A full disk: the coupon daemon's store on a small file system of its own, filled by a ballast.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { assertProblem } from '../system/http.mjs';
import { mint, newSeed, chance } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { Stack, until } from '../system/stack.mjs';
import { Load } from './load.mjs';

const SIZE = '24m';
const STOCK = 100000;

/** Puts a small tmpfs under the coupon daemon's store: as root, or in a name space of its own. */
async function smallDisk(stack) {
    const folder = stack.path('store', 'coupon');
    const mount = ['-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'tmpfs', folder];
    try {
        execFileSync('mount', mount, { stdio: 'pipe' });
        stack.atEnd.push(() => execFileSync('umount', ['--lazy', folder]));
    } catch {
        stack.wrappers.coupon = {
            start: ['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', `mount ${mount.join(' ')} && exec "$0" "$@"`],
            inside: () => (stack.daemons.coupon.ended ? [] : ['nsenter', '--preserve-credentials', '-U', '-m', '-t', String(stack.pid('coupon'))]),
        };
    }
}

/** Leaves so many KiB of the store's file system free; 0 removes the ballast. */
async function leaveFree(stack, kib) {
    const file = stack.path('store', 'coupon', 'ballast');
    const script = kib ? `dd if=/dev/zero of="$0" bs=4096 2>/dev/null; truncate -s -${kib}K "$0"` : 'rm "$0"';
    const { code, stderr } = await stack.inside('coupon', ['sh', '-c', script, file]);
    assert.equal(code, 0, stderr);
}

describe('a full disk', () => {
    test('is told with 503 STORE_FULL; reads go on, nothing acknowledged is lost, and claims go on when there is space', async (t) => {
        await Stack.with({ prepare: smallDisk }, async (stack) => {
            const releaseId = await openRelease(stack, { stock: STOCK });
            const pids = stack.pids();
            const random = chance(newSeed());
            const before = new Load(stack, releaseId, { members: 300, random });
            await before.run();
            assert.equal(before.granted.size, 300);

            await leaveFree(stack, 256);
            const during = new Load(stack, releaseId, { first: 200000, members: 20000, random });
            const filling = during.run();
            await until('the disk is full', () => during.refused.size >= 500, { ms: 60000 });
            during.stop();
            await filling;
            assert.deepEqual([...new Set(during.refused.values())], ['STORE_FULL']);
            t.diagnostic(`${during.granted.size} claims fitted, ${during.refused.size} were refused`);
            assert.ok(during.granted.size > 0, 'claims were under way when it filled up');

            // A commit of one row may still fit when a larger one did not: fill the rest.
            const refused = await until('one claim alone is refused', async () => {
                const answer = await during.claim(300000 + Math.floor(random() * 1e6));
                return answer.status === 503 && answer;
            });
            assertProblem(refused, 503, 'STORE_FULL');
            assert.match(refused.headers['retry-after'], /^[1-9]\d*$/);
            const [[member, coupon]] = during.granted;
            const token = mint(stack.tokenKey(), { memberId: member });
            assert.deepEqual((await stack.get('/v1/me/coupons', { token })).json.coupons, [{ ...coupon, title: '餐券' }], 'reads go on'); // her list says of what it is
            assert.equal((await stack.get(`/v1/releases/${releaseId}`, { token })).status, 200);
            await during.assertAnswers([member]);
            assert.ok(stack.logs.coupon.find('store_trouble').length > 0, 'it is warned of');

            await leaveFree(stack, 0);
            const late = [...during.refused.keys()];
            await until('claims go on', async () => (await during.claim(late[0])).status === 201);
            for (const one of late.slice(0, 200))
                assert.equal((await during.claim(one)).status, 201, 'who was refused gets one now');
            assert.deepEqual(stack.pids(), pids, 'nothing was restarted');

            const rows = await during.rows();
            before.assertStored(rows);
            during.assertStored(rows);
            assert.equal(new Set(rows.map((row) => row.member)).size, rows.length, 'one each');
            const granted = new Set([...before.granted.keys(), ...during.granted.keys(), ...late.slice(0, 200)].map(String));
            const unexpected = rows.filter((row) => !granted.has(row.member) && Number(row.member) < 300000);
            assert.deepEqual(unexpected, [], 'who was refused and did not ask again has none');
            const status = (await stack.get(`/v1/releases/${releaseId}`, { token })).json;
            assert.equal(Number(status.granted), rows.length, 'memory agrees with the store');
            await stack.assertCleanAudits();
            // The store must be open on what it says: after a crash it is whole as well. On a name space's
            // own file system the store ends with the daemon, so this is for the mounted one.
            if (!stack.wrappers.coupon) {
                await stack.restart('coupon');
                await stack.serves('coupon');
                await during.assertAnswers([...during.granted.keys()].slice(0, 50));
                await stack.assertCleanAudits();
            }
        });
    });
});
