// Verifies a published draw and a receipt of one (common/draw/draw_file.h) with no code of
// the union's: one file without imports and no module, so that a browser runs it from the
// disk too (index.html beside it, without any network), as well as Node:
//     node services/gateway/web/public/draw/verify.js FILE
// verify(bytes) and verifyReceipt(bytes) return what the file says, or throw a Mismatch
// that says what is wrong. Both read strictly: what draw_file.h does not allow is a
// mismatch, be it a digit that is none, an upper-case hash or a line too many, so that one
// draw has one file for every verifier.

/** What is wrong with a file. */
class Mismatch extends Error {}
function check(condition, problem) {
    if (!condition) throw new Mismatch(problem);
}

// ---- SHA-256 (FIPS 180-4); the constants from the primes they are made of ----

const primes = [];
for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
// The first 32 bits of the fraction of the n-th root, exactly: floor(root(p * 2^(32 n))) mod 2^32.
function fraction(p, n) {
    const target = BigInt(p) << BigInt(32 * n);
    let low = 0n, high = 1n << 36n;
    while (high - low > 1n) {
        const middle = (low + high) / 2n;
        if (middle ** BigInt(n) <= target) low = middle;
        else high = middle;
    }
    return Number(low & 0xffffffffn);
}
const K = Uint32Array.from(primes, (p) => fraction(p, 3));
const H0 = Uint32Array.from(primes.slice(0, 8), (p) => fraction(p, 2));
const W = new Uint32Array(64);

function compress(state, bytes, at) {
    for (let i = 0; i < 16; i++, at += 4)
        W[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    for (let i = 16; i < 64; i++) {
        const x = W[i - 15], y = W[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        W[i] = W[i - 16] + s0 + W[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + W[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0;
        d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] += x; });
}

function sha256(...parts) {
    const length = parts.reduce((n, part) => n + part.length, 0);
    const bytes = new Uint8Array(Math.ceil((length + 9) / 64) * 64);
    let at = 0;
    for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
    }
    bytes[length] = 0x80;
    const view = new DataView(bytes.buffer);
    view.setUint32(bytes.length - 8, Math.floor(length / 0x20000000));
    view.setUint32(bytes.length - 4, (length * 8) >>> 0);
    const state = H0.slice();
    for (let i = 0; i < bytes.length; i += 64) compress(state, bytes, i);
    const sum = new Uint8Array(32);
    const out = new DataView(sum.buffer);
    state.forEach((x, i) => out.setUint32(4 * i, x));
    return sum;
}

// ---- bytes ----

const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
/** Of digits that a pattern has already found to be such. */
const unhex = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
const be = (value, size) => {
    const bytes = new Uint8Array(size);
    for (let i = size - 1; i >= 0; i--, value = Math.floor(value / 256)) bytes[i] = value % 256;
    return bytes;
};
function compare(a, b) {
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
    return 0;
}

// ---- lines ----

const LINE_MAX = 2048, ENTRIES_MAX = 2 ** 24, STRATA_MAX = 4096, STEPS_MAX = 4096, WEIGHT_MAX = 100, PATH_MAX = 20;
const TITLE_MAX = 256, TEXT_MAX = 1024, FORMAT_MAX = 200; // bytes
const LEAF = 63; // entries under one hash

// The groups of a line: a number without leading zeros, a hash, a ticket, and a text to the end.
const GROUPS = { NUMBER: '(0|[1-9][0-9]{0,15})', HASH: '([0-9a-f]{64})', TICKET: '([0-9a-f]{32})', TEXT: '(.+)' };
const patterns = new Map();
function patternOf(form) {
    if (!patterns.has(form))
        patterns.set(form, new RegExp(`^${form.replace(/NUMBER|HASH|TICKET|TEXT/g, (word) => GROUPS[word])}$`, 'su'));
    return patterns.get(form);
}

// What stands in no line of visible text: controls, private characters, and what shows as nothing or turns the direction.
const HIDDEN = new RegExp('[\\0-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u1680\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f'
    + '\\u205f-\\u206f\\u2800\\u3164\\ue000-\\uf8ff\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{10ffff}]', 'u');
const BLANK_AROUND = /^[ \xa0\u3000]|[ \xa0\u3000]$/;

class Lines {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
        this.number = 0;
        this.decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    }
    ensure(condition, problem) {
        check(condition, `第 ${this.number} 行：${problem}`);
    }
    peek() {
        const end = this.bytes.indexOf(10, this.at);
        check(end >= 0, '文件不完整');
        check(end - this.at <= LINE_MAX, `第 ${this.number + 1} 行：过长`);
        try {
            return { line: this.decoder.decode(this.bytes.subarray(this.at, end)), end };
        } catch {
            throw new Mismatch(`第 ${this.number + 1} 行：不是 UTF-8 文字`);
        }
    }
    begins(word) {
        return this.peek().line.startsWith(word);
    }
    /** The groups of the next line, which must have this form. */
    match(form) {
        const { line, end } = this.peek(), found = patternOf(form).exec(line);
        this.number++;
        this.ensure(found, `此处不应是这一行：${line.slice(0, 80)}`);
        this.at = end + 1;
        return found.slice(1);
    }
    /** The numbers of the next line, of which none is greater than max. */
    numbers(form, max) {
        const found = this.match(form);
        this.ensure(found.every((digits) => BigInt(digits) <= BigInt(max)), '数值过大');
        return found.map(Number);
    }
    text(form, max) {
        return this.visible(this.match(form)[0], max);
    }
    visible(text, max) {
        this.ensure(new TextEncoder().encode(text).length <= max && !HIDDEN.test(text) && !BLANK_AROUND.test(text),
            '文字过长，或含有不可见的字符');
        return text;
    }
    end() {
        this.match('end');
        check(this.at === this.bytes.length, '结尾之后还有内容');
    }
}

const TIME_MAX = 2 ** 53;

// How a public value is spelled (common/draw/draw.h): words, or a picture of it.
const WORD = '(?:[0-9]{2}|[1-9][0-9]{2,}|[0-9]*[a-z][0-9a-z]*)';
const FORMAT = /^(?:words|none|(?=.*[#*])[#*.:+-]+(?: [#*.:+-]+)*)$/;
const spelled = (format) => new RegExp(format === 'words' ? `^${WORD}(?: ${WORD})*$`
    : `^${format.replace(/[.+]/g, '\\$&').replace(/\*/g, '[0-9a-f]').replace(/#/g, '[0-9]')}$`);

function readAnnouncement(lines) {
    const begin = lines.at;
    const [version] = lines.numbers('hg-draw ([12])', 2);
    const [id] = lines.match('draw ([A-Za-z0-9._-]{1,64})');
    const title = lines.text('title TEXT', TITLE_MAX);
    const rules = lines.text('rules TEXT', TEXT_MAX);
    const [opens] = lines.numbers('opens NUMBER', TIME_MAX);
    const [closes] = lines.numbers('closes NUMBER', TIME_MAX);
    const [commitment, steps] = lines.match('commitment HASH NUMBER');
    const publicName = lines.text('public TEXT', TEXT_MAX);
    const [valueAt] = lines.numbers('value-at NUMBER', TIME_MAX);
    const format = version > 1 ? lines.text('value-format TEXT', FORMAT_MAX) : null;
    check(!format || FORMAT.test(format), '公告的公开数值写法不明');
    const [weightMax] = lines.numbers('weight-max NUMBER', WEIGHT_MAX);
    const [n] = lines.numbers('strata NUMBER', STRATA_MAX);
    check(opens < closes && closes < valueAt, '公告的时间先后不对');
    check(n >= 1 && +steps >= 1 && +steps <= STEPS_MAX && weightMax >= 1, '公告的数值超出范围');
    const strata = [];
    for (let i = 0; i < n; i++) {
        const [number, quota, waiting, label] = lines.match('stratum NUMBER NUMBER NUMBER TEXT');
        lines.ensure(Number(number) === i && quota <= ENTRIES_MAX && waiting <= ENTRIES_MAX, '不是公告的下一个分组');
        strata.push({ quota: Number(quota), waiting: Number(waiting), label: lines.visible(label, TITLE_MAX),
                      counted: 0, ranks: [], lowest: null });
    }
    return { id, title, rules, opens, closes, commitment: unhex(commitment), steps: Number(steps), publicName, valueAt,
                      version, format, weightMax, strata, hash: sha256(lines.bytes.subarray(begin, lines.at)) };
}

function readRoot(lines, draw) {
    [draw.root] = lines.match('root HASH').map(unhex);
    [draw.entries] = lines.numbers('entries NUMBER', ENTRIES_MAX);
    if (draw.version === 1) return;
    [draw.frozenAt] = lines.numbers('frozen-at NUMBER', TIME_MAX);
    check(draw.frozenAt >= draw.closes && draw.frozenAt < draw.valueAt, '名单不是在截止之后、公开数值产生之前冻结的');
}

function readOutcomes(lines, draw) {
    let sum = 0;
    for (const [i, stratum] of draw.strata.entries()) {
        const [number, entrants, places, cutoff] = lines.match('outcome NUMBER NUMBER NUMBER (HASH|-)');
        Object.assign(stratum, { entrants: Number(entrants), places: Number(places), cutoff: cutoff === '-' ? null : unhex(cutoff) });
        lines.ensure(Number(number) === i, '不是结果的下一个分组');
        lines.ensure(stratum.places === Math.min(stratum.entrants, stratum.quota + stratum.waiting), '名额与公告不符');
        lines.ensure(Boolean(stratum.cutoff) === (stratum.quota > 0 && stratum.entrants > 0), '中签线与名额不符');
        sum += stratum.entrants;
    }
    check(sum === draw.entries, '各分组的人数与名单不符');
}

/** The line that says how it ended, and what belongs to it. */
function readResult(lines, draw) {
    if (lines.begins('result void ')) {
        draw.result = 'void';
        draw.reason = lines.text('result void TEXT', TEXT_MAX);
    } else {
        [draw.result] = lines.match('result (frozen|drawn)');
        check(draw.root, '只有作废的抽签没有名单');
    }
    if (!draw.root || draw.result === 'frozen' || (draw.result === 'void' && !lines.begins('secret '))) return;
    [draw.secret] = lines.match('secret HASH').map(unhex);
    let sum = draw.secret;
    for (let i = 0; i < draw.steps; i++) sum = sha256(sum);
    check(compare(sum, draw.commitment) === 0, '公开的密钥与公告中的承诺不符');
    draw.value = lines.text('value TEXT', TEXT_MAX);
    check(!draw.format || spelled(draw.format).test(draw.value), '公开数值不是公告的写法');
    readOutcomes(lines, draw);
    draw.seed = sha256(ascii('hg-draw-1'), draw.secret, draw.root, new TextEncoder().encode(draw.value));
}

function readEntry(lines, draw, [ticket, number, weight]) {
    const stratum = draw.strata[number];
    lines.ensure(stratum && weight >= 1 && weight <= draw.weightMax, '不是公告所许的报名');
    return { ticket: unhex(ticket), stratum, weight: Number(weight), bytes: [unhex(ticket), be(number, 2), be(weight, 2)] };
}

// ---- the algorithm ----

const leafHash = (entries) => sha256([0], ...entries.flatMap(({ bytes }) => bytes));
const nodeHash = (left, right) => sha256([1], left, right);
const rootHash = (draw, top) => draw.version === 1 ? sha256([2], draw.hash, be(draw.entries, 8), top)
    : sha256([3], draw.hash, be(draw.entries, 8), be(draw.frozenAt, 8), top);

function topOf(hashes) {
    while (hashes.length > 1) {
        const above = [];
        for (let i = 0; i < hashes.length; i += 2)
            above.push(i + 1 < hashes.length ? nodeHash(hashes[i], hashes[i + 1]) : hashes[i]);
        hashes = above;
    }
    return hashes[0];
}

function rankOf(seed, ticket, weight) {
    let smallest = null;
    for (let k = 0; k < weight; k++) {
        const rank = sha256(seed, ticket, be(k, 4));
        if (!smallest || compare(rank, smallest) < 0) smallest = rank;
    }
    return smallest;
}

// ---- the published file ----

function place(draw, { stratum, ticket, weight }, at) {
    const rank = rankOf(draw.seed, ticket, weight);
    stratum.counted++;
    if (at === 0) {
        if (!stratum.lowest || compare(rank, stratum.lowest) < 0) stratum.lowest = rank;
        return;
    }
    check(at <= stratum.places && !stratum.ranks[at - 1], `“${stratum.label}”没有第 ${at} 名，或有两个`);
    stratum.ranks[at - 1] = rank;
}

function checkStratum({ label, ranks, places, entrants, lowest, cutoff, counted, quota }) {
    check(counted === entrants, `“${label}”的人数不符`);
    for (let i = 0; i < places; i++) {
        check(ranks[i], `“${label}”缺第 ${i + 1} 名`);
        check(i === 0 || compare(ranks[i - 1], ranks[i]) <= 0, `“${label}”第 ${i + 1} 名的抽签号比前一名小`);
    }
    check(!places || !lowest || compare(lowest, ranks[places - 1]) >= 0, `“${label}”有人被越过`);
    const winners = Math.min(quota, entrants);
    check(!winners || compare(cutoff, ranks[winners - 1]) === 0, `“${label}”的中签线不符`);
}

function readList(lines, draw) {
    const leaves = [];
    let leaf = [], before = '';
    lines.match('list');
    for (let i = 0; i < draw.entries; i++) {
        const found = lines.match('TICKET NUMBER NUMBER NUMBER'), entry = readEntry(lines, draw, found), at = Number(found[3]);
        lines.ensure(before < found[0], '号签没有按顺序排列');
        before = found[0];
        leaf.push(entry);
        if (leaf.length === LEAF || i + 1 === draw.entries) {
            leaves.push(leafHash(leaf));
            leaf = [];
        }
        if (draw.seed) place(draw, entry, at);
        else lines.ensure(at === 0, '没有抽签却有名次');
    }
    if (!leaves.length) leaves.push(leafHash([]));
    check(compare(rootHash(draw, topOf(leaves)), draw.root) === 0, '公告和名单算不出公布的名单指纹');
    if (draw.seed) draw.strata.forEach(checkStratum);
}

function verify(bytes) {
    const lines = new Lines(bytes), draw = readAnnouncement(lines);
    if (lines.begins('root ')) readRoot(lines, draw);
    readResult(lines, draw);
    if (draw.root) readList(lines, draw);
    lines.end();
    return draw;
}

// ---- the receipt ----

// From the leaf to the top: a sibling on the left of an odd place, on the right of an even one, none of the last.
function proveEntry(draw, leaf, path) {
    let hash = leafHash(leaf), at = Math.floor(draw.index / LEAF), width = Math.ceil(draw.entries / LEAF), used = 0;
    check(leaf.length === Math.min(LEAF, draw.entries - at * LEAF), '凭据的号签数与名单不符');
    for (; width > 1; width = Math.ceil(width / 2), at = Math.floor(at / 2)) {
        if (at % 2 === 0 && at + 1 === width) continue;
        check(used < path.length, '凭据的路径过短');
        hash = at % 2 ? nodeHash(path[used], hash) : nodeHash(hash, path[used]);
        used++;
    }
    check(used === path.length, '凭据的路径过长');
    check(compare(rootHash(draw, hash), draw.root) === 0, '凭据算不出公布的名单指纹');
}

function proveRank(draw, { ticket, stratum, weight }) {
    const { quota, places, entrants, cutoff } = stratum;
    check(compare(rankOf(draw.seed, ticket, weight), draw.rank) === 0, '抽签号计算不符');
    draw.won = cutoff !== null && compare(draw.rank, cutoff) <= 0;
    check(draw.won === (draw.place > 0 && draw.place <= quota), '名次与中签线不符');
    check(draw.place <= places && (draw.place > 0 || places < entrants), '没有这个名次');
}

/**
 * What a receipt says, with index, place, rank, won, and the holder's ticket and cutoff; of this
 * ticket, when one is given. That the place is hers beyond having won or not is what the whole
 * published file proves.
 */
function verifyReceipt(bytes, ticket) {
    const lines = new Lines(bytes);
    lines.match('hg-draw-receipt 1');
    const draw = readAnnouncement(lines), leaf = [], path = [];
    readRoot(lines, draw);
    readResult(lines, draw);
    const [index, at, rank] = lines.match(`entry NUMBER NUMBER ${draw.seed ? 'HASH' : '-'}`);
    Object.assign(draw, { index: Number(index), place: Number(at), rank: rank ? unhex(rank) : null });
    lines.ensure(draw.index < draw.entries && (draw.seed || draw.place === 0), '序号不在名单中，或没有抽签却有名次');
    for (let [left] = lines.numbers('leaf NUMBER', LEAF); left > 0; left--)
        leaf.push(readEntry(lines, draw, lines.match('TICKET NUMBER NUMBER')));
    for (let [left] = lines.numbers('path NUMBER', PATH_MAX); left > 0; left--) path.push(unhex(lines.match('HASH')[0]));
    lines.end();
    proveEntry(draw, leaf, path);
    const own = leaf[draw.index % LEAF];
    check(!ticket || hex(own.ticket) === ticket, '凭据不是您的号签的');
    if (draw.seed) proveRank(draw, own);
    return Object.assign(draw, { ticket: own.ticket, cutoff: own.stratum.cutoff });
}

if (typeof module !== 'undefined') module.exports = { Mismatch, verify, verifyReceipt, hex, sha256 };
else globalThis.drawVerifier = { Mismatch, verify, verifyReceipt, hex }; // for the member's page, whose modules import this file

if (typeof require !== 'undefined' && require.main === module) {
    try {
        const bytes = require('node:fs').readFileSync(process.argv[2]), receipt = bytes.toString('latin1', 0, 16) === 'hg-draw-receipt ';
        const draw = receipt ? verifyReceipt(bytes) : verify(bytes);
        console.log(`draw: ${draw.id}, ${draw.title}\nverified`);
    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
    }
}
