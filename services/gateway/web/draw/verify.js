// Verifies a published draw (common/draw/draw_file.h) with no code of the union's: one
// file without imports and no module, so that a browser runs it from the disk too
// (index.html beside it, without any network), as well as Node:
//     node services/gateway/web/draw/verify.js FILE
// verify(bytes) returns what the file says, or throws an Error that says what is wrong.

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
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const be = (value, size) => {
    const bytes = new Uint8Array(size);
    for (let i = size - 1; i >= 0; i--, value = Math.floor(value / 256)) bytes[i] = value % 256;
    return bytes;
};
function compare(a, b) {
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
    return 0;
}
function check(condition, problem) {
    if (!condition) throw new Error(problem);
}

// ---- lines ----

class Lines {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
        this.decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    }
    next() {
        const end = this.bytes.indexOf(10, this.at);
        check(end >= 0, 'the file breaks off');
        const line = this.decoder.decode(this.bytes.subarray(this.at, end));
        this.at = end + 1;
        return line;
    }
    peek() {
        const at = this.at, line = this.next();
        this.at = at;
        return line;
    }
    // The groups of the next line, which must match.
    match(pattern) {
        const line = this.next(), found = pattern.exec(line);
        check(found, `not the line that belongs here: ${line.slice(0, 80)}`);
        return found.slice(1);
    }
}

const NUMBER = '(0|[1-9][0-9]{0,15})';
const HASH = '([0-9a-f]{64})';
const line = (text) => new RegExp(`^${text.replaceAll('NUMBER', NUMBER).replaceAll('HASH', HASH)}$`);
const entryLine = line('([0-9a-f]{32}) NUMBER NUMBER NUMBER');

function readAnnouncement(lines) {
    const begin = lines.at;
    lines.match(line('hg-draw 1'));
    const [id] = lines.match(line('draw ([A-Za-z0-9._-]{1,64})'));
    const [title] = lines.match(line('title (.+)'));
    const [rules] = lines.match(line('rules (.+)'));
    const [opens] = lines.match(line('opens NUMBER')).map(Number);
    const [closes] = lines.match(line('closes NUMBER')).map(Number);
    const [commitment, steps] = lines.match(line('commitment HASH NUMBER'));
    const [publicName] = lines.match(line('public (.+)'));
    const [valueAt] = lines.match(line('value-at NUMBER')).map(Number);
    const [weightMax] = lines.match(line('weight-max NUMBER')).map(Number);
    const [n] = lines.match(line('strata NUMBER')).map(Number);
    check(opens < closes && closes < valueAt, 'the times are not in order');
    check(n >= 1 && n <= 4096 && +steps >= 1 && +steps <= 4096 && weightMax >= 1 && weightMax <= 100, 'out of bounds');
    const strata = [];
    for (let i = 0; i < n; i++) {
        const [number, quota, waiting, label] = lines.match(line('stratum NUMBER NUMBER NUMBER (.+)'));
        check(Number(number) === i, 'strata are numbered from 0');
        strata.push({ quota: Number(quota), waiting: Number(waiting), label, counted: 0, ranks: [], lowest: null });
    }
    return { id, title, rules, opens, closes, commitment: unhex(commitment), steps: Number(steps), publicName, valueAt,
                      weightMax, strata, hash: sha256(lines.bytes.subarray(begin, lines.at)) };
}

function readResult(lines, draw) {
    if (lines.peek().startsWith('secret ')) {
        [draw.secret] = lines.match(line('secret HASH')).map(unhex);
        [draw.value] = lines.match(line('value (.+)'));
        for (const [i, stratum] of draw.strata.entries()) {
            const [number, entrants, places, cutoff] = lines.match(line('outcome NUMBER NUMBER NUMBER (HASH|-)'));
            check(Number(number) === i, 'outcomes are numbered from 0');
            stratum.entrants = Number(entrants);
            stratum.places = Number(places);
            stratum.cutoff = cutoff === '-' ? null : unhex(cutoff);
            const expected = Math.min(stratum.entrants, stratum.quota + stratum.waiting);
            check(stratum.places === expected, `places of stratum ${i}`);
        }
        let sum = draw.secret;
        for (let i = 0; i < draw.steps; i++) sum = sha256(sum);
        check(compare(sum, draw.commitment) === 0, 'the secret is not the one that was committed to');
        draw.seed = sha256(ascii('hg-draw-1'), draw.secret, draw.root, new TextEncoder().encode(draw.value));
    }
    check(draw.result !== 'drawn' || draw.seed, 'a draw without its secret');
    check(draw.result !== 'frozen' || !draw.seed, 'a frozen list with a secret');
}

// ---- the algorithm ----

function topOf(hashes) {
    while (hashes.length > 1) {
        const above = [];
        for (let i = 0; i < hashes.length; i += 2)
            above.push(i + 1 < hashes.length ? sha256([1], hashes[i], hashes[i + 1]) : hashes[i]);
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

function place(draw, stratum, ticket, weight, at) {
    const rank = rankOf(draw.seed, ticket, weight);
    stratum.counted++;
    if (at === 0) {
        if (!stratum.lowest || compare(rank, stratum.lowest) < 0) stratum.lowest = rank;
        return;
    }
    check(at <= stratum.places && !stratum.ranks[at - 1], `place ${at} is not there, or twice`);
    stratum.ranks[at - 1] = rank;
}

function checkStratum(stratum, number) {
    const { ranks, places, entrants, lowest, cutoff } = stratum;
    check(stratum.counted === entrants, `stratum ${number} has another number of entrants`);
    for (let i = 0; i < places; i++) {
        check(ranks[i], `stratum ${number} does not give place ${i + 1}`);
        check(i === 0 || compare(ranks[i - 1], ranks[i]) <= 0, `stratum ${number}: place ${i + 1} has a smaller rank`);
    }
    check(!places || !lowest || compare(lowest, ranks[places - 1]) >= 0, `stratum ${number}: a place was passed over`);
    const winners = Math.min(stratum.quota, entrants);
    check(winners ? cutoff && compare(cutoff, ranks[winners - 1]) === 0 : !cutoff, `stratum ${number}: the cut-off`);
}

function verify(bytes) {
    const lines = new Lines(bytes), draw = readAnnouncement(lines);
    if (lines.peek().startsWith('root ')) {
        [draw.root] = lines.match(line('root HASH')).map(unhex);
        [draw.entries] = lines.match(line('entries NUMBER')).map(Number);
    }
    [draw.result, draw.reason] = lines.match(line('result (frozen|drawn|void)(?: (.+))?'));
    check((draw.result === 'void') === Boolean(draw.reason), 'void, and only void, has a reason');
    check(draw.result === 'void' || draw.root, 'only a void draw has no root');
    if (draw.root) {
        readResult(lines, draw);
        lines.match(line('list'));
        const leaves = [];
        let leaf = [], before = '';
        for (let i = 0; i < draw.entries; i++) {
            const [ticketHex, ...rest] = lines.match(entryLine);
            const [number, weight, at] = rest.map(Number), ticket = unhex(ticketHex), stratum = draw.strata[number];
            check(before < ticketHex, 'the ticket is not above the one before');
            check(stratum && weight >= 1 && weight <= draw.weightMax, 'not an entry of these terms');
            before = ticketHex;
            leaf.push(ticket, be(number, 2), be(weight, 2));
            if (leaf.length === 3 * 63 || i + 1 === draw.entries) {
                leaves.push(sha256([0], ...leaf));
                leaf = [];
            }
            if (draw.seed) place(draw, stratum, ticket, weight, at);
            else check(at === 0, 'a place without a draw');
        }
        if (!leaves.length) leaves.push(sha256([0]));
        const root = sha256([2], draw.hash, be(draw.entries, 8), topOf(leaves));
        check(compare(root, draw.root) === 0, 'the announcement and the list do not give this root');
        if (draw.seed) draw.strata.forEach(checkStratum);
    }
    lines.match(line('end'));
    check(lines.at === bytes.length, 'something stands behind the end');
    return draw;
}

if (typeof module !== 'undefined') module.exports = { verify, hex, sha256 };

if (typeof require !== 'undefined' && require.main === module) {
    try {
        const draw = verify(require('node:fs').readFileSync(process.argv[2]));
        console.log(`draw: ${draw.id}, ${draw.title}\nverified`);
    } catch (error) {
        console.error(error.message);
        process.exitCode = 1;
    }
}
