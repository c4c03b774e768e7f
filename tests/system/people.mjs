// People and unions for tests: valid resident IDs, small CSV files, and session tokens that no
// login would give (expired, forged, of another key).
import { createECDH, createHmac, createPrivateKey, sign } from 'node:crypto';

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** The check character of GB 11643-1999 (ISO 7064, MOD 11-2) for the first 17 digits. */
export function checkDigit(digits) {
    return '10X98765432'[[...digits].reduce((sum, digit, i) => sum + Number(digit) * WEIGHTS[i], 0) % 11];
}

/** The resident ID of the n-th person (0 to 999) born on a day in a region. */
export function residentId(n, { region = '440604', birth = '19900307' } = {}) {
    const digits = `${region}${birth}${String(n).padStart(3, '0')}`;
    return digits + checkDigit(digits);
}

/** A mobile number that no operator gives out. */
export function mobile(n) {
    return `169${String(n).padStart(8, '0')}`;
}

const STEMS = [...'甲乙丙丁戊己庚辛壬癸'];

/** A name for the n-th person (0 to 999), different for each. */
export function personName(n) {
    return `王${STEMS[Math.floor(n / 100) % 10]}${STEMS[Math.floor(n / 10) % 10]}${STEMS[n % 10]}`;
}

/** A union by its code. */
export const unionCoded = (stack, code) => stack.call('identity', 'Unions.GetUnionByCode', { code });

/** Gives somebody a role over a union and all below it. */
export async function grant(stack, number, role, code) {
    const { unionId } = await unionCoded(stack, code);
    return stack.call('identity', 'Identity.CreateGrant', { mobile: number, role, unionId });
}

/** Three days later, in which nobody has objected to the merges that were proposed. */
export async function mergesWaited(stack) {
    await stack.stop('identity');
    const { code, stderr } = await stack.inside('identity', ['sqlite3', stack.store('identity'),
        'UPDATE merge SET wait_until = asked_at WHERE wait_until > 0']);
    if (code !== 0)
        throw new Error(stderr);
    stack.spawn('identity');
    await stack.serves('identity');
}

/** Two cities' trees: 440600 with a district and two towns' unions, and another city's union. */
export const UNIONS = [
    ['440600', '佛山市总工会', ''],
    ['440604', '禅城区总工会', '440600'],
    ['440604-001', '石湾镇街道总工会', '440604'],
    ['440604-001-0001', '石湾外卖骑手工会', '440604-001'],
    ['440606', '顺德区总工会', '440600'],
    ['440100', '广州市总工会', ''],
];

export function csv(header, rows) {
    return [header, ...rows].map((row) => row.join(',')).join('\n') + '\n';
}

export const unionsCsv = () => csv(['code', 'name', 'parent_code'], UNIONS);

/** The n-th person as a row of a roster. */
export function person(n, union = '440604-001-0001', trade = '网约送餐员') {
    return { name: personName(n), residentId: residentId(n), mobile: mobile(n), union, trade };
}

export function rosterCsv(people) {
    return csv(['name', 'resident_id', 'mobile', 'union_code', 'trade'],
        people.map((one) => [one.name, one.residentId, one.mobile, one.union, one.trade]));
}

// ---- officials ----

export const PASSWORD = 'Correct-horse-9';

/** The one-time password (RFC 6238) of a base32 secret, so many steps of 30 s from now. */
export function totp(secret, steps = 0) {
    const bits = [...secret].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0')).join('');
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
    const sum = createHmac('sha1', Buffer.from(bits.match(/.{8}/g).map((one) => parseInt(one, 2)))).update(counter).digest();
    return String((sum.readUInt32BE(sum[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0');
}

/** Verifies a person of a roster: her new Session. */
export async function verify(stack, { mobile: number, name, residentId }) {
    const { token } = await stack.login(number);
    const verified = await stack.post('/v1/me:verify', { name, residentId }, { token });
    if (verified.status !== 200)
        throw new Error(verified.text);
    return verified.json;
}

/**
 * Enrols who holds an office, by a code: her Session with its authority, her `secret`, and the `plain` token of the code.
 * Given as a person of a roster she proves her name first, without which she is no hand of two.
 */
export async function enrol(stack, who) {
    const { token } = who.name ? await verify(stack, who) : await stack.login(who);
    const told = await stack.post('/v1/me/credential:enrol', { password: PASSWORD }, { token });
    if (told.status !== 200)
        throw new Error(told.text);
    const { secret } = told.json;
    const session = await stack.post('/v1/me/credential:confirm', { totp: totp(secret) }, { token });
    if (session.status !== 201)
        throw new Error(session.text);
    return { ...session.json, secret, plain: token };
}

// ---- tokens ----

function varint(value) {
    const bytes = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n)
        bytes.push(Number(rest & 0x7fn) | 0x80);
    return Buffer.from([...bytes, Number(rest)]);
}

const number = (field, value) => (BigInt(value) ? Buffer.concat([varint(field << 3), varint(value)]) : Buffer.alloc(0));
const bytes = (field, value) => Buffer.concat([varint(field << 3 | 2), varint(value.length), value]);
const text = (field, value) => (value ? bytes(field, Buffer.from(value)) : Buffer.alloc(0));

export const ROLES = { SYSTEM_ADMIN: 1, SECURITY_ADMIN: 2, AUDIT_ADMIN: 3, UNION_ADMIN: 4, BENEFIT_MANAGER: 5, FINANCE: 6, COMPANY_AGENT: 8, CHECKUP_STAFF: 9, REPORT_CLERK: 10 };
export const EVERY_ROLE = Object.keys(ROLES).map((role) => ({ role, unionPath: '' }));

/** The two halves of the P-256 key of that secret: a KeyObject, and the public point x | y. */
export function pointOf(secret) {
    const curve = createECDH('prime256v1');
    curve.setPrivateKey(secret);
    const point = curve.getPublicKey().subarray(1), b64 = (part) => part.toString('base64url');
    const jwk = { kty: 'EC', crv: 'P-256', d: b64(secret), x: b64(point.subarray(0, 32)), y: b64(point.subarray(32)) };
    return { key: createPrivateKey({ key: jwk, format: 'jwk' }), point };
}

/** Identity's word for grants and step-ups, as common/trust/seal.h describes it. */
const seal = (secret, principal) => sign('sha256', Buffer.concat([Buffer.from('hg-grants-1'), principal]),
    { key: pointOf(secret).key, dsaEncoding: 'ieee-p1363' });

/**
 * A session token as common/trust/token.h describes it, signed with `key`. In a test's stack the same secret signs
 * sessions and seals grants and step-ups, unless `sealedBy` names another.
 */
export function mint(key, { sealedBy = key, ...principal }) {
    const one = {
        memberId: 1, sessionId: principal.memberId ?? 1, expiresAt: Date.now() + 1800000, level: 3, unionPath: '00000000',
        trade: 2, birthYear: 1990, sex: 2, grants: [], internal: 0,
        steppedUpUntil: 0, ...principal,
    };
    const packed = Buffer.concat([
        number(1, one.memberId), number(2, one.sessionId), number(3, one.expiresAt), number(4, one.level),
        text(5, one.unionPath), number(6, one.trade), number(7, one.birthYear), number(8, one.sex),
        ...one.grants.map(({ role, unionPath }) => bytes(9, Buffer.concat([number(1, ROLES[role]), text(2, unionPath)]))),
        number(10, one.internal), number(14, one.steppedUpUntil),
    ]);
    const body = (one.grants.length || one.steppedUpUntil ? Buffer.concat([packed, bytes(12, seal(sealedBy, packed))]) : packed).toString('base64url');
    return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

// ---- chance ----

/** A generator of numbers in [0, 1) that a seed repeats (mulberry32). */
export function chance(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ state >>> 15, state | 1);
        t = t + Math.imul(t ^ t >>> 7, t | 61) ^ t;
        return ((t ^ t >>> 14) >>> 0) / 4294967296;
    };
}

let seed;

/** The seed of this process, printed once; HG_SEED repeats that of a failed run. */
export function newSeed() {
    if (seed === undefined) {
        seed = Number(process.env.HG_SEED ?? Date.now() % 1000000);
        console.log(`HG_SEED=${seed}`);
    }
    return seed;
}

/** So many bytes of a generator. */
export const bytesOf = (random, n) => Buffer.from(Array.from({ length: n }, () => Math.floor(random() * 256)));
