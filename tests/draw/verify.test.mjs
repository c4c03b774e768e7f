// hg-draw and a verifier that shares no code with it agree, on random draws, on forged ones, and on a set of
// damaged files.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import vm from 'node:vm';
import { hex, sha256, verify, verifyReceipt } from '../../services/gateway/web/public/draw/verify.js';
import { newSeed } from '../system/people.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const program = join(resolve(process.env.HG_BUILD ?? join(here, '../../build/debug')), 'hg-draw');
const seed = newSeed();
let folder;
let counter = 0;

before(() => {
    folder = mkdtempSync(join(tmpdir(), 'draw-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const hash = (...parts) => parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest();
/** A number below n that follows from the seed. */
const random = (n) => hash(`${seed} ${counter++}`).readUInt32BE() % n;
const hgDraw = (...args) => spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });

function save(name, content) {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
}

/** A random draw as its announcement, its list and its secret. */
function makeDraw({ entrants, strata = 1 + random(4), weightMax = 1 + random(5), steps = 1, quota, version } = {}) {
    const secret = hash(`secret ${counter++}`);
    const commitment = hgDraw('commit', secret.toString('hex'), String(steps)).stdout.trim();
    const format = [[], ['value-format words'], [`value-format ## ## ##`]][version ?? random(3)];
    const terms = [
        `hg-draw ${format.length + 1}`, `draw t-${counter}`, 'title 体检抽签', 'rules 全体会员', 'opens 1000', 'closes 2000',
        `commitment ${commitment} ${steps}`,
        'public 双色球 2026001', 'value-at 3000', ...format, `weight-max ${weightMax}`, `strata ${strata}`,
    ];
    for (let i = 0; i < strata; i++)
        terms.push(`stratum ${i} ${quota ?? random(30)} ${random(40)} 站点 ${i}`);
    const list = Array.from({ length: entrants ?? random(400) }, () =>
        `${hash(`ticket ${counter++}`).toString('hex').slice(0, 32)} ${random(strata)} ${1 + random(weightMax)}`);
    return { terms, list, secret: secret.toString('hex'), value: `${random(33)} ${random(33)} ${random(16)}` };
}

function publish(draw, ...options) {
    const terms = save('terms', draw.terms.map((line) => `${line}\n`).join(''));
    const list = save('list', draw.list.map((line) => `${line}\n`).join(''));
    const last = options.includes('--frozen') ? [] : [draw.secret, draw.value];
    const run = hgDraw('run', ...options, terms, list, ...last);
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
}

/** What both say of a file: true, or the messages of both. */
function judge(content, expected, what) {
    const path = save('file', content), ours = hgDraw('verify', path);
    let theirs = null;
    try {
        verify(readFileSync(path));
    } catch (error) {
        theirs = error.message;
    }
    assert.equal(ours.status, expected ? 0 : 1, `${what}: hg-draw: ${ours.stdout}${ours.stderr}`);
    assert.equal(theirs === null, expected, `${what}: the other verifier: ${theirs}`);
}

test('the verifier has a SHA-256 of its own that agrees with the known one', () => {
    for (let n = 0; n < 300; n++) {
        const bytes = Buffer.concat(Array.from({ length: 10 }, (_, i) => hash(`${n} ${i}`))).subarray(0, n);
        assert.equal(hex(sha256(bytes)), hash(bytes).toString('hex'));
    }
});

test('random draws are verified by both', () => {
    for (let i = 0; i < 40; i++)
        judge(publish(makeDraw()), true, `draw ${i} of seed ${seed}`);
});

test('draws at the edges are verified by both', () => {
    const cases = [
        { entrants: 0 }, { entrants: 0, quota: 0 }, { entrants: 1, strata: 1, quota: 1 }, { entrants: 5, quota: 1000 },
        { entrants: 63, strata: 1 }, { entrants: 64, strata: 1 }, { entrants: 126 }, { entrants: 127 },
        { entrants: 3000 },
        { entrants: 100, weightMax: 100 }, { entrants: 50, weightMax: 1, quota: 0 }, { entrants: 50, steps: 365 },
    ];
    for (const given of cases)
        judge(publish(makeDraw(given)), true, JSON.stringify(given));
});

test('a draw without a public value is verified by both, and has no other value', () => {
    const draw = makeDraw({ entrants: 100, version: 2 });
    draw.terms = draw.terms.map((line) => line.replace(/^value-format .*$/, 'value-format none'));
    draw.value = 'none';
    const content = publish(draw);
    assert.match(content, /^value none$/m);
    judge(content, true, 'as it is');
    judge(content.replace(/^value none$/m, 'value some'), false, 'another value');
    judge(publish(draw, '--frozen'), true, 'frozen');
});

test('frozen lists and void draws are verified by both', () => {
    const draw = makeDraw({ entrants: 100 });
    judge(publish(draw, '--frozen'), true, 'frozen');
    judge(publish(draw, '--void', '名单有误'), true, 'void after the draw');
    judge(publish(draw, '--frozen', '--void', '名单有误'), true, 'void before the draw');
});

test('a list that was fixed when the value could be known is refused by both', () => {
    const draw = makeDraw({ entrants: 0, version: 2 }), content = publish(draw, '--frozen');
    const terms = hash(draw.terms.map((line) => `${line}\n`).join(''));
    const number = (n) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64BE(BigInt(n)); return bytes; };
    const frozen = (at) => content.replace(/^frozen-at .*$/m, `frozen-at ${at}`)
        .replace(/^root .*$/m, `root ${hash(Buffer.of(3), terms, number(0), number(at), hash(Buffer.of(0))).toString('hex')}`);
    assert.equal(frozen(2000), content);
    for (const [at, right] of [[1999, false], [2000, true], [2999, true], [3000, false], [3001, false]])
        judge(frozen(at), right, `frozen at ${at}`);
    const drawn = hgDraw('draw', save('file', frozen(2999)), draw.secret, draw.value);
    assert.match(drawn.stdout, /^frozen-at 2999\nresult drawn$/m);
    judge(drawn.stdout, true, 'drawn from a list that was fixed later');
});

test('a value in another spelling is refused by both, and hg-draw brings what is typed to the announced one', () => {
    for (const version of [1, 2]) {
        const draw = { ...makeDraw({ entrants: 0, version }), value: '3，７ +11' }, content = publish(draw);
        assert.match(content, /^value 03 07 11$/m);
        for (const value of ['3 7 11', '03,07,11', '03 07 11 ', '03  07 11', '０３ 07 11', '03 07 011'])
            judge(content.replace(/^value .*$/m, `value ${value}`), false, value);
        judge(content.replace(/^value .*$/m, 'value 03 07 12'), true, 'nobody has entered, so nothing follows from the value');
        assert.equal(hgDraw('verify', '--value', '3,7,11', save('file', content)).status, 0);
        assert.equal(hgDraw('verify', '--value', '3,7,12', save('file', content)).status, 1);
        const none = hgDraw('run', save('terms', draw.terms.map((line) => `${line}\n`).join('')), save('list', ''), draw.secret, 'seven');
        assert.deepEqual([none.status, version === 1 ? '' : none.stderr], [version === 1 ? 0 : 1, version === 1 ? '' : 'hg-draw: BAD_VALUE\n']);
    }
});

test('whoever has the frozen list, the secret and the value computes what comes out, also of a void draw', () => {
    for (const entrants of [0, 1, 150]) {
        const draw = makeDraw({ entrants }), last = [draw.secret, draw.value], whole = publish(draw);
        for (const [name, content] of [['frozen', publish(draw, '--frozen')], ['void', publish(draw, '--frozen', '--void', '名单有误')]]) {
            const computed = hgDraw('draw', save(name, content), ...last);
            assert.equal(computed.stdout, whole, computed.stderr);
        }
        const otherwise = hgDraw('draw', save('frozen', publish(draw, '--frozen')), 'f'.repeat(64), draw.value);
        assert.deepEqual([otherwise.status, otherwise.stderr], [1, 'hg-draw: WRONG_SECRET\n']);
        assert.equal(hgDraw('draw', save('whole', whole), ...last).stderr, 'hg-draw: ALREADY_DRAWN\n');
    }
    const early = join(here, '../data/draw/void-early.txt');
    assert.equal(hgDraw('draw', early, '0'.repeat(64), '1').stderr, 'hg-draw: NOT_FROZEN\n');
});

test('any character changed anywhere is noticed by both', () => {
    const content = Buffer.from(publish(makeDraw({ entrants: 80 })));
    for (let i = 0; i < 300; i++) {
        const at = random(content.length), forged = Buffer.from(content), digit = '0123456789abcdef'[random(16)];
        forged[at] = digit.charCodeAt();
        judge(forged, forged[at] === content[at], `byte ${at} made ${digit}`);
    }
});

describe('an official who', () => {
    let draw, content, root, lines;
    before(() => {
        draw = makeDraw({ entrants: 200, strata: 1, quota: 10, weightMax: 3 });
        content = publish(draw);
        lines = content.split('\n');
        root = /^root (.*)$/m.exec(content)[1];
    });
    /** The forged draw is right in itself, and caught by the root that everybody has seen. */
    function caughtByRoot(forged) {
        const path = save('forged', publish(forged));
        assert.equal(hgDraw('verify', path).status, 0);
        assert.equal(hgDraw('verify', '--root', root, path).status, 1);
    }

    test('adds a late entrant is caught', () => {
        const late = `${'8'.repeat(32)} 0 1 0`;
        const forged = [...lines];
        forged.splice(forged.findIndex((line) => line > late && /^[0-9a-f]{32} /.test(line)), 0, late);
        judge(forged.join('\n'), false, 'one line more');
        judge(forged.join('\n').replace('entries 200', 'entries 201'), false, 'and counted');
        caughtByRoot({ ...draw, list: [...draw.list, `${'8'.repeat(32)} 0 1`] });
    });
    test('removes an entrant is caught', () => {
        const forged = lines.filter((line, i) => i !== lines.length - 5).join('\n');
        judge(forged.replace('entries 200', 'entries 199'), false, '');
        caughtByRoot({ ...draw, list: draw.list.slice(1) });
    });
    test('changes the quota is caught', () => {
        judge(content.replace(/^stratum 0 10 /m, 'stratum 0 11 '), false, '');
        caughtByRoot({ ...draw, terms: draw.terms.map((line) => line.replace(/^stratum 0 10 /, 'stratum 0 11 ')) });
    });
    test('gives somebody a better chance is caught', () => {
        const terms = draw.terms.map((line) => line.replace(/^weight-max .*/, 'weight-max 5'));
        caughtByRoot({ ...draw, terms });
    });
    test('draws again with another value is caught by the value', () => {
        const path = save('again', publish({ ...draw, value: '9 9 9' }));
        judge(content.replace(/^value .*$/m, 'value 9 9 9'), false, 'only the value changed');
        assert.equal(hgDraw('verify', '--root', root, '--value', '9 9 9', path).status, 0);
        assert.equal(hgDraw('verify', '--root', root, '--value', draw.value, path).status, 1);
    });
    test('draws again with another secret is caught', () => {
        const again = hgDraw('run', save('terms', draw.terms.map((line) => `${line}\n`).join('')),
                             save('list', draw.list.map((line) => `${line}\n`).join('')), 'f'.repeat(64), draw.value);
        assert.equal(again.status, 1);
        assert.match(again.stderr, /WRONG_SECRET/);
        judge(content.replace(/^secret .*$/m, `secret ${'f'.repeat(64)}`), false, '');
    });
    test('writes the list in another order changes nothing', () => {
        assert.equal(publish({ ...draw, list: [...draw.list].reverse() }), content);
        assert.equal(publish({ ...draw, list: [...draw.list, ...draw.list] }), content);
        const swapped = [...lines];
        [swapped[30], swapped[31]] = [swapped[31], swapped[30]];
        judge(swapped.join('\n'), false, 'but the file has one order');
    });
});

test('everybody takes her receipt out of the file, and it holds by itself', () => {
    const content = publish(makeDraw({ entrants: 300, strata: 2, quota: 10 })), path = save('file', content);
    const entries = content.split('\n').filter((line) => /^[0-9a-f]{32} /.test(line));
    for (const line of entries.filter((_, i) => i % 13 === 0)) {
        const [ticket, , , place] = line.split(' '), taken = hgDraw('receipt', path, ticket);
        assert.equal(taken.status, 0, taken.stderr);
        const checked = hgDraw('receipt', save('receipt', taken.stdout));
        assert.equal(checked.status, 0, checked.stderr);
        const read = verifyReceipt(Buffer.from(taken.stdout), ticket);
        assert.deepEqual([read.place, read.won], [Number(place), place !== '0' && Number(place) <= 10]);
        const said = place === '0' ? /no place/ : Number(place) <= 10 ? /won, at place/ : /waits, at place/;
        assert.match(checked.stdout, said);
        const other = taken.stdout.replace(new RegExp(`^${ticket} `, 'm'), `${'0'.repeat(32)} `);
        assert.equal(hgDraw('receipt', save('receipt', other)).status, 1);
    }
    assert.equal(hgDraw('receipt', path, '0'.repeat(32)).status, 1);
});

describe('of the damaged files that all verifiers share', () => {
    const data = join(here, '../data/draw'), damages = JSON.parse(readFileSync(join(data, 'damages.json'), 'utf8'));
    const names = [...new Set(damages.flatMap(({ of }) => of))];
    const original = (name) => readFileSync(join(data, `${name}.txt`));
    const judged = (name, bytes) => {
        try {
            (name.startsWith('receipt') ? verifyReceipt : verify)(bytes);
            return 'right';
        } catch (error) {
            return error.constructor.name;
        }
    };
    const damaged = ({ from, to, toHex }, name) => {
        const bytes = original(name), at = bytes.indexOf(from);
        assert.ok(at >= 0, `${name} has no ${from}`);
        return Buffer.concat([bytes.subarray(0, at), toHex ? Buffer.from(toHex, 'hex') : Buffer.from(to),
                              bytes.subarray(at + Buffer.byteLength(from))]);
    };

    test('each is right before it is damaged', () => {
        assert.equal(names.length, 10);
        for (const name of names) {
            assert.equal(judged(name, original(name)), 'right', name);
            const ours = hgDraw(name.startsWith('receipt') ? 'receipt' : 'verify', join(data, `${name}.txt`));
            assert.equal(ours.status, 0, ours.stderr);
        }
    });
    test('each is a mismatch to the page', () => {
        for (const damage of damages)
            for (const name of damage.of) assert.equal(judged(name, damaged(damage, name)), 'Mismatch', `${name}: ${damage.what}`);
    });
    test('each is a mismatch to hg-draw', () => {
        for (const damage of damages) {
            const [name] = damage.of, path = save('damaged', damaged(damage, name));
            const ours = hgDraw(name.startsWith('receipt') ? 'receipt' : 'verify', path);
            assert.equal(ours.status, 1, `${name}: ${damage.what}: ${ours.stdout}`);
        }
    });
    test('a receipt is of the ticket that is asked for', () => {
        const { ticket } = verifyReceipt(original('receipt'));
        assert.equal(verifyReceipt(original('receipt'), hex(ticket)).won, true);
        assert.throws(() => verifyReceipt(original('receipt'), '0'.repeat(32)), /不是您的号签/);
    });
});

test('the verifier needs nothing but the language and TextDecoder, as in a browser page', () => {
    const source = readFileSync(join(here, '../../services/gateway/web/public/draw/verify.js'), 'utf8');
    assert.doesNotMatch(source.replace(/^if \(typeof module[^]*$/m, ''), /^\s*import\b|require\(|Buffer|process/m);
    const page = vm.createContext({ TextDecoder, TextEncoder });
    const content = publish(makeDraw({ entrants: 100 }));
    page.content = [...Buffer.from(content)];
    assert.equal(vm.runInContext(`${source}; verify(Uint8Array.from(content)).entries`, page), 100);
});

test('the exact RFC 3797 selection comes out, and a pool that is too large is refused with the reason', () => {
    const run = hgDraw('rfc3797', '25', '16', '9319', '2 5 12 8 10', '9 18 26 34 41 45');
    assert.equal(run.stdout.split('\n').slice(1, 17).join(' '), '17 7 2 16 25 23 8 24 19 13 22 5 18 9 1 4');
    const tooLarge = hgDraw('rfc3797', '65536', '1', '1');
    assert.equal(tooLarge.status, 1);
    assert.match(tooLarge.stderr, /65535/);
});
