// Officials, merchants' staff and members' telephones, for tests/bench/redeem: redeem.mjs PORT KEYFILE STEP ARGUMENTS...
//   desks UNION PATH            opens merchants, and prints a line of JSON for each device at their branches
//   passes TOKENS               asks for the pass of each member of a file, and prints it
//   sales PASSES DESKS ROUND    prints a request for each pass (requests.lua), with what it shows now
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createWriteStream, readFileSync } from 'node:fs';
import { Http } from '../system/http.mjs';
import { cashier, openShop } from '../system/merchants.mjs';

const MERCHANTS = 100, DEVICES = 10, STEP_MS = 30000, SCREEN_PURSE = 6, TWICE = 50, CLIENTS = 64;
const [port, keyFile, step, ...args] = process.argv.slice(2);
const http = new Http({ port: Number(port), sockets: CLIENTS });
const key = Buffer.from(readFileSync(keyFile, 'utf8').trim(), 'hex');
const stack = {
    tokenKey: () => key,
    get: (path, options) => http.request('GET', path, options),
    post: (path, body, options) => http.request('POST', path, { body, ...options }),
};
const linesOf = (file) => readFileSync(file, 'utf8').trimEnd().split('\n');
const out = createWriteStream(null, { fd: 1 });

/** Does something for each number below n, so many at a time. */
async function each(n, what) {
    let next = 0;
    await Promise.all(Array.from({ length: CLIENTS }, async () => {
        for (let i; (i = next++) < n;)
            await what(i);
    }));
}

/** What the telephone shows: common/pass/pass.h, without waiting for each. */
function codeOf({ keyId, subject, turnKey }, now) {
    const turn = Math.floor(now / STEP_MS), head = Buffer.alloc(13), counted = Buffer.alloc(8);
    head.writeUInt8(SCREEN_PURSE, 0);
    head.writeUInt16BE(keyId, 1);
    Buffer.from(subject, 'hex').copy(head, 3);
    head.writeUInt16BE(turn % 65536, 11);
    counted.writeBigUInt64BE(BigInt(turn));
    const tag = createHmac('sha256', Buffer.from(turnKey, 'base64')).update(counted).digest();
    return Buffer.concat([head, tag.subarray(0, 11)]).toString('base64url');
}

if (step === 'desks') {
    const [unionId, path] = args;
    for (let n = 0; n < MERCHANTS; n++) {
        const { branchId } = await openShop(stack, { unionId, path }, { n, name: `商户${n}` });
        for (let i = 0; i < DEVICES; i++)
            out.write(`${JSON.stringify(await cashier(stack, { path }, branchId, 500000 + n * DEVICES + i))}\n`);
    }
} else if (step === 'passes') {
    const tokens = linesOf(args[0]);
    await each(tokens.length, async (i) => {
        const { status, json, text } = await stack.post('/v1/me/coupon-passes', {}, { token: tokens[i] });
        assert.equal(status, 200, text);
        out.write(`${JSON.stringify({ keyId: json.keyId, subject: json.subject, turnKey: json.turnKey })}\n`);
    });
} else {
    const passes = linesOf(args[0]).map((line) => JSON.parse(line)), desks = linesOf(args[1]).map((line) => JSON.parse(line));
    const now = Date.now();
    let at = 0;
    const sale = (text) => {
        const { token, deviceId, branchId } = desks[at % desks.length];
        const body = { deviceId, saleRef: `bench-${args[2]}-${at++}`, text, purchaseFen: '2000', atOnce: true };
        out.write(`/v1/branches/${branchId}/sales\t${token}\t${JSON.stringify(body)}\n`);
    };
    passes.forEach((pass, i) => {
        const text = codeOf(pass, now);
        for (let times = i % TWICE ? 1 : 2; times > 0; times--)
            sale(text);
    });
}
http.close();
