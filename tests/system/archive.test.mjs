// The old part of a journal in files of an archive: who reads the journal finds it there, whatever dies meanwhile, what is
// about money stays in the store too, and a file that is not what it was is named.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { chmodSync, copyFileSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { person, rosterCsv, unionsCsv } from './people.mjs';
import { claimer, openRelease } from './releases.mjs';
import { build, DAEMONS, run, Stack, top, until } from './stack.mjs';

const MEMBERS = 90, SEGMENT = 40;
const settings = { HUIGONG_ARCHIVE_SEGMENT: String(SEGMENT) };

describe('an archive', () => {
    let stack, claim, next = 1, before_;

    before(async () => {
        stack = await Stack.start({ settings: { coupon: settings, identity: settings, health: settings } });
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv(Array.from({ length: MEMBERS }, (_, i) => person(i + 1))));
        claim = claimer(stack, await openRelease(stack, { stock: 1000 }));
        await more(MEMBERS);
    });
    after(() => stack?.close());

    /** So many members claim a coupon. */
    async function more(n) {
        for (let i = 0; i < n; i++)
            assert.equal((await claim(next++)).status, 201);
    }

    /** Every row of a journal, of some kinds, as a new follower reads it. */
    async function follow(name, kinds = []) {
        const rows = [];
        for (let afterSeq = '0', afterHash = ''; ;) {
            const page = await stack.call(name, 'Daemon.ReadJournal', { afterSeq, kinds, limit: 37, ...afterHash && { afterHash } });
            rows.push(...page.rows ?? []);
            if (page.readTo === afterSeq)
                return rows;
            ({ readTo: afterSeq, readHash: afterHash } = page);
        }
    }

    const segments = (name) => readdirSync(stack.path('archive', name)).filter((file) => file.endsWith('.segment')).sort();
    const audit = (name) => stack.audit(name);
    /** Starts a daemon again that has ended. */
    async function again(name) {
        stack.spawn(name);
        await until(`${name} answers`, async () => (await stack.command(name, '--probe')).code === 0);
    }

    test('is empty until it is told otherwise', async () => {
        before_ = { coupon: await follow('coupon'), identity: await follow('identity'), claims: await follow('coupon', [2]) };
        assert.ok(before_.coupon.length > MEMBERS && before_.identity.length > MEMBERS);
        assert.equal(before_.claims.length, MEMBERS);
        assert.deepEqual(segments('coupon'), []);
    });

    test('takes the old part, and a new follower starts at the first row', async () => {
        for (const name of ['coupon', 'identity']) {
            const last = before_[name].length;
            assert.equal(await stack.archive(name, 5), last - 5);
            assert.equal(segments(name).length, Math.ceil((last - 5) / SEGMENT));
            assert.deepEqual(await follow(name), before_[name]);
        }
        assert.deepEqual(await follow('coupon', [2]), before_.claims);
        await stack.assertCleanAudits();
    });

    test('is what a service reads that hears a journal for the first time', async () => {
        const unions = await stack.query('identity', 'SELECT path, CAST(union_id AS TEXT) AS id FROM unions WHERE union_id > 0 ORDER BY path');
        const heard = () => stack.query('coupon', 'SELECT path, CAST(union_id AS TEXT) AS id FROM tree_union ORDER BY path');
        assert.deepEqual(await heard(), unions);
        await stack.stop('coupon');
        // As a store is that followed identity before it knew of the tree.
        execFileSync('sqlite3', [stack.store('coupon'), 'DELETE FROM tree_union; DELETE FROM heard']);
        assert.deepEqual(await heard(), []);
        await again('coupon');
        await until('coupon has heard of all unions again', async () => isDeepStrictEqual(await heard(), unions));
    });

    test('leaves what is about money in the store', async () => {
        const [{ money, others }] = await stack.query('coupon',
            'SELECT sum(kind = 1) AS money, sum(kind <> 1) AS others FROM journal WHERE seq <= (SELECT max(last) FROM segment)');
        assert.equal(money, before_.coupon.filter(({ seq, kind }) => kind === 1 && Number(seq) <= before_.coupon.length - 5).length);
        assert.ok(money > 0);
        assert.equal(others, null === others ? null : 0);
    });

    test('is signed by the key of the heads, as anybody can check', () => {
        const [, point] = /^([0-9a-f]{128})$/m.exec(readFileSync(stack.path('heads', 'coupon', 'key.pub'), 'utf8'));
        const b64 = (hex) => Buffer.from(hex, 'hex').toString('base64url');
        const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: b64(point.slice(0, 64)), y: b64(point.slice(64)) } });
        for (const [i, file] of segments('coupon').entries()) {
            const bytes = readFileSync(stack.path('archive', 'coupon', file)), words = bytes.subarray(-512).toString('latin1').trim().split(' ');
            assert.deepEqual(words.slice(0, 4), ['hg-segment-1', 'coupon', `${i + 1}`, `${i * SEGMENT + 1}`]);
            assert.equal(words[7], createHash('sha256').update(bytes.subarray(0, -512)).digest('hex'));
            assert.ok(verify('sha256', Buffer.from(words.slice(0, 8).join(' ')), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(words[9], 'hex')));
        }
    });

    test('goes on after a kill at any moment, and loses nothing', async () => {
        for (let round = 0; round < 6; round++) {
            await more(SEGMENT * 3);
            const rows = await follow('coupon'), files = segments('coupon').length;
            await stack.call('coupon', 'Daemon.ArchiveJournal', { keepRows: '3' });
            // Somewhere within: after the first, the second or the third new file, or before any.
            await until('it is under way', () => segments('coupon').length >= files + round % 4);
            await stack.kill('coupon');
            await again('coupon');
            assert.deepEqual(await follow('coupon'), rows);
            await stack.archive('coupon', 3);
            assert.deepEqual(await follow('coupon'), rows);
            const { code, stdout } = await audit('coupon');
            assert.equal(code, 0, stdout);
        }
    });

    test('rows by number, and the heads, are found in it', async () => {
        const rows = await follow('coupon'), first = rows[1];
        const { code, stdout } = await stack.command('coupon', '--row', first.seq);
        assert.equal(code, 0);
        assert.equal(stdout.trim(), Buffer.from(first.hash, 'base64').toString('hex'));
        const { stdout: clean } = await audit('coupon');
        assert.match(clean, /^clean: \d+ journal rows$/m);
    });

    test('a file that is missing or changed is named, and refused to readers until it is back', async () => {
        const path = stack.path('archive', 'coupon', '000002.segment');
        const page = (afterSeq) => stack.command('coupon', '--call', 'Daemon.ReadJournal', JSON.stringify({ afterSeq: String(afterSeq), limit: 1 }));
        copyFileSync(path, `${path}.kept`);
        for (const [damage, named] of [
            [() => rmSync(path), /000002\.segment \(rows 41 to 80\) is missing/],
            [() => {
                const bytes = readFileSync(path);
                bytes[20] ^= 1; // of the first row's time
                chmodSync(path, 0o600);
                writeFileSync(path, bytes);
            }, /000002\.segment \(rows 41 to 80\) has a row 41 that does not match its hash/],
            [() => copyFileSync(stack.path('archive', 'coupon', '000003.segment'), `${path}.other`) ?? renameSync(`${path}.other`, path),
                /000002\.segment \(rows 41 to 80\) is another one than the store tells of/],
        ]) {
            damage();
            const { code, stdout } = await audit('coupon');
            assert.equal(code, 1);
            assert.match(stdout, named);
            // Opened anew, as none of it is at hand.
            await stack.stop('coupon');
            await again('coupon');
            assert.equal((await page(0)).code, 0);
            const refused = await page(40);
            assert.notEqual(refused.code, 0);
            assert.match(refused.stdout + refused.stderr, /STORE_FAILED/);
            copyFileSync(`${path}.kept`, `${path}.back`);
            renameSync(`${path}.back`, path);
            assert.equal((await page(50)).code, 0);
        }
        rmSync(`${path}.kept`);
        assert.equal((await audit('coupon')).code, 0);
    });

    test('goes along with a backup, once for all of them, and is restored', async () => {
        symlinkSync(build, stack.path('build'));
        const deploy = (script, ...args) => run(join(top, 'deploy', script), args, { env: { ...process.env, HUIGONG_HOME: stack.folder } });
        const rows = await follow('coupon'), folders = [];
        for (let i = 0; i < 2; i++) {
            const { code, stdout, stderr } = await deploy('backup', stack.path('backup'));
            assert.equal(code, 0, stderr);
            folders.push(stdout.trim());
            if (i === 0)
                await until('a second has passed', () => new Date().toISOString().replaceAll(/[-:]|\..*/g, '') > folders[0].slice(-16, -1));
        }
        const links = (folder) => execFileSync('stat', ['-c', '%h %i', join(folder, 'coupon.000001.segment')], { encoding: 'utf8' });
        assert.equal(links(folders[0]), links(folders[1]));
        assert.match(links(folders[0]), /^2 /);
        for (const name of [...DAEMONS].reverse())
            await stack.stop(name);
        rmSync(stack.path('archive', 'coupon'), { recursive: true });
        const { code, stdout, stderr } = await deploy('restore', folders[1]);
        assert.equal(code, 0, stdout + stderr);
        for (const name of DAEMONS)
            stack.spawn(name);
        await stack.ready();
        assert.deepEqual((await follow('coupon')).slice(0, rows.length), rows);
        await stack.assertCleanAudits();
        assert.equal((await claim(next++)).status, 201);
    });

    test('a backup that has lost one of its files is not restored', async () => {
        const folder = join(stack.path('backup'), readdirSync(stack.path('backup')).sort().at(-1));
        for (const name of [...DAEMONS].reverse())
            await stack.stop(name);
        rmSync(join(folder, 'coupon.000002.segment'));
        const env = { ...process.env, HUIGONG_HOME: stack.folder };
        const listed = await run(join(top, 'deploy/restore'), [folder], { env });
        assert.notEqual(listed.code, 0);
        assert.match(listed.stderr, /is damaged: nothing was changed/);
        const sums = readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
        writeFileSync(join(folder, 'SHA256SUMS'), sums.replace(/.* coupon\.000002\.segment\n/, ''));
        const unlisted = await run(join(top, 'deploy/restore'), [folder], { env });
        assert.notEqual(unlisted.code, 0);
        assert.match(unlisted.stdout, /000002\.segment \(rows 41 to 80\) is missing/);
    });
});
