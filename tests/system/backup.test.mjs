// A backup of all stores, and what is restored from it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { mobile, person, rosterCsv, unionCoded, unionsCsv } from './people.mjs';
import { openRelease } from './releases.mjs';
import { build, DAEMONS, run, Stack, top, until } from './stack.mjs';

describe('a backup', () => {
    let stack, folder, releaseId;
    /** A script of deploy/ in this stack's home. */
    const deploy = (script, ...args) => run(join(top, 'deploy', script), args, { env: { ...process.env, HUIGONG_HOME: stack.folder } });
    const stores = () => readdirSync(stack.path('store')).sort();

    before(async () => {
        stack = await Stack.start();
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([person(1)]));
        const { unionId } = await unionCoded(stack, '440600');
        // While its store has just been copied, identity gives an office, which it signs at once.
        mkdirSync(stack.path('build'));
        for (const name of readdirSync(build).filter((one) => /^hg-\w+$/.test(one) && one !== 'hg-identity'))
            symlinkSync(join(build, name), stack.path('build', name));
        writeFileSync(stack.path('build', 'hg-identity'), `#!/bin/bash
real=${join(build, 'hg-identity')} heads=${stack.path('heads', 'identity', 'heads')}
"$real" "$@" || exit
[ "$1" = --backup ] && [ ! -e ${stack.path('given')} ] || exit 0
touch ${stack.path('given')}
before="$(cat "$heads")"
"$real" --call Identity.CreateGrant '${JSON.stringify({ mobile: person(1).mobile, role: 'SECURITY_ADMIN', unionId })}' >&2 || exit
for _ in {1..400}; do [ "$(cat "$heads")" = "$before" ] || exit 0; sleep 0.05; done
exit 9
`, { mode: 0o755 });
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
        for (const name of stores())
            assert.ok(sums.includes(` ${name}.heads\n`) && sums.includes(` ${name}.key.pub\n`), name);
    });

    test('is what the daemons tell of then', async () => {
        for (const service of stores())
            assert.ok(Date.now() - Date.parse((await stack.call(service, 'Daemon.GetHealth', { service })).backedUpAt) < 60000, service);
    });

    test('is not taken while a daemon follows others all the same', async () => {
        const pausing = readFileSync(stack.path('build', 'hg-identity'), 'utf8');
        writeFileSync(stack.path('build', 'hg-identity'), pausing.replace('"$real" "$@" || exit', '[ "$2" != Daemon.PauseFollowing ] || exit 1\n$&'));
        const { code, stderr } = await deploy('backup', stack.path('refused'));
        writeFileSync(stack.path('build', 'hg-identity'), pausing);
        assert.equal(code, 1);
        assert.match(stderr, /identity goes on following others/);
        assert.deepEqual(readdirSync(stack.path('refused')), []);
    });

    test('that is damaged changes nothing', async () => {
        const there = stores(), sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
        for (const name of [...DAEMONS].reverse())
            await stack.stop(name);
        writeFileSync(join(folder, 'SHA256SUMS'), `${sums}${'0'.repeat(64)}  nobody.sqlite\n`);
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

    test('of stores of several moments is refused', async () => {
        for (const name of DAEMONS)
            stack.spawn(name);
        await stack.ready();
        const cursor = async () => (await stack.command('coupon', '--cursors')).stdout;
        const before_ = await cursor();
        await stack.login(mobile(77));
        await until('coupon has read of it', async () => await cursor() !== before_);
        const later = await deploy('backup', stack.path('backup')), mixed = stack.path('mixed');
        assert.equal(later.code, 0, later.stderr);
        cpSync(later.stdout.trim(), mixed, { recursive: true });
        for (const name of readdirSync(folder).filter((one) => one.startsWith('identity.')))
            cpSync(join(folder, name), join(mixed, name));
        const files = readdirSync(mixed).filter((name) => name !== 'SHA256SUMS');
        writeFileSync(join(mixed, 'SHA256SUMS'),
            files.map((name) => `${createHash('sha256').update(readFileSync(join(mixed, name))).digest('hex')}  ${name}\n`).join(''));
        for (const name of [...DAEMONS].reverse())
            await stack.stop(name);
        const { code, stderr } = await deploy('restore', mixed);
        assert.equal(code, 1);
        assert.match(stderr, /has read row \d+ of identity, .* this is no backup of one state/);
    });

    test('that is older than a daemon is restored, and the daemon begins empty and says so', async () => {
        const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
        for (const name of readdirSync(folder).filter((one) => one.startsWith('portal.')))
            rmSync(join(folder, name));
        writeFileSync(join(folder, 'SHA256SUMS'), sums.replaceAll(/.* portal\..*\n/g, ''));
        const { code, stdout, stderr } = await deploy('restore', folder);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^the backup has no store of portal, which begins empty$/m);
        assert.doesNotMatch(stdout, /no store of (?!portal)/);
        assert.deepEqual(readdirSync(stack.path('store', 'portal')), []);
        for (const name of DAEMONS)
            stack.spawn(name);
        await stack.ready();
        const status = await stack.call('coupon', 'Coupons.GetRelease', { releaseId });
        assert.equal(status.release.releaseId, releaseId);
        await stack.assertCleanAudits();
    });
});
