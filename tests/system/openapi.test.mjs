// The OpenAPI document: a linter finds nothing in it, and everything in it says what it means.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unionsCsv } from './people.mjs';
import { Stack, until } from './stack.mjs';

const LINTER = resolve(dirname(fileURLToPath(import.meta.url)), '../openapi');

/** Installs what the lock file says, unless it is there. */
function installLinter() {
    const versions = (file) => Object.entries(JSON.parse(readFileSync(join(LINTER, file), 'utf8')).packages)
        .filter(([path]) => path).map(([path, { version }]) => `${path} ${version}`).sort().join('\n');
    const there = 'node_modules/.package-lock.json';
    // The lock has packages of other systems too, which are not installed.
    const wanted = existsSync(join(LINTER, there)) && new Set(versions('package-lock.json').split('\n'));
    if (!wanted || !versions(there).split('\n').every((one) => wanted.has(one)))
        execFileSync('npm', ['ci', '--no-progress'], { cwd: LINTER, stdio: 'inherit' });
}

const description = (one) => one.description?.trim();

/** What the linter finds, as { ruleId, severity, message, location }. */
function lint(file) {
    const cli = join(LINTER, 'node_modules/@redocly/cli/bin/cli.js');
    const args = [cli, 'lint', '--format=json', '--max-problems=1000', `--config=${join(LINTER, 'redocly.yaml')}`, file];
    const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
    return new Promise((done, failed) => execFile(process.execPath, args, { env, maxBuffer: 1 << 26 }, (error, out, text) => {
        try {
            done(JSON.parse(out).problems);
        } catch {
            failed(error ?? new Error(text));
        }
    }));
}

describe('the OpenAPI document', () => {
    let stack, document, folder;
    before(async () => {
        installLinter();
        folder = mkdtempSync(join(tmpdir(), 'openapi-'));
        stack = await Stack.start();
        document = (await stack.get('/v1/openapi.json')).json;
    });
    after(async () => {
        await stack.close();
        rmSync(folder, { recursive: true });
    });

    const operations = () => Object.entries(document.paths)
        .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })));

    test('a linter finds nothing in it', async () => {
        const file = join(folder, 'openapi.json');
        writeFileSync(file, JSON.stringify(document));
        const problems = await lint(file);
        assert.deepEqual(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`), []);
        // It would have found something.
        const worse = structuredClone(document);
        delete worse.paths['/v1/me'].get.summary;
        writeFileSync(file, JSON.stringify(worse));
        assert.deepEqual((await lint(file)).map(({ ruleId, severity }) => [ruleId, severity]), [['operation-summary', 'error']]);
    });

    test('each group of operations has a name of its own', () => {
        const names = document.tags.map(({ name }) => name);
        assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
    });

    test('every operation, parameter and field says what it means', () => {
        const silent = [];
        for (const { path, method, operation } of operations()) {
            if (!operation.summary?.trim())
                silent.push(`${method} ${path}`);
            for (const { name } of operation.parameters.filter((one) => !description(one)))
                silent.push(`${method} ${path} ${name}`);
            const body = operation.requestBody?.content['application/json'].schema;
            for (const [name, field] of Object.entries(body?.properties ?? {})) {
                if (!description(field))
                    silent.push(`${method} ${path} ${name}`);
            }
        }
        for (const [type, schema] of Object.entries(document.components.schemas)) {
            for (const [name, field] of Object.entries(schema.properties ?? {})) {
                if (!description(field))
                    silent.push(`${type}.${name}`);
            }
        }
        assert.deepEqual(silent, []);
    });

    /** The names that a response's schema allows as its reason. */
    function reasonsOf(response) {
        const at = (ref) => ref.slice(2).split('/').reduce((node, name) => node[name], document);
        const { allOf } = at(response.$ref).content['application/problem+json'].schema;
        return allOf[1].properties.reason.anyOf.flatMap((one) => (one.$ref ? at(one.$ref) : one).enum);
    }

    test('every operation names its refusals, each under its status', () => {
        const says = new Map(document['x-reasons'].map((one) => [one.reason, one]));
        const told = new Set();
        for (const { path, operation } of operations()) {
            for (const [status, response] of Object.entries(operation.responses)) {
                // /readyz says in text that it is not.
                if (status < 400 || response.content?.['text/plain'])
                    continue;
                for (const reason of reasonsOf(response)) {
                    assert.equal(says.get(reason).http, Number(status), `${path} ${reason}`);
                    told.add(reason);
                }
            }
        }
        // Of HTTP itself, of one read of a batch, or of what is only said to daemons: no operation's own.
        const others = [...says.keys()].filter((reason) => !told.has(reason)).filter((reason) => says.get(reason).http >= 400);
        assert.deepEqual(others.filter((reason) => says.get(reason).package !== 'rpc'), []);
        assert.deepEqual(others.sort(), ['EXPECTATION_FAILED', 'HEADERS_TOO_LARGE', 'JOURNAL_DIFFERS', 'MALFORMED_HTTP',
            'NOT_IN_A_BATCH', 'REQUEST_TIMEOUT', 'ROUTE_NOT_FOUND', 'UNIMPLEMENTED', 'URI_TOO_LONG']);
    });

    test('what an operation may refuse follows from who calls it, how and with what', () => {
        const of = (method, path, status) => reasonsOf(document.paths[path][method].responses[status]);
        assert.ok(of('post', '/v1/releases', '403').includes('NOT_OFFICIAL'));
        assert.ok(!of('get', '/v1/me/coupons', '403').includes('NOT_OFFICIAL'));
        assert.ok(of('post', '/v1/releases', '400').includes('IDEMPOTENCY_KEY_MISSING'));
        assert.ok(!of('post', '/v1/releases/{releaseId}:publish', '400').includes('IDEMPOTENCY_KEY_MISSING'));
        assert.equal(document.paths['/v1/releases/{releaseId}:publish'].post.responses['422'], undefined);
        assert.deepEqual(of('post', '/v1/releases', '422'), ['IDEMPOTENCY_KEY_REUSED']);
        assert.ok(of('get', '/v1/me/coupons', '400').includes('BAD_PAGE_TOKEN'));
        assert.ok(!of('post', '/v1/releases', '400').includes('BAD_PAGE_TOKEN'));
        assert.ok(of('post', '/v1/releases/{releaseId}/claims', '409').includes('SOLD_OUT'));
        assert.ok(!of('post', '/v1/releases/{releaseId}/claims', '409').includes('SLOT_FULL'));
        assert.ok(of('post', '/v1/sessions:wechat', '400').includes('WECHAT_CODE_INVALID'));
        assert.ok(of('post', '/v1/sessions:wechat', '404').includes('WECHAT_NOT_BOUND'));
        assert.ok(of('get', '/v1/me/data/{service}', '404').includes('SERVICE_NOT_FOUND'));
        assert.ok(!of('get', '/v1/me/coupons/{couponId}', '404').includes('SERVICE_NOT_FOUND'));
        assert.equal(document.paths['/v1/policies'].get.responses['415'], undefined);
    });

    /** What of a value its schema does not tell, or asks for in vain. */
    function strays(value, schema, at = '') {
        if (schema.type === 'array')
            return value.flatMap((one, i) => strays(one, schema.items, `${at}/${i}`));
        if (schema.properties)
            return [...Object.keys(value), ...schema.required].flatMap((name) => !(name in value) || !schema.properties[name]
                ? [`${at}/${name}`] : strays(value[name], schema.properties[name], `${at}/${name}`));
        const type = value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value;
        return [schema.type].flat().includes(type) && (!schema.pattern || new RegExp(schema.pattern).test(value)) ? [] : [at];
    }

    test('what the gateway answers itself is as the document says', async () => {
        assert.equal((await stack.import('unions', unionsCsv())).code, 0);
        await until('heads are told', async () => (await stack.get('/v1/journal-heads')).json.journals.some(({ heads }) => heads.length));
        const own = operations().filter(({ operation }) => operation.tags[0] === 'Gateway');
        assert.deepEqual(own.map(({ path }) => path), ['/v1/batch', '/v1/journal-heads', '/v1/me/data', '/v1/openapi.json', '/readyz', '/livez']);
        for (const { path, operation } of own) {
            const takes = operation.requestBody && { paths: ['/v1/policies', '/v1/nothing'] };
            const answer = await stack.http.request(takes ? 'POST' : 'GET', path, { body: takes }), [[media, { schema }]] = Object.entries(operation.responses[200].content);
            assert.equal(answer.status, 200, answer.text);
            assert.equal(answer.headers['content-type'].split(';')[0], media);
            assert.deepEqual(strays(media === 'application/json' ? answer.json : answer.text, schema), [], path);
        }
    });

    test('it says under which address, terms and names it is', () => {
        assert.deepEqual(document.servers.map(({ url }) => url), ['/']);
        assert.ok(document.info.license.name);
        const tags = new Set(document.tags.map(({ name }) => name));
        for (const { operation } of operations())
            assert.ok(operation.tags.length === 1 && tags.has(operation.tags[0]), operation.operationId);
    });
});
