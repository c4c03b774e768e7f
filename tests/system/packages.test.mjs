// deploy/packages while another uses apt, as a fresh machine does by itself.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run, top } from './stack.mjs';

const folder = mkdtempSync(join(tmpdir(), 'huigong-packages-'));
const program = (name, text) => writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
const install = () => run(join(top, 'deploy/packages'), ['--install', 'build'], { env: { PATH: `${folder}:${process.env.PATH}` } });
const asked = () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n');
after(() => rmSync(folder, { recursive: true }));

test('waits for the locks of apt, and tries nothing else again', async () => {
    program('id', 'echo 0');
    program('dpkg-query', 'exit 1');
    program('sleep', 'exit 0');
    // Twice somebody else has the lock of the lists.
    program('apt-get', `echo "$*" >>${folder}/asked
[ "$(wc -l <${folder}/asked)" -gt 2 ] || { echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt)" >&2; exit 100; }`);
    const { code, stderr } = await install();
    assert.equal(code, 0, stderr);
    assert.deepEqual(asked().map((line) => /(update|install)/.exec(line)[0]), ['update', 'update', 'update', 'install']);
    assert.ok(asked().every((line) => line.includes('DPkg::Lock::Timeout=600')), 'for the lock of dpkg apt waits itself');
    program('apt-get', `echo "$*" >>${folder}/asked; echo "E: Unable to locate package" >&2; exit 100`);
    const failed = await install();
    assert.notEqual(failed.code, 0);
    assert.match(failed.stderr, /Unable to locate package/);
    assert.equal(asked().length, 5);
});
