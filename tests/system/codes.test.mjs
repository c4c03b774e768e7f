// Codes of a partner over HTTP: uploaded as clerks have them, each handed out once and shown to who has it alone, and
// good no more by two hands.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { mint, person, rosterCsv, unionsCsv, verify } from './people.mjs';
import { publishRelease } from './releases.mjs';
import { Stack, until } from './stack.mjs';
import { gb18030 } from './tables.mjs';
import { placed, unionAt } from './unions.mjs';
import { uploader } from './uploads.mjs';

let stack, city, releaseId, uploads, hers, another;

const official = (memberId) => mint(stack.tokenKey(), { memberId, grants: [{ role: 'BENEFIT_MANAGER', unionPath: city.path }] });
const claim = (token) => stack.post(`/v1/releases/${releaseId}/claims`, undefined, { token });
const left = async () => (await stack.get(`/v1/releases/${releaseId}`, { token: official(801) })).json.left;
const partnerCode = async (token, { couponId }) => (await stack.get(`/v1/me/coupons/${couponId}`, { token })).json.partnerCode;
const report = async (path) => (await stack.get(`${path}/report`, { token: official(801) })).text.slice(1).trimEnd().split('\r\n');

/** The processes that one has started, by their command lines. */
const children = (pid) => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
        const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1).split(' ');
        return Number(parent) === pid ? [readFileSync(`/proc/${name}/cmdline`, 'utf8')] : [];
    } catch {
        return []; // it has ended
    }
});

before(async () => {
    stack = await Stack.start();
    assert.equal((await stack.import('unions', unionsCsv())).code, 0);
    assert.equal((await stack.import('roster', rosterCsv([person(1), person(2)]))).code, 0);
    city = await placed(stack, '440600');
    await unionAt(stack, city.path, 'coupon');
    [hers, another] = await Promise.all([1, 2].map(async (n) => (await verify(stack, person(n))).token));
    releaseId = await publishRelease(stack, { unionId: city.unionId, stock: 0, title: '电影票', way: 'CODES',
        codes: { partner: '大地影院', howTo: '选座时输入券码' } });
    uploads = uploader(stack, official(801), '/v1/code-imports');
    await until('it is open and has nothing to give yet', async () => (await claim(hers)).json.reason === 'SOLD_OUT');
});
after(() => stack?.close());

test('what stands twice is reported by its line and not by the code; nothing is taken over before it is confirmed', async () => {
    assert.equal(children(stack.pids().coupon).filter((line) => line.includes('--child')).length, 1, 'a child reads the files');
    const file = gb18030('合作影院券码表,,\r\n序号,券码,密码\r\n1,AAAA-0001,1111\r\n2,AAAA-0002,\r\n3,AAAA-0001,3333\r\n4,X,\r\n');
    const { path, ...json } = await uploads.upload(file, { releaseId });
    assert.deepEqual([json.state, json.kind, json.form, json.headingsLine], ['IMPORT_CHECKED', 'IMPORT_CODES', 'GB18030 ,', 2]);
    assert.deepEqual([json.rows, json.loaded, json.refused], [4, 2, 2]);
    const lines = await report(path);
    assert.deepEqual(lines.slice(0, 4), ['行号,结果,列,说明,代码', '3,新增,,,', '4,新增,,,', '5,未导入,券码,"与本文件上方的券码重复",CODE_TWICE']);
    assert.match(lines[4], /^6,未导入,券码,"[^"]+",CODE_INVALID$/);
    assert.ok(!lines.join().includes('AAAA'), 'no code is named');
    assertProblem(await claim(hers), 409, 'SOLD_OUT');
    const done = await uploads.confirm(path);
    assert.deepEqual([done.state, done.loaded, done.refused], ['IMPORT_LOADED', 2, 2]);
    assert.equal(await left(), 2);
});

test('a list of nothing but codes is a table; what was imported before is reported', async () => {
    const { path, ...json } = await uploads.upload('券码\nBBBB-0001\nAAAA-0002\n', { releaseId });
    assert.deepEqual([json.state, json.rows, json.loaded, json.refused], ['IMPORT_CHECKED', 2, 1, 1]);
    await uploads.confirm(path);
    assert.deepEqual((await report(path)).slice(1), ['2,新增,,,', '3,未导入,券码,"该券码以前已经导入过",CODE_KNOWN']);
    assert.equal(await left(), 3);
    const { imports } = (await stack.get('/v1/code-imports', { token: official(801) })).json;
    assert.equal(imports.length, 2);
    assertProblem(await stack.get(path, { token: official(802) }), 404, 'IMPORT_NOT_FOUND');
    assertProblem(await stack.get(path, { token: hers }), 403, 'NOT_OFFICIAL');
});

test('each code goes with one coupon and is shown to its holder alone', async () => {
    const first = await claim(hers), again = await claim(hers), second = await claim(another);
    assert.equal(first.status, 201, first.text);
    assert.deepEqual(first.json.partnerCode, { code: 'AAAA-0001', pin: '1111', partner: '大地影院', howTo: '选座时输入券码' });
    assert.deepEqual([again.json.couponId, again.json.partnerCode], [first.json.couponId, first.json.partnerCode]);
    assert.equal(second.json.partnerCode.code, 'AAAA-0002');
    const [mine] = (await stack.get('/v1/me/coupons', { token: hers })).json.coupons;
    assert.equal(mine.partnerCode.code, 'AAAA-0001');
    for (const token of [another, official(801)]) {
        assert.equal((await stack.get(`/v1/me/coupons/${first.json.couponId}`, { token })).status, 404);
        for (const path of ['/v1/me/coupons', '/v1/me/offers', `/v1/releases/${releaseId}`])
            assert.ok(!(await stack.get(path, { token })).text.includes('AAAA-0001'), path);
    }
    assert.ok(!readFileSync(stack.store('coupon')).includes('AAAA-0001'), 'it is sealed');
    assert.ok(!JSON.stringify(Object.values(stack.logs)).includes('AAAA'), 'it is in no log');
});

test('a bad code is good no more by two hands, and its holder has the next one', async () => {
    const coupon = (await claim(hers)).json, other = (await claim(another)).json;
    const propose = (what) => stack.post(`/v1/releases/${releaseId}/code-voids`, { remark: '影院称该码已被使用', ...what },
        { token: official(801), key: randomUUID() });
    const confirm = ({ json }, memberId) => stack.post(`/v1/code-voids/${json.voidId}:confirm`, {}, { token: official(memberId) });
    assertProblem(await propose({ code: 'ZZZZ-0001' }), 404, 'CODE_NOT_FOUND');
    const bad = await propose({ code: 'AAAA-0001' });
    assert.equal(bad.status, 201, bad.text);
    assertProblem(await confirm(bad, 801), 403, 'HANDS_SAME');
    assert.equal((await partnerCode(hers, coupon)).code, 'AAAA-0001');
    assert.equal((await confirm(bad, 802)).json.state, 'CODE_VOID_DONE');
    assert.equal((await partnerCode(hers, coupon)).code, 'BBBB-0001');
    assert.equal(await left(), 0);
    const complaint = await propose({ couponId: other.couponId });
    assertProblem(await confirm(complaint, 802), 409, 'CODES_NONE_LEFT');
    assert.equal((await partnerCode(another, other)).code, 'AAAA-0002');
    const listed = await stack.get(`/v1/releases/${releaseId}/code-voids`, { token: official(801) });
    assert.deepEqual(listed.json.voids.map(({ state }) => state), ['CODE_VOID_PROPOSED', 'CODE_VOID_DONE']);
    assert.ok(!listed.text.includes('AAAA'), 'no code is named');
    await until('she is told', async () => (await stack.get('/v1/me/inbox', { token: hers })).text.includes('COUPON_CODE_REPLACED'));
    await stack.assertCleanAudits();
});
