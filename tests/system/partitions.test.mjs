// A service in several partitions: each with a store, a journal and a queue of its own, and every
// call where the .proto says it goes.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { csv, EVERY_ROLE, mint } from './people.mjs';
import { publishRelease } from './releases.mjs';
import { run, Stack, until } from './stack.mjs';
import { unionAt } from './unions.mjs';

const FOSHAN = '00010006', MAOMING = '00010009';
const PARTITIONS = {
    'coupon.4406': { number: 1, union: FOSHAN },
    'coupon.4409': { number: 1023, union: MAOMING },
};
const PLACES = [
    { queue: 'coupon', number: 0, union: '0001' },
    { queue: 'coupon.4406', number: 1, union: `${FOSHAN}0003` },
    { queue: 'coupon.4409', number: 1023, union: MAOMING },
];
const EPOCH = 1704067200000;

let stack, token;

before(async () => {
    stack = await Stack.start({
        partitions: PARTITIONS,
        prepare: (one) => {
            one.settings.witness = { HUIGONG_STORE: one.path('witness'), ...one.headSettings('witness'), HUIGONG_SESSION_POINT: one.path('keys', 'session.point') };
            mkdirSync(one.path('witness'), { mode: 0o700 });
        },
    });
    token = mint(stack.tokenKey(), { memberId: 1, grants: EVERY_ROLE });
    stack.spawn('witness');
    assert.equal((await stack.import('unions', tree())).code, 0);
});

after(() => stack.close());

/** Two roots; below the second ten unions, and below its seventh four: those of PLACES are among them. */
function tree() {
    const below = (parent, n) => Array.from({ length: n }, (_, i) => [`${parent}-${i}`, `${parent}第${i}工会`, parent]);
    return csv(['code', 'name', 'parent_code'], [['44', '甲工会', ''], ['45', '乙工会', ''], ...below('45', 10), ...below('45-6', 4)]);
}

const publish = async ({ queue, union }) => publishRelease(stack, { stock: 50, unionId: await unionAt(stack, union, queue) });

const claim = (releaseId, memberId, unionPath) => stack.post(`/v1/releases/${releaseId}/claims`, undefined,
    { token: mint(stack.tokenKey(), { memberId, unionPath }), key: `claim-${memberId}` });

/** A claim, as soon as the release is open. */
async function claimed(releaseId, memberId, unionPath) {
    const answer = await until('the release opens', async () => {
        const one = await claim(releaseId, memberId, unionPath);
        return one.json.reason !== 'NOT_OPEN_YET' && one;
    });
    assert.equal(answer.status, 201, answer.text);
    return answer.json.couponId;
}

const partitionOf = (id) => Number(BigInt(id) & 1023n);

test('a release is made where its union belongs, and claimed by its id', async () => {
    const told = [];
    for (const { queue, number, union } of PLACES) {
        const releaseId = await publish({ queue, union });
        const couponId = await claimed(releaseId, 7, union);
        assert.deepEqual([partitionOf(releaseId), partitionOf(couponId)], [number, number]);
        const rows = await stack.query(queue, `SELECT member_id FROM claim WHERE release_id = ${releaseId}`);
        assert.deepEqual(rows, [{ member_id: 7 }]);
        const mine = { token: mint(stack.tokenKey(), { memberId: 7, unionPath: union }) };
        const coupon = await stack.get(`/v1/me/coupons/${couponId}`, mine);
        assert.equal(coupon.json.releaseId, releaseId, coupon.text);
        assert.equal((await stack.get(`/v1/releases/${releaseId}`, mine)).status, 200);
        told.push(releaseId, couponId);
    }
    // The follower keeps a cursor for each journal.
    const store = stack.path('witness', 'data.sqlite');
    const witness = async (sql) => {
        const { stdout } = await stack.inside('witness', ['sqlite3', '-cmd', '.timeout 10000', '-readonly', store, sql]);
        return stdout.trim().split('\n').sort();
    };
    await until('the witness has heard of all', async () =>
        (await witness('SELECT id FROM told')).join() === [...told].sort().join());
    const sources = await witness("SELECT source FROM cursor WHERE seq > 0");
    assert.deepEqual(sources, PLACES.map(({ queue }) => queue));
});

test('the command line finds the partition too, and probes its own', async () => {
    for (const { queue, number, union } of PLACES) {
        const releaseId = await publish({ queue, union });
        const { release } = await stack.call('coupon', 'Coupons.GetRelease', { releaseId });
        assert.equal(release.releaseId, releaseId);
        const { stdout } = await stack.command(queue, '--probe');
        assert.match(stdout, new RegExp(`^healthy ${queue}: `));
        const { releases } = await stack.call(queue, 'Coupons.ListReleases', {});
        assert.ok(releases.every((one) => partitionOf(one.release.releaseId) === number));
    }
});

test('broker and gateway count every partition', async () => {
    const counts = PLACES.flatMap(({ queue }) => [`huigong_queue_ready{queue="${queue}"} 1$`,
        `huigong_queue_served{service="broker",queue="${queue}"} 1$`, `huigong_journal_rows{service="${queue}"} [1-9]`]);
    // The gateway asks broker and daemons from time to time.
    for (const count of counts) {
        const pattern = new RegExp(`^${count.replace(/[{}]/g, '\\$&')}`, 'm');
        await until(count, async () => pattern.test(await stack.metrics()));
    }
});

test('one that is gone is missing alone', async () => {
    const ids = [];
    for (const place of PLACES)
        ids.push(await publish(place));
    for (const [i, { union }] of PLACES.entries())
        await claimed(ids[i], 100, union);
    await stack.kill('coupon.4406');
    const after = [];
    for (const [i, { union }] of PLACES.entries())
        after.push(await claim(ids[i], 101, union));
    assert.deepEqual(after.map((one) => one.status), [201, 503, 201]);
    assert.equal(after[1].json.reason, 'SERVICE_DOWN');
    stack.spawn('coupon.4406');
    await stack.serves('coupon.4406');
    assert.equal((await claim(ids[1], 101, PLACES[1].union)).status, 201);
    await stack.assertCleanAudits();
});

test('a store serves one partition', async () => {
    const environment = { ...stack.environment('coupon.4406'), HUIGONG_STORE: stack.path('store', 'coupon.4409') };
    await stack.stop('coupon.4409');
    const { code, stderr } = await stack.inside('coupon', [stack.program('coupon')], { env: environment, timeout: 20000 });
    assert.equal(code, 1);
    assert.match(stderr, /"event":"store_of_another_partition"/);
    const unknown = { ...environment, HUIGONG_PARTITION: '4404=4' };
    const refused = await stack.inside('coupon', [stack.program('coupon'), '--check'], { env: unknown });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /"event":"partition_not_listed"/);
    const ofIdentity = { ...stack.environment('identity'), HUIGONG_PARTITIONS: 'identity.4406=6' };
    const callless = await stack.inside('identity', [stack.program('identity'), '--check'], { env: ofIdentity });
    assert.equal(callless.code, 1);
    assert.match(callless.stderr, /"event":"partition_refused".*Method\.partition/);
    stack.spawn('coupon.4409');
    await stack.serves('coupon.4409');
});

test('what was made before there were partitions stays where it is', async () => {
    // Ids counted in 21 bits, those of every partition among them.
    const old = (BigInt(Date.now() - EPOCH - 86400000) << 21n) + 1n;
    await stack.stop('coupon');
    const { code, stderr } = await stack.inside('coupon', ['sqlite3', stack.store('coupon'),
        `DELETE FROM claim; DELETE FROM claim_of_member; DELETE FROM release; DELETE FROM ids; UPDATE progress SET upto = 0;
         INSERT INTO release (release_id, title, union_path, face_fen, threshold_fen, stock_per_day, opens_at, days,
             allowance, valid_days, state, created_at)
         VALUES (${old}, '旧券', '0001', 500, 500, 5, ${Date.now() - 1000}, 3, 0, 30, 1, ${Date.now() - 86400000});
         INSERT INTO audience (audience_id, path, level) VALUES (${old}, '0001', 0)`]);
    assert.equal(code, 0, stderr);
    stack.spawn('coupon');
    await until('the gateway knows where the ids begin', async () =>
        (await stack.get(`/v1/releases/${old}`, { token })).status === 200);
    const couponId = await claimed(String(old), 9, '0001');
    assert.equal(partitionOf(couponId), 0);
    assert.ok(BigInt(couponId) > old);
    const { release } = await stack.call('coupon', 'Coupons.GetRelease', { releaseId: String(old) });
    assert.equal(release.title, '旧券');
});

test('more queues than there can be are refused at start', async () => {
    const HUIGONG_PARTITIONS = Array.from({ length: 256 }, (_, i) => `coupon.${i + 1}=${i + 1}`).join(' ');
    const bus = stack.path('a-bus-of-its-own');
    mkdirSync(bus);
    const listen = { HUIGONG_LISTEN: '127.0.0.1:0', HUIGONG_LISTEN_METRICS: '' };
    for (const [name, settings] of [['broker', {}], ['gateway', listen]]) {
        const env = { ...stack.environment(name), HUIGONG_BUS: bus, HUIGONG_PARTITIONS, ...settings };
        const { code, stderr } = await run(stack.program(name), [], { env, timeout: 20000 });
        assert.equal(code, 1, `${name}: ${stderr}`);
        assert.match(stderr, /"event":"too_many_queues","limit":"256"/);
    }
});
