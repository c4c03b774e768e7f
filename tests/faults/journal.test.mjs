// One flipped byte: --audit names the row that it is in.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { chance, newSeed, person, rosterCsv, unionsCsv } from '../system/people.mjs';
import { openRelease } from '../system/releases.mjs';
import { run, Stack } from '../system/stack.mjs';
import { Load } from './load.mjs';

describe('one flipped byte', () => {
    let stack, seed;

    async function sqlite(name, sql) {
        const { code, stdout, stderr } = await run('sqlite3', [stack.store(name), sql]);
        assert.equal(code, 0, stderr);
        return stdout.trim();
    }

    /** Puts the store back as it was when the daemons stopped. */
    function restore(name) {
        for (const suffix of ['-wal', '-shm'])
            rmSync(stack.store(name) + suffix, { force: true });
        copyFileSync(`${stack.store(name)}.good`, stack.store(name));
    }

    async function assertAudit(name, code, text) {
        const answer = await stack.audit(name);
        assert.match(answer.stdout, text);
        assert.equal(answer.code, code, answer.stdout);
    }

    before(async () => {
        seed = newSeed();
        stack = await Stack.start();
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv(Array.from({ length: 60 }, (_, n) => person(n))));
        await stack.login(person(1).mobile);
        const releaseId = await openRelease(stack, { stock: 50 });
        await new Load(stack, releaseId, { members: 60, random: chance(seed) }).run();
        for (const name of ['gateway', 'coupon', 'identity', 'broker'])
            await stack.stop(name);
        for (const name of ['coupon', 'identity']) {
            await sqlite(name, 'PRAGMA wal_checkpoint(TRUNCATE)');
            copyFileSync(stack.store(name), `${stack.store(name)}.good`);
            await assertAudit(name, 0, /^clean: \d+ journal rows$/m);
        }
    });
    after(() => stack.close());

    for (const name of ['coupon', 'identity']) {
        test(`in any column of a row of ${name}'s journal names the row`, async () => {
            const random = chance(seed);
            const rows = Number(await sqlite(name, 'SELECT count(*) FROM journal'));
            assert.ok(rows >= 50, `${rows} rows`);
            for (const column of ['at', 'kind', 'actor', 'body', 'hash']) {
                for (const seq of [1, 1 + Math.floor(random() * rows), rows]) {
                    if (column === 'body' || column === 'hash') {
                        const bytes = Buffer.from(await sqlite(name, `SELECT hex(${column}) FROM journal WHERE seq = ${seq}`), 'hex');
                        bytes[Math.floor(random() * bytes.length)] ^= 1 << Math.floor(random() * 8);
                        await sqlite(name, `UPDATE journal SET ${column} = x'${bytes.toString('hex')}' WHERE seq = ${seq}`);
                    } else {
                        await sqlite(name, `UPDATE journal SET ${column} = ${column} + 1 WHERE seq = ${seq}`);
                    }
                    await assertAudit(name, 1, new RegExp(`^journal: row ${seq} does not match its hash$`, 'm'));
                    restore(name);
                }
            }
            await assertAudit(name, 0, /^clean/m);
        });

        test(`in the file of ${name}'s store names the row`, async () => {
            const random = chance(seed + 1);
            const good = readFileSync(stack.store(name));
            const rows = Number(await sqlite(name, 'SELECT count(*) FROM journal'));
            for (let i = 0; i < 10; i++) {
                const seq = 1 + Math.floor(random() * rows);
                // The two last columns stand side by side in the row's record.
                const record = Buffer.from(await sqlite(name, `SELECT hex(body) || hex(hash) FROM journal WHERE seq = ${seq}`), 'hex');
                const at = good.indexOf(record);
                assert.ok(at > 0 && good.indexOf(record, at + 1) < 0, 'the record stands in the file once');
                const bad = Buffer.from(good);
                bad[at + Math.floor(random() * record.length)] ^= 1 << Math.floor(random() * 8);
                writeFileSync(stack.store(name), bad);
                await assertAudit(name, 1, new RegExp(`^journal: row ${seq} does not match its hash$`, 'm'));
                restore(name);
            }
        });
    }

    test('a row taken out of the journal is missed', async () => {
        await sqlite('coupon', 'DELETE FROM journal WHERE seq = 7');
        await assertAudit('coupon', 1, /^journal: row 7 is missing$/m);
        restore('coupon');
    });

    test('a claim that is not what the journal says is named', async () => {
        for (const change of ['member_id = member_id + 1', 'day = 1', 'release_id = release_id + 1']) {
            await sqlite('coupon', `UPDATE claim SET ${change} WHERE coupon_id = (SELECT coupon_id FROM claim LIMIT 1 OFFSET 20)`);
            await assertAudit('coupon', 1, /^claims: the store does not agree with journal row \d+$/m);
            restore('coupon');
        }
        await sqlite('coupon', 'DELETE FROM claim WHERE coupon_id = (SELECT max(coupon_id) FROM claim)');
        await assertAudit('coupon', 1, /^claims: the store does not agree with journal row \d+$/m);
        restore('coupon');
    });

    test('a page that is torn is found by the check of the file itself', async () => {
        const file = readFileSync(stack.store('coupon'));
        file.fill(0, 4096, 8192);
        writeFileSync(stack.store('coupon'), file);
        const { code } = await stack.audit('coupon');
        assert.equal(code, 1);
        restore('coupon');
        await assertAudit('coupon', 0, /^clean/m);
    });
});
