// The witness of a journal outside its store: what is cut off its end or made anew is seen, also when nothing runs;
// a backup is of one state, and a restore of several that are not is refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { person, rosterCsv, unionsCsv } from './people.mjs';
import { claimer, openRelease } from './releases.mjs';
import { Stack, until } from './stack.mjs';

const sql = (file, text) => execFileSync('sqlite3', [file, text], { encoding: 'utf8' }).trim();

describe('heads', () => {
    let stack, heads;

    before(async () => {
        stack = await Stack.start({});
        const rider = person(1);
        await stack.import('unions', unionsCsv());
        await stack.import('roster', rosterCsv([rider]));
        const claim = claimer(stack, await openRelease(stack, { stock: 50 }));
        for (let member = 1; member <= 20; member++)
            assert.equal((await claim(member)).status, 201);
        heads = () => readFileSync(stack.path('heads', 'coupon', 'heads'), 'utf8').trim().split('\n').map((line) => line.split(' '));
    });
    after(() => stack?.close());

    const audit = async () => {
        const { code, stdout } = await stack.audit('coupon');
        return { code, stdout };
    };
    const rows = () => Number(sql(stack.store('coupon'), 'SELECT max(seq) FROM journal'));

    test('a clean stop signs the last row', async () => {
        await stack.stop('coupon');
        const last = heads().at(-1);
        assert.equal(last[1], 'coupon');
        assert.equal(Number(last[2]), rows());
        assert.equal(last[4], sql(stack.store('coupon'), `SELECT lower(hex(hash)) FROM journal WHERE seq = ${last[2]}`));
        assert.equal((await audit()).code, 0);
    });

    test('rows that are cut off the end are missed', async () => {
        const file = stack.store('coupon'), signed = rows();
        sql(file, `CREATE TABLE kept AS SELECT * FROM journal WHERE seq > ${signed - 10}; DELETE FROM journal WHERE seq > ${signed - 10}`);
        const { code, stdout } = await audit();
        assert.equal(code, 1);
        assert.match(stdout, new RegExp(`ends at row ${signed - 10}, and row \\d+ was signed: the end has been cut off`));
        sql(file, 'INSERT INTO journal SELECT * FROM kept; DROP TABLE kept');
        assert.equal((await audit()).code, 0);
    });

    test('a journal that is made anew is recognised, although its chain is sound', async () => {
        const file = stack.store('coupon');
        sql(file, 'CREATE TABLE kept AS SELECT * FROM journal');
        const made = JSON.parse(execFileSync('sqlite3', ['-json', file,
            'SELECT seq, at, kind, actor, hex(body) AS body FROM journal ORDER BY seq'], { encoding: 'utf8', maxBuffer: 1 << 26 }));
        let hash = Buffer.alloc(32);
        const updates = made.map(({ seq, at, kind, actor, body }) => {
            const head = Buffer.alloc(28), whose = seq === made[0].seq ? actor + 1 : actor;
            head.writeBigInt64BE(BigInt(seq), 0);
            head.writeBigInt64BE(BigInt(at), 8);
            head.writeInt32BE(kind, 16);
            head.writeBigInt64BE(BigInt(whose), 20);
            hash = createHash('sha256').update(hash).update(head).update(Buffer.from(body, 'hex')).digest();
            return `UPDATE journal SET actor = ${whose}, hash = x'${hash.toString('hex')}' WHERE seq = ${seq};`;
        });
        sql(file, updates.join('\n'));
        const { code, stdout } = await audit();
        assert.equal(code, 1);
        assert.match(stdout, /row \d+ is not the one that was signed: the journal was made anew/);
        sql(file, 'DELETE FROM journal; INSERT INTO journal SELECT * FROM kept; DROP TABLE kept');
        assert.equal((await audit()).code, 0);
    });

    test('a running daemon signs its first rows at once, and tells its heads', async () => {
        stack.spawn('coupon');
        await stack.ready();
        const { code, stdout } = await stack.command('coupon', '--call', 'Daemon.ListHeads', '{"limit":1}');
        assert.equal(code, 0);
        const told = JSON.parse(stdout);
        assert.equal(told.queue, 'coupon');
        assert.equal(told.heads.length, 1);
        assert.equal(Number(told.heads[0].seq), rows());
    });

    test('anybody reads the heads at the gateway, and checks them', async () => {
        const published = await until('the heads of coupon are published', async () => {
            const answer = await stack.get('/v1/journal-heads');
            assert.equal(answer.status, 200, answer.text);
            const one = answer.json.journals.find(({ queue }) => queue === 'coupon');
            return one?.heads.length && one;
        });
        const point = Buffer.from(published.publicPoint, 'hex'), b64 = (part) => part.toString('base64url');
        const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: b64(point.subarray(0, 32)), y: b64(point.subarray(32)) } });
        for (const { seq, at, hash, signature } of published.heads) {
            const good = verify('sha256', Buffer.from(`hg-head-1 coupon ${seq} ${at} ${hash}`), { key, dsaEncoding: 'ieee-p1363' },
                Buffer.from(signature, 'hex'));
            assert.ok(good, `row ${seq}`);
        }
        assert.ok((await stack.get('/v1/journal-heads')).json.journals.some(({ queue }) => queue === 'identity'));
    });
});
