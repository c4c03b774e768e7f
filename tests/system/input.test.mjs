// Bad input, generated from /v1/openapi.json: every operation and every limited field is tried, so
// a new operation is covered on the day it is added. Each refusal has its own reason, is logged
// once, and ends no daemon.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answersIn, assertProblem, exchange } from './http.mjs';
import { EVERY_ROLE, mint } from './people.mjs';
import { Stack, until } from './stack.mjs';

const JSON_DEPTH = 100000;
const BODY_LIMIT = 1 << 20;

/** All operations of the document: { name, method, path, route, fields, query, schema }. */
function operationsOf(document) {
    const operations = [];
    for (const [path, methods] of Object.entries(document.paths)) {
        for (const [method, operation] of Object.entries(methods)) {
            const said = operation.requestBody?.content['application/json'].schema;
            // What partners send is taken as it is: the daemon that knows their signature reads it (tests/system/pay).
            const schema = said?.['x-raw'] ? undefined : said;
            operations.push({
                name: operation.operationId,
                method: method.toUpperCase(),
                path,
                pathParams: (operation.parameters ?? []).filter((one) => one.in === 'path'),
                query: (operation.parameters ?? []).filter((one) => one.in === 'query'),
                schema,
                fields: schema ? [...fieldsOf(document, schema)] : [],
            });
        }
    }
    return operations;
}

const resolved = (document, schema) =>
    (schema.$ref ? schema.$ref.slice(2).split('/').reduce((at, name) => at[name], document) : schema);

/** Every field that a schema reaches: { names: ['release', 'title'], schema, list }. */
function* fieldsOf(document, schema, names = []) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
        const list = property.type === 'array';
        const field = resolved(document, list ? property.items : property);
        yield { names: [...names, name], schema: field, list, bounds: property };
        if (field.type === 'object' && !list)
            yield* fieldsOf(document, field, [...names, name]);
    }
}

const fieldName = ({ names, list }) => names.join('.') + (list ? '[0]' : '');

/** A body in which nothing but this field stands. */
function bodyWith({ names, list }, value) {
    return names.reduceRight((inner, name) => ({ [name]: inner }), list ? [value] : value);
}

const types = (schema) => [schema.type].flat();
// One of 64 bits is a string.
const isInteger = (schema) => types(schema).includes('integer') || schema.format === 'int64';
const least = (schema) => schema.minimum ?? schema['x-minimum'];
const greatest = (schema) => schema.maximum ?? schema['x-maximum'];
const isHex = (schema) => /0-9a-f/.test(schema.pattern ?? '');
const isText = (schema) => schema.type === 'string' && !schema.enum && !schema.format && !schema.contentEncoding && !isHex(schema);

describe('bad input', () => {
    let stack, document, operations, token, pids;
    const refusals = new Map(); // trace id: reason

    before(async () => {
        stack = await Stack.start();
        token = mint(stack.tokenKey(), { memberId: 77, grants: EVERY_ROLE });
        document = (await stack.get('/v1/openapi.json')).json;
        operations = operationsOf(document);
        pids = stack.pids();
    });
    after(() => stack.close());

    let keys = 0;
    /** Sends to an operation, its path parameters filled with 1 unless given. */
    function send(operation, { body, query = '', params = {}, headers = {} } = {}) {
        const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => params[name] ?? '1');
        return stack.http.request(operation.method, path + query,
            { body, token, headers: { 'Idempotency-Key': `"input-${keys++}"`, ...headers } });
    }

    function refused(answer, status, reason, field) {
        const problem = assertProblem(answer, status, reason, field);
        refusals.set(problem.traceId, reason);
        return problem;
    }

    test('the document names operations with bodies, queries and limits to try', () => {
        assert.ok(operations.length >= 20);
        assert.ok(operations.flatMap((one) => one.fields).filter((one) => one.schema.maxLength).length >= 15);
        assert.ok(operations.flatMap((one) => one.query).length >= 3);
    });

    test('every string of a body is taken at its limit and refused one character above it', async () => {
        for (const operation of operations) {
            for (const field of operation.fields.filter((one) => one.schema.maxLength && one.schema.type === 'string')) {
                const limit = field.schema.maxLength;
                // Of bytes that are base64 the document rounds the limit up to whole groups of 4 characters.
                const [longest, longer] = field.schema.contentEncoding
                    ? [limit / 4 * 3 - 2, limit / 4 * 3 + 1].map((length) => Buffer.alloc(length).toString('base64'))
                    : isHex(field.schema) ? ['0'.repeat(limit), '0'.repeat(limit + 2)]
                        : [limit, limit + 1].map((length) => '汉'.repeat(length));
                const at = await send(operation, { body: bodyWith(field, longest) });
                const over = await send(operation, { body: bodyWith(field, longer) });
                const where = `${operation.name} ${fieldName(field)}`;

                if (at.status >= 400)
                    assert.notEqual(at.json.reason, 'TOO_LONG', `${where} at ${limit}`);
                assert.ok(at.status < 500, `${where}: ${at.text}`);
                refused(over, 400, 'TOO_LONG', fieldName(field));
            }
        }
    });

    test('every string of a query is taken at its limit and refused one character above it', async () => {
        for (const operation of operations) {
            for (const { name, schema } of operation.query.filter((one) => one.schema.maxLength)) {
                const value = (length) => `?${name}=${encodeURIComponent('汉'.repeat(length))}`;
                const at = await send(operation, { query: value(schema.maxLength) });

                if (at.status >= 400)
                    assert.notEqual(at.json.reason, 'TOO_LONG');
                refused(await send(operation, { query: value(schema.maxLength + 1) }), 400, 'TOO_LONG', name);
            }
        }
    });

    test('a text of one line is one line, and none hides what it says', async () => {
        let tried = 0;
        for (const operation of operations) {
            const put = (field, value) => send(operation, { body: bodyWith(field, value.padStart(field.schema.minLength ?? 1, 'a')) });
            for (const field of operation.fields.filter((one) => isText(one.schema) && one.schema.maxLength >= 3 && !one.schema['x-raw'])) {
                for (const hidden of ['\u0007', '\u007f', '\ue900'])
                    refused(await put(field, `a${hidden}b`), 400, 'HIDDEN_CHARACTER', fieldName(field));
                // Left out, so that the text is what it looks like.
                for (const mark of ['\u00ad', '\u200b', '\u202e', '\u2066', '\ufeff'])
                    assert.notEqual((await put(field, `a${mark}b`)).json.reason, 'HIDDEN_CHARACTER', fieldName(field));
                for (const end of ['\n', '\r', '\u2028']) {
                    if (!field.schema['x-lines'])
                        refused(await put(field, `a${end}b`), 400, 'NOT_ONE_LINE', fieldName(field));
                    else if (end === '\n')
                        assert.notEqual((await put(field, `a${end}b`)).json.reason, 'NOT_ONE_LINE');
                }
                tried++;
            }
            for (const { name } of operation.query.filter((one) => isText(one.schema)))
                refused(await send(operation, { query: `?${name}=a%0Ab` }), 400, 'NOT_ONE_LINE', name);
        }
        assert.ok(tried >= 50, `only ${tried} texts`);
    });

    test('every bounded integer is refused one below and one above its bounds', async () => {
        let tried = 0;
        for (const operation of operations) {
            for (const field of operation.fields.filter((one) => isInteger(one.schema) && greatest(one.schema) !== undefined)) {
                for (const value of [least(field.schema) - 1, greatest(field.schema) + 1]) {
                    // 0 is as good as absent.
                    const reason = value === 0 ? undefined : 'OUT_OF_RANGE';
                    if (!reason)
                        continue;
                    refused(await send(operation, { body: bodyWith(field, value) }), 400, reason, fieldName(field));
                    tried++;
                }
            }
            for (const { name, schema } of operation.query.filter((one) => isInteger(one.schema) && greatest(one.schema) !== undefined)) {
                for (const value of [least(schema) - 1, greatest(schema) + 1, '99999999999999999999'])
                    refused(await send(operation, { query: `?${name}=${value}` }), 400, 'OUT_OF_RANGE', name);
                tried++;
            }
        }
        assert.ok(tried >= 10);
    });

    test('every field of another type is refused as such', async () => {
        for (const operation of operations) {
            for (const field of operation.fields) {
                const { schema } = field;
                if (schema.enum) {
                    for (const value of ['NO_SUCH_NAME', 9999, -1])
                        refused(await send(operation, { body: bodyWith(field, value) }), 400, 'OUT_OF_RANGE', fieldName(field));
                }
                const wrong = schema.enum ? [true, {}, 1.5]
                    : isInteger(schema) ? ['abc', '1.5', 1.5, true, {}, '']
                        : schema.format === 'date' ? [20260301, {}, true] : schema.format === 'date-time' ? ['yesterday', '2026-01-01', {}, true]
                            : schema.type === 'boolean' ? ['yes', 1, {}]
                                : schema.type === 'object' ? ['text', 1, true]
                                    : [1, true, {}];
                for (const value of wrong) {
                    const answer = await send(operation, { body: bodyWith(field, value) });
                    const where = `${operation.name} ${fieldName(field)} = ${JSON.stringify(value)}`;

                    assert.equal(answer.status, 400, `${where}: ${answer.text}`);
                    assert.equal(answer.json.reason, 'WRONG_TYPE', where);
                    refused(answer, 400, 'WRONG_TYPE', fieldName(field));
                }
                for (const value of schema.format === 'date' ? ['today', '20260301', '2026-3-1', '2026-02-29', '2026-03-01T00:00:00Z'] : [])
                    refused(await send(operation, { body: bodyWith(field, value) }), 400, 'NO_SUCH_DAY', fieldName(field));
                if (field.list) {
                    const scalar = bodyWith({ ...field, list: false }, 'text');
                    refused(await send(operation, { body: scalar }), 400, 'WRONG_TYPE', field.names.join('.'));
                }
            }
        }
    });

    test('a list with more items than its limit is refused', async () => {
        let tried = 0;
        for (const operation of operations) {
            for (const field of operation.fields.filter((one) => one.list && one.bounds.maxItems)) {
                const value = field.schema.enum ? field.schema.enum[0] : 1;
                const items = Array(field.bounds.maxItems + 1).fill(value);
                const body = bodyWith({ ...field, list: false }, items);

                refused(await send(operation, { body }), 400, 'TOO_MANY_ITEMS');
                tried++;
            }
        }
        assert.ok(tried >= 1);
    });

    test('an unknown field is refused by name, in a body and in a query', async () => {
        for (const operation of operations.filter((one) => one.schema)) {
            refused(await send(operation, { body: { noSuchField: 1 } }), 400, 'UNKNOWN_FIELD', 'noSuchField');
            for (const field of operation.fields.filter((one) => one.schema.type === 'object' && !one.list)) {
                const answer = await send(operation, { body: bodyWith(field, { noSuchField: 1 }) });
                refused(answer, 400, 'UNKNOWN_FIELD', `${fieldName(field)}.noSuchField`);
            }
        }
        for (const operation of operations.filter((one) => one.method === 'GET'))
            refused(await send(operation, { query: '?noSuchField=1' }), 400, 'UNKNOWN_FIELD');
    });

    test('a field given twice is refused by name', async () => {
        for (const operation of operations.filter((one) => one.fields.length)) {
            const name = operation.fields[0].names[0];
            const body = `{"${name}":null,"${name}":null}`;

            refused(await send(operation, { body }), 400, 'DUPLICATE_FIELD');
        }
    });

    test('text that is no JSON is refused', async () => {
        for (const operation of operations.filter((one) => one.schema)) {
            for (const body of ['{', '{}{}', 'null', '[]', '"text"', '{"a":01}', "{'a':1}", '{"a":1,}', '{}\u0000', 'NaN', '\ufeff{}']) {
                const answer = await send(operation, { body });

                assert.equal(answer.status, 400, `${operation.name} ${body}: ${answer.text}`);
                assert.match(answer.json.reason, /^(MALFORMED_JSON|WRONG_TYPE|INVALID_UTF8)$/, body);
                refused(answer, 400, answer.json.reason);
            }
        }
    });

    test('broken UTF-8 and NUL in a string are refused', async () => {
        for (const operation of operations) {
            for (const { names } of operation.fields.filter((one) => one.schema.type === 'string' && one.names.length === 1 && !one.list)) {
                const around = (bytes) => Buffer.concat([Buffer.from(`{"${names[0]}":"a`), Buffer.from(bytes), Buffer.from('"}')]);

                for (const bytes of [[0xff], [0xc0, 0x80], [0xe6, 0xb1], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]])
                    refused(await send(operation, { body: around(bytes) }), 400, 'INVALID_UTF8');
                for (const escape of ['\\u0000', '\\ud800', '\\udc00x']) {
                    const answer = await send(operation, { body: around([...Buffer.from(escape)]) });
                    assert.equal(answer.status, 400, `${escape}: ${answer.text}`);
                    assert.match(answer.json.reason, /^(MALFORMED_JSON|INVALID_UTF8)$/, escape);
                    refused(answer, 400, answer.json.reason);
                }
            }
        }
    });

    test('JSON nested 100,000 deep is refused by every operation with a body', async () => {
        for (const operation of operations.filter((one) => one.schema)) {
            refused(await send(operation, { body: '{"a":'.repeat(JSON_DEPTH) }), 400, 'TOO_DEEP');
            refused(await send(operation, { body: '['.repeat(JSON_DEPTH) }), 400, 'TOO_DEEP');
        }
    });

    test('JSON is read 16 levels deep and no deeper', async () => {
        const operation = operations.find((one) => one.schema);
        const nested = (levels) => '{"a":'.repeat(levels - 1) + '{}' + '}'.repeat(levels - 1);
        refused(await send(operation, { body: nested(16) }), 400, 'UNKNOWN_FIELD', 'a');
        refused(await send(operation, { body: nested(17) }), 400, 'TOO_DEEP');
    });

    test('a body larger than the limit is refused, with its length or in chunks', async () => {
        const head = `POST /v1/releases HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
        const piece = ' '.repeat(65536);
        const chunk = `10000\r\n${piece}\r\n`;
        const cases = [
            [`${head}Content-Length: ${BODY_LIMIT + 1}\r\n\r\n`],
            [`${head}Content-Length: 999999999999999999\r\n\r\n`],
            [`${head}Transfer-Encoding: chunked\r\n\r\n`, ...Array(17).fill(chunk)],
        ];
        for (const pieces of cases) {
            const [answer, ...more] = answersIn(await exchange(stack.port, pieces));
            refused(answer, 413, 'BODY_TOO_LARGE');
            assert.equal(answer.json.maxBytes, String(BODY_LIMIT));
            assert.equal(answer.headers.connection, 'close');
            assert.deepEqual(more, []);
        }
        const fits = await send(operations.find((one) => one.schema), { body: `{}${' '.repeat(BODY_LIMIT - 2)}` });
        assert.notEqual(fits.status, 413);
    });

    test('another method is refused with the methods that the path has', async () => {
        for (const [path, methods] of Object.entries(document.paths)) {
            for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
                if (methods[method.toLowerCase()])
                    continue;
                const answer = await stack.http.request(method, path.replace(/\{\w+\}/g, '1'), { token });

                refused(answer, 405, 'METHOD_NOT_ALLOWED');
                const allowed = answer.headers.allow.split(', ').filter((one) => !['HEAD', 'OPTIONS'].includes(one));
                assert.deepEqual(allowed.sort(), Object.keys(methods).map((one) => one.toUpperCase()).sort(), path);
            }
        }
        for (const path of ['/livez', '/readyz', '/v1/openapi.json']) {
            const answer = await stack.http.request('POST', path, { token, body: {} });
            refused(answer, 405, 'METHOD_NOT_ALLOWED');
            assert.match(answer.headers.allow, /\bGET\b/);
        }
    });

    test('an unknown route is refused', async () => {
        const paths = ['/v1/nothing', '/v1', '/v1/', '/v1/releases/1/nothing', '/v1/releases/1:nothing', '/v2/releases',
            '/v1/releases/', '/v1//releases', '/V1/releases', '/v1/releases/1/claims/2'];
        for (const path of paths)
            refused(await stack.get(path, { token }), 404, 'ROUTE_NOT_FOUND');
    });

    test('a body of another content type is refused', async () => {
        const operation = operations.find((one) => one.schema);
        for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'text/json'])
            refused(await send(operation, { body: '{}', headers: { 'Content-Type': type } }), 415, 'UNSUPPORTED_MEDIA_TYPE');
        for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON'])
            assert.notEqual((await send(operation, { body: '{}', headers: { 'Content-Type': type } })).status, 415);
    });

    test('an id in a path that is none is refused by name', async () => {
        for (const operation of operations) {
            for (const { name } of operation.pathParams.filter((one) => isInteger(one.schema))) {
                for (const [value, reason] of [['abc', 'WRONG_TYPE'], ['1.5', 'WRONG_TYPE'], ['%31x', 'WRONG_TYPE'],
                    ['99999999999999999999', 'OUT_OF_RANGE'], ['9223372036854775808', 'OUT_OF_RANGE']])
                    refused(await send(operation, { params: { [name]: value } }), 400, reason, name);
                // No operation's own id is 0 or below.
                const none = await send(operation, { params: { [name]: '0' } });
                assert.ok(none.status >= 400 && none.status < 500, `${operation.name}: ${none.text}`);
            }
        }
    });

    test('a body on a read is refused', async () => {
        for (const operation of operations.filter((one) => one.method === 'GET'))
            refused(await send(operation, { body: {} }), 400, 'BAD_REQUEST');
    });

    test('an Idempotency-Key longer than 128 characters, empty or with a quote inside is refused', async () => {
        const operation = operations.find((one) => one.name === 'Coupons.CreateRelease');
        for (const [value, reason] of [['k'.repeat(129), 'IDEMPOTENCY_KEY_INVALID'], ['""', 'IDEMPOTENCY_KEY_INVALID'],
            ['"a"b"', 'IDEMPOTENCY_KEY_INVALID']]) {
            const body = { release: { title: '餐券', faceFen: '500', stockPerDay: 1, opensAt: '2099-01-01T00:00:00Z' } };
            refused(await send(operation, { body, headers: { 'Idempotency-Key': value } }), 400, reason);
        }
    });

    test('afterwards the same processes run and each refusal was logged once at most, or counted', async () => {
        assert.deepEqual(stack.pids(), pids);
        for (const { ended } of Object.values(stack.daemons))
            assert.equal(ended, null);
        // A flood of refusals becomes 50 lines a second and a count of the others, which stands in a
        // line of its own as soon as another second has a refusal.
        const log = stack.logs.gateway;
        const logged = () => log.find('refused').length
            + log.find('refusals_not_logged').reduce((sum, line) => sum + Number(line.count), 0);
        let sent = 0;
        await until('the last refusals are logged', async () => {
            const before = log.find('refused').length;
            refused(await stack.get('/v1/nothing', { token }), 404, 'ROUTE_NOT_FOUND');
            sent++;
            return log.find('refused').length > before && logged() >= refusals.size;
        }, { every: 200 });
        const times = new Map();
        for (const line of log.find('refused')) {
            times.set(line.trace_id, (times.get(line.trace_id) ?? 0) + 1);
            if (refusals.has(line.trace_id))
                assert.equal(line.reason, refusals.get(line.trace_id));
        }
        for (const [trace, count] of times)
            assert.equal(count, 1, `${trace} is logged once`);
        assert.ok(sent > 0 && refusals.size > 500);
    });

    test('bad input below the flood limit is logged, each refusal once with its trace id', async () => {
        // A second with few refusals: those of the test before are counted by now.
        const log = stack.logs.gateway;
        const second = () => Math.floor(Date.now() / 1000);
        const begun = second();
        await until('a new second', () => second() > begun);
        const traces = [];
        for (const path of Array(10).fill('/v1/nothing'))
            traces.push((await stack.get(path, { token })).json.traceId);
        traces.push((await stack.get('/v1/me')).json.traceId);
        await until('all are logged', () => traces.every((trace) => log.find('refused', { trace_id: trace }).length === 1));
    });
});
