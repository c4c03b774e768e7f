// deploy/web on a workspace of one page: what it builds, what it takes, and what goes on being served when it cannot.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run, top } from './stack.mjs';

const CLOSED = 9; // the port of discard, which nobody opens any more
const PACKAGE = { name: 'one-page', version: '1.0.0', private: true,
    scripts: { check: 'node check.mjs', build: 'node build.mjs' } };
const LOCK = { name: 'one-page', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': { name: 'one-page', version: '1.0.0' } } };
// The page has what the gateway says of itself, so that operations are seen to reach it.
const BUILD = `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
mkdirSync('dist');
writeFileSync('dist/index.html', readFileSync('page.html', 'utf8') + readFileSync('types', 'utf8'));
if (readFileSync('page.html', 'utf8').includes('<broken'))
    throw new Error('page.html is broken');`;
const CHECK = `import { readFileSync } from 'node:fs';
if (readFileSync('page.html', 'utf8').includes('<wrong'))
    throw new Error('page.html calls what does not exist');`;

describe('the pages that deploy/web puts where the gateway serves them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'huigong-pages-'));
    const path = (...names) => join(folder, ...names);
    const sources = (name) => path('tree/services/gateway/web', name);
    const write = (name, text) => writeFileSync(sources(name), text);
    const served = () => (existsSync(path('web/index.html')) ? readFileSync(path('web/index.html'), 'utf8') : null);
    const gateway = (said) => {
        writeFileSync(path('hg-gateway'), `#!/bin/sh\necho '${said}'\n`);
        chmodSync(path('hg-gateway'), 0o755);
    };
    let registry, asked = 0;

    before(async () => {
        mkdirSync(sources('.'), { recursive: true });
        mkdirSync(path('tree/deploy'));
        copyFileSync(join(top, 'deploy/web'), path('tree/deploy/web'));
        write('package.json', JSON.stringify(PACKAGE));
        write('package-lock.json', JSON.stringify(LOCK));
        write('.npmrc', 'update-notifier=false\n');
        write('types.mjs', "import { copyFileSync } from 'node:fs';\ncopyFileSync(process.argv[2], 'types');");
        write('build.mjs', BUILD);
        write('check.mjs', CHECK);
        write('page.html', '<p>first');
        gateway('operations');
        registry = createServer((_, answer) => {
            asked++;
            answer.setHeader('content-type', 'application/json').end('{}');
        }).listen(0, '127.0.0.1');
        await once(registry, 'listening');
    });
    after(() => {
        registry.close();
        rmSync(folder, { recursive: true });
    });

    const web = ({ port = CLOSED, taken = '' } = {}) => run(path('tree/deploy/web'), [path('hg-gateway'), path('web')], {
        env: { PATH: process.env.PATH, HOME: folder, npm_config_registry: `http://127.0.0.1:${port}/`, HUIGONG_WEB: taken } });

    /** What it does without a word: nothing. */
    async function doesNothing() {
        const { ino } = statSync(path('web'));
        assert.deepEqual(await web(), { code: 0, stdout: '', stderr: '' });
        assert.equal(statSync(path('web')).ino, ino);
    }

    test('without a registry there are none, which is said in one line', async () => {
        const { code, stdout, stderr } = await web();
        assert.equal(code, 3, stderr);
        assert.match(stdout + stderr, /^web: no registry of npm can be reached [^\n]*: there are no pages; [^\n]*\n$/);
        assert.ok(statSync(path('web')).isDirectory());
        assert.equal(served(), null);
    });

    test('with one they are built, of the operations that the gateway has', async () => {
        assert.deepEqual(await web({ port: registry.address().port }), { code: 0, stdout: '', stderr: '' });
        assert.equal(served(), '<p>firstoperations\n');
        assert.ok(asked > 0);
    });

    test('what has not changed is not built again, nor is a registry asked', doesNothing);

    test('changed pages and operations are built, of the packages that are there', async () => {
        gateway('more');
        assert.deepEqual(await web(), { code: 0, stdout: '', stderr: '' });
        assert.equal(served(), '<p>firstmore\n');
        write('page.html', '<p>second');
        assert.deepEqual(await web(), { code: 0, stdout: '', stderr: '' });
        assert.equal(served(), '<p>secondmore\n');
        await doesNothing();
    });

    test('what does not build, or is not as it should be, is said, and leaves the pages that are served', async () => {
        for (const [page, problem] of [['<broken', /page\.html is broken[^]*web: the pages were not built/], ['<wrong', /what does not exist[^]*web: the pages were not built/]]) {
            write('page.html', page);
            const { code, stderr } = await web();
            assert.equal(code, 1);
            assert.match(stderr, problem);
            assert.equal(served(), '<p>secondmore\n');
        }
        write('page.html', '<p>second');
        await doesNothing();
    });

    test('so do other packages that cannot be had', async () => {
        write('package-lock.json', JSON.stringify(LOCK, null, 2));
        const { code, stderr } = await web();
        assert.equal(code, 3, stderr);
        assert.match(stderr, /: the pages stay as they are; /);
        assert.equal(served(), '<p>secondmore\n');
    });

    test('built ones are taken as they are, and a folder without pages is not', async () => {
        mkdirSync(path('built/console'), { recursive: true });
        const none = await web({ taken: path('built') });
        assert.equal(none.code, 1);
        assert.match(none.stderr, /has no index\.html/);
        assert.equal(served(), '<p>secondmore\n');
        writeFileSync(path('built/index.html'), 'built');
        writeFileSync(path('built/console/index.html'), 'console');
        assert.deepEqual(await web({ taken: path('built') }), { code: 0, stdout: '', stderr: '' });
        assert.equal(served(), 'built');
        assert.equal(readFileSync(path('web/console/index.html'), 'utf8'), 'console');
        assert.deepEqual(await web({ taken: path('web') }), { code: 0, stdout: '', stderr: '' });
        assert.equal(served(), 'built');
    });
});
