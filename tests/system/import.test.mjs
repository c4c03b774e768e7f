// Tables as clerks have them, by the command line and over HTTP.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { assertProblem } from './http.mjs';
import { enrol, grant, mobile, person, residentId, rosterCsv, unionCoded, UNIONS, unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';
import { compound, gb18030, workbook, zip } from './tables.mjs';
import { PART, uploader } from './uploads.mjs';

const HEADINGS = ['序号', '姓名', '身份证号码', '联系电话', '所属工会', '职业'];
const row = (n, one = person(n)) => [String(n), one.name, one.residentId, one.mobile, one.union, one.trade];
const lines = (rows, separator = ',', end = '\r\n') => rows.map((one) => one.join(separator) + end).join('');
const totals = (stdout) => Object.fromEntries([...stdout.matchAll(/(\w+)=(\d+)/g)].map(([, name, n]) => [name, Number(n)]));

describe('the command line', () => {
    let stack, n = 0;

    const run = async (kind, bytes, ...more) => {
        const file = stack.path(`table-${n++}`);
        writeFileSync(file, bytes);
        const { code, stdout, stderr } = await stack.command('identity', '--import', kind, file, ...more);
        return { code, stdout, stderr, ...totals(stdout) };
    };
    const assertLoaded = async (bytes, loaded, more = {}) => {
        const done = await run('roster', bytes);
        assert.deepEqual([done.code, done.lines, done.loaded], [0, loaded, loaded], done.stdout);
        for (const [name, value] of Object.entries(more)) assert.equal(done[name], value, done.stdout);
        return done.stdout;
    };
    const rosterRows = async () => (await stack.query('identity', 'SELECT count(*) AS n FROM roster'))[0].n;

    before(async () => {
        stack = await Stack.start({ daemons: ['broker', 'identity'] });
        await stack.serves('identity');
    });
    after(() => stack?.close());

    test('a workbook of unions, with its title, its order of columns and an empty row', async () => {
        const rows = UNIONS.map(([code, name, parent]) => [name, parent || null, code]);
        const done = await run('unions', workbook({ name: '工会', rows: [['某市工会一览表'], null, ['工会名称', '上级工会编码', '工会编码'],
            ...rows.slice(0, 2), null, ...rows.slice(2)] }));
        assert.equal(done.code, 0, done.stdout);
        assert.equal(done.loaded, UNIONS.length);
        assert.match(done.stdout, /^file: xlsx 工会$/m);
        assert.match(done.stdout, /^headings: line 3$/m);
        const again = await run('unions', unionsCsv());
        assert.deepEqual([again.code, again.unchanged], [0, UNIONS.length], again.stdout);
    });

    test('one roster in every form that Excel and WPS save it in: the same rows', async () => {
        const rows = [HEADINGS, row(1), row(2), row(3)], text = lines(rows);
        assert.match(await assertLoaded(text, 3), /^file: UTF-8 ,$/m);
        const forms = {
            bom: '\ufeff' + text, gbk: gb18030(text), semicolon: lines(rows, ';'), tab: gb18030(lines(rows, '\t')),
            utf16: Buffer.from('\ufeff' + lines(rows, '\t'), 'utf16le'), cr: lines(rows, ',', '\r'), lf: lines(rows, ',', '\n'),
            sep: 'sep=;\r\n' + lines(rows, ';'), quoted: lines(rows.map((one) => one.map((cell) => `"${cell}"`))),
            kept: lines([HEADINGS, ...rows.slice(1).map((one) => one.map((cell, i) => (i === 2 ? `="${cell}"` : cell)))]),
            xlsx: workbook({ name: '名册', rows }),
            merged: workbook({ name: '名册', rows: rows.map((one, y) => one.map((cell, i) => (y > 1 && i === 4 ? null : cell))), merged: ['E2:E4'] }),
        };
        for (const [name, form] of Object.entries(forms)) {
            const done = await run('roster', form);
            assert.deepEqual([name, done.code, done.lines, done.unchanged], [name, 0, 3, 3], done.stdout);
        }
    });

    test('GB18030 with 17 bad rows of 1,000: each named by its line and character, the others loaded', async () => {
        const people = Array.from({ length: 1000 }, (_, i) => person(i, '440606'));
        const bad = [20, 77, 78, 200, 201, 202, 400, 401, 499, 500, 501, 700, 701, 800, 900, 998, 999];
        const spoil = [(one) => { one.name = 'Wang小明'; }, (one) => { one.name = '王、小明'; }, (one) => { one.mobile = '1234'; },
            (one) => { one.residentId = `${one.residentId.slice(0, 16)}??`; }, (one) => { one.union = '999999'; },
            (one) => { one.trade = '宇航员'; }, (one) => { one.residentId = '4.40604E+17'; }];
        bad.forEach((at, i) => spoil[i % spoil.length](people[at]));
        const done = await run('roster', gb18030(lines([['会员名册'], HEADINGS, ...people.map((one, i) => row(i, one))])));
        assert.equal(done.code, 1, done.stdout);
        assert.deepEqual([done.lines, done.loaded, done.refused], [1000, 983, 17]);
        assert.deepEqual(done.stdout.match(/^line \d+: (?!.*warning)/gm).map((one) => parseInt(one.slice(5), 10)),
            bad.map((at) => at + 3));
        assert.match(done.stdout, /^line 80: NAME_INVALID name 、 U\+3001$|^line 80: NAME_INVALID name . U\+3001$/m);
        assert.match(done.stdout, /: NUMBER_ROUNDED residentId$/m);
        assert.ok(!done.stdout.includes(people[0].name) && !done.stdout.includes(people[20].residentId), 'nobody is named');
    });

    test('what a workbook has besides texts', async () => {
        const one = person(30), two = person(31), three = person(32), born = residentId(0, { birth: '19881201' });
        const stdout = await assertLoaded(workbook(
            { name: '说明', rows: [['填写说明']], hidden: true },
            { name: '空表', rows: [] },
            { name: '一车间', rows: [['一车间会员名册', null, null], HEADINGS.concat('出生日期'), null,
                ['1', { t: 'str', xml: `<f>A1&amp;"x"</f><v>${one.name}</v>` }, one.residentId, Number(one.mobile), one.union, null, 33000],
                ['2', { t: 'inlineStr', xml: `<is><r><t>${two.name.slice(0, 1)}</t></r><r><t>${two.name.slice(1)}</t></r></is>` },
                    two.residentId, { xml: `<v>${two.mobile.slice(0, 1)}.${two.mobile.slice(1)}E10</v>` }, two.union],
                [null, '  ', null], ['3', three.name, born, three.mobile, three.union, '货车司机']], merged: ['A1:F1'] },
            { name: '二车间', rows: [HEADINGS, row(33)] },
        ), 3);
        assert.match(stdout, /^file: xlsx 一车间$/m);
        assert.match(stdout, /not read: 序号、出生日期$/m);
        assert.match(stdout, /^rows of other sheets, not read: 2$/m);
    });

    test('a file that cannot be decided is one diagnosis, nothing is loaded, and the command ends with 3', async () => {
        const encrypted = compound('EncryptedPackage'), xls = compound('Workbook'), good = [HEADINGS, row(40), row(41)];
        const cases = [
            ['', 'FILE_EMPTY'], [xls, 'FILE_XLS'], [encrypted, 'FILE_ENCRYPTED'], ['%PDF-1.4\n', 'FILE_KIND'],
            [Buffer.from('89504e470d0a1a0a', 'hex'), 'FILE_KIND'], [zip({ 'a.txt': 'x' }), 'FILE_KIND'],
            [zip({ 'word/document.xml': '<w/>' }), 'FILE_KIND'],
            [workbook({ name: 'a', rows: good }).subarray(0, 700), 'FILE_DAMAGED'],
            [Buffer.concat([gb18030(lines(good)), Buffer.from(lines([row(42)]))]), 'FILE_ENCODING'],
            [lines(good.slice(1)), 'FILE_HEADINGS'], [lines([HEADINGS]), 'FILE_NO_ROWS'],
            [lines([HEADINGS.filter((one) => one !== '联系电话'), ...good.slice(1)]), 'FILE_HEADINGS'],
            [lines([[...HEADINGS, '姓名'], ...good.slice(1)]), 'FILE_HEADING_TWICE'],
            [lines([HEADINGS, ...Array.from({ length: 5 }, (_, i) => row(i, { ...person(i), residentId: '440604199003070000' }))]),
                'FILE_NUMBERS_ROUNDED'],
            [workbook({ name: 'a', rows: [HEADINGS, ...[50, 51, 52].map((i) => row(i).map((cell, x) => (x === 2 ? Number(cell.slice(0, 15)) * 1000 : cell)))] }),
                'FILE_NUMBERS_ROUNDED'],
        ];
        const there = await rosterRows();
        for (const [bytes, reason] of cases) {
            const { code, stdout, loaded } = await run('roster', bytes);
            assert.equal(code, 3, `${reason}: ${stdout}`);
            assert.match(stdout, new RegExp(`^refused: ${reason} \\S+`, 'm'));
            assert.equal(loaded, 0);
            assert.equal(stdout.match(/^(line \d|refused:)/gm).length, 1, stdout);
        }
        assert.equal(await rosterRows(), there);
    });

    test('a file of which every row is refused ends with 3, and one that names its union needs no column', async () => {
        const bare = [['姓名', '身份证', '手机'], ...[60, 61].map((i) => [person(i).name, person(i).residentId, person(i).mobile])];
        const bad = await run('roster', lines(bare), '--union', '999999');
        assert.deepEqual([bad.code, bad.lines, bad.refused], [3, 2, 2], bad.stdout);
        const good = await run('roster', lines(bare), '--union', '440606');
        assert.deepEqual([good.code, good.loaded], [0, 2], good.stdout);
    });

    test('the standard input, as a file and as a pipe', async () => {
        const file = stack.path('input.csv');
        writeFileSync(file, lines([HEADINGS, row(70), row(71)]));
        for (const shell of ['"$0" --import roster - <"$1"', 'cat "$1" | "$0" --import roster -']) {
            const { code, stdout } = await stack.inside('identity', ['sh', '-c', shell, stack.program('identity'), file],
                { env: { ...stack.environment('identity'), PATH: process.env.PATH } });
            assert.deepEqual([code, totals(stdout).loaded], [0, 2], stdout);
        }
    });

    test('who is named twice in a file is refused the second time, on whichever page', async () => {
        const people = Array.from({ length: 450 }, (_, i) => person(i, '440100'));
        people.push(people[3], { ...people[4], union: '440604' });
        const rehearsed = await run('roster', lines([HEADINGS, ...people.map((one, i) => row(i, one))]), '--all-or-nothing');
        assert.equal(rehearsed.code, 3, rehearsed.stdout);
        assert.match(rehearsed.stdout, /^line 452: ROSTER_DUPLICATE residentId$/m);
        const done = await run('roster', lines([HEADINGS, ...people.map((one, i) => row(i, one))]));
        assert.equal(done.code, 1);
        assert.match(done.stdout, /^line 452: ROSTER_DUPLICATE residentId$/m);
        assert.match(done.stdout, /^line 453: ROSTER_CONFLICT residentId \(warning\)$/m);
        assert.deepEqual([done.lines, done.refused], [452, 1]);
        await stack.assertCleanAudits();
    });
});

describe('over HTTP', () => {
    let stack, token, unionId, uploads;

    const PATH = '/v1/imports';
    const roster = (more) => ({ kind: 'IMPORT_ROSTER', unionId, ...more });
    const ask = (...of) => uploads.ask(...of), confirm = (path) => uploads.confirm(path);
    const begin = (file, more) => uploads.begin(file, roster(more)), upload = (file) => uploads.upload(file, roster());
    const numbers = (json) => ['rows', 'done', 'loaded', 'refused', 'updated', 'unchanged'].map((name) => json[name]);
    const rosterRows = async () => (await stack.query('identity', 'SELECT count(*) AS n FROM roster'))[0].n;

    before(async () => {
        stack = await Stack.start();
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        await grant(stack, mobile(900), 'UNION_ADMIN', '440604');
        ({ token } = await enrol(stack, mobile(900)));
        uploads = uploader(stack, token, PATH);
        ({ unionId } = await unionCoded(stack, '440604'));
    });
    after(() => stack?.close());

    test('a workbook of several parts is checked, its report downloaded, and loaded when it is confirmed', async () => {
        const people = Array.from({ length: 1000 }, (_, i) => person(i)), noise = (i) => Array.from({ length: 24 }, (_, n) => `${i * n}`.repeat(9));
        people[10].name = '王…小明';
        people[20].union = '440606';
        const file = workbook({ name: '名册', rows: [['会员名册'], null, [...HEADINGS, '备注'],
            ...people.map((one, i) => [...row(i, one), ...noise(i)])] });
        assert.ok(file.length > PART, 'in parts');
        const { path, ...json } = await upload(file);
        assert.equal(json.state, 'IMPORT_CHECKED', JSON.stringify(json));
        assert.deepEqual([json.form, json.headingsLine, json.titleRows, json.unread], ['xlsx 名册', 3, 1, '序号、备注']);
        assert.deepEqual(numbers(json), [1000, 1000, 998, 2, 0, 0]);
        assert.equal(await rosterRows(), 0);
        const report = await stack.get(`${path}/report`, { token });
        assert.equal(report.headers['content-type'], 'text/csv; charset=utf-8');
        assert.match(report.headers['content-disposition'], /import-\d+\.csv/);
        assert.equal(report.text.codePointAt(0), 0xfeff, 'Excel reads it as UTF-8');
        const lines = report.text.slice(1).trimEnd().split('\r\n');
        assert.equal(lines.length, 1001);
        assert.deepEqual(lines.slice(0, 2), ['行号,结果,列,说明,代码', '4,新增,,,']);
        assert.equal(lines[11], '14,未导入,姓名,"姓名格式不正确：… U+2026",NAME_INVALID');
        assert.equal(lines[21], '24,未导入,工会编码,"该工会不在您的管辖范围内",OUTSIDE_YOUR_UNION');
        assert.ok(!report.text.includes(people[0].name) && !report.text.includes(people[0].mobile));
        const done = await confirm(path);
        assert.deepEqual([done.state, ...numbers(done)], ['IMPORT_LOADED', 1000, 1000, 998, 2, 0, 0]);
        assert.equal(await rosterRows(), 998);
        assert.equal((await stack.query('identity', 'SELECT count(*) AS n FROM import WHERE wrapped <> x\'\''))[0].n, 0);
        const { text } = await stack.get(PATH, { token });
        assert.equal(JSON.parse(text).imports.length, 1);
    });

    test('the same again is unchanged; what is different is updated', async () => {
        const people = Array.from({ length: 5 }, (_, i) => person(i));
        people[1].mobile = mobile(5000);
        const { path, ...json } = await upload(gb18030(rosterCsv(people)));
        assert.deepEqual([json.form, ...numbers(json)], ['GB18030 ,', 5, 5, 5, 0, 1, 4]);
        assert.deepEqual(numbers(await confirm(path)), [5, 5, 5, 0, 1, 4]);
    });

    test('a file that cannot be decided is refused whole, by name and with what was seen', async () => {
        for (const [file, fault, seen] of [[compound('Workbook'), 'FILE_XLS', ''], [compound('EncryptedPackage'), 'FILE_ENCRYPTED', ''],
            [Buffer.from('89504e470d0a1a0a', 'hex'), 'FILE_KIND', 'PNG'], ['姓名,电话\n王小明,1\n', 'FILE_HEADINGS', '姓名 | 电话']]) {
            const { path, ...json } = await upload(file);
            assert.deepEqual([json.state, json.fault], ['IMPORT_REFUSED', fault]);
            assert.ok(json.seen.includes(seen) && json.says, json.seen);
            assertProblem(await ask(`${path}:confirm`, {}), 409, 'IMPORT_STATE_WRONG');
            assert.match((await stack.get(`${path}/report`, { token })).text, new RegExp(`整份文件未导入.*${fault}`));
        }
        assert.equal(await rosterRows(), 998);
    });

    test('who may: an official for her own unions, and for her own uploads', async () => {
        const { token: member } = await stack.login(person(1).mobile);
        assertProblem(await stack.post(PATH, { kind: 'IMPORT_ROSTER', unionId, size: 5 }, { token: member, key: 'm' }), 403, 'NOT_OFFICIAL');
        const { unionId: other } = await unionCoded(stack, '440606');
        assertProblem(await begin('12345', { unionId: other }), 403, 'OUTSIDE_YOUR_UNION');
        assert.equal((await begin('12345', { kind: 'IMPORT_NONE' })).status, 400);
        const big = await ask(PATH, { kind: 'IMPORT_ROSTER', unionId, size: 64 * 1024 * 1024 + 1 }, { key: 'big' });
        assert.equal(big.status, 400, big.text);
        const mine = (await begin('12345')).json.importId;
        await grant(stack, mobile(901), 'UNION_ADMIN', '440600');
        const colleague = await enrol(stack, mobile(901));
        assertProblem(await stack.get(`${PATH}/${mine}`, { token: colleague.token }), 404, 'IMPORT_NOT_FOUND');
        assertProblem(await ask(`${PATH}/${mine}/parts`, { part: 0, content: Buffer.from('123').toString('base64') }), 400, 'IMPORT_PART_WRONG');
        assert.equal((await ask(`${PATH}/${mine}:cancel`, {})).json.state, 'IMPORT_GIVEN_UP');
        await stack.assertCleanAudits();
    });

    test('kill -9 of identity while it loads: every row once, and the upload ends by itself', async () => {
        const people = Array.from({ length: 1000 }, (_, i) => person(i, '440604')), { path } = await upload(rosterCsv(people));
        const there = await rosterRows();
        assert.equal((await ask(`${path}:confirm`, {})).status, 200);
        await until('some are loaded', async () => await rosterRows() > there);
        await stack.kill('identity');
        stack.spawn('identity');
        await stack.serves('identity');
        const done = await until('loaded', async () => {
            const { status, json } = await stack.get(path, { token });
            return status === 200 && json.state === 'IMPORT_LOADED' && json;
        });
        assert.deepEqual([done.loaded, done.unchanged, done.updated], [1000, 0, 0]);
        assert.equal(await rosterRows(), there + 1000);
        await stack.assertCleanAudits();
    });
});
