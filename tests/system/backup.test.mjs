// A backup of all stores, and what is restored from it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRelease } from './releases.mjs';
import { build, DAEMONS, run, Stack, top } from './stack.mjs';

describe('a backup', () => {
    let stack, folder, releaseId;
    /** A script of deploy/ in this stack's home. */
    const deploy = (script, ...args) => run(join(top, 'deploy', script), args, { env: { ...process.env, HUIGONG_HOME: stack.folder } });
    const stores = () => readdirSync(stack.path('store')).sort();

    before(async () => {
        stack = await Stack.start();
        symlinkSync(build, stack.path('build'));
        releaseId = await openRelease(stack, { stock: 10 });
    });
    after(() => stack.close());

    test('has every store, and its sums', async () => {
        const { code, stdout, stderr } = await deploy('backup', stack.path('backup'));
        assert.equal(code, 0, stderr);
        folder = stdout.trim();
        assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith('.sqlite')).sort(), stores().map((name) => `${name}.sqlite`));
        const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
        assert.deepEqual(readdirSync(folder).filter((name) => !sums.includes(` ${name}\n`)), ['SHA256SUMS']);
    });

    test('that is damaged changes nothing', async () => {
        const there = stores(), sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
        for (const name of [...DAEMONS].reverse())
            await stack.stop(name);
        writeFileSync(join(folder, 'SHA256SUMS'), `${sums}${'0'.repeat(64)}  portal.sqlite\n`);
        const missing = await deploy('restore', folder);
        assert.equal(missing.code, 1);
        assert.match(missing.stderr, /is damaged: nothing was changed/);
        writeFileSync(join(folder, 'SHA256SUMS'), sums.replace(/.* coupon\.sqlite\n/, ''));
        const unknown = await deploy('restore', folder);
        assert.equal(unknown.code, 1);
        assert.match(unknown.stderr, /says nothing of coupon\.sqlite: nothing was changed/);
        writeFileSync(join(folder, 'SHA256SUMS'), sums);
        assert.deepEqual(stores(), there);
    });

    test('that is older than a daemon is restored, and the daemon begins empty and says so', async () => {
        const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
        for (const name of readdirSync(folder).filter((one) => one.startsWith('bridge.')))
            rmSync(join(folder, name));
        writeFileSync(join(folder, 'SHA256SUMS'), sums.replaceAll(/.* bridge\..*\n/g, ''));
        const { code, stdout, stderr } = await deploy('restore', folder);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^the backup has no store of bridge, which begins empty$/m);
        assert.doesNotMatch(stdout, /no store of (?!bridge)/);
        assert.deepEqual(readdirSync(stack.path('store', 'bridge')), []);
        for (const name of DAEMONS)
            stack.spawn(name);
        await stack.ready();
        const status = await stack.call('coupon', 'Coupons.GetRelease', { releaseId });
        assert.equal(status.release.releaseId, releaseId);
        await stack.assertCleanAudits();
    });
});
