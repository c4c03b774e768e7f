// Each daemon as a user of its own, with the folders that deploy/folders makes: what each can reach, and what not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { claimer, openRelease } from './releases.mjs';
import { build, DAEMONS, run, Stack, top } from './stack.mjs';

const skip = process.getuid() !== 0 && 'cannot be run: only root gives daemons users of their own';

/** Prints which of the files it can open and which of the sockets it can connect to. */
const REACH = `
const fs = require('fs'), net = require('net');
const socket = (path) => new Promise((done) => {
    const peer = net.connect(path, () => { peer.destroy(); done(path); }).on('error', () => done(null));
});
const file = (path) => { try { fs.closeSync(fs.openSync(path, 'r')); return path; } catch { return null; } };
const { files, sockets } = JSON.parse(process.argv[1]);
Promise.all([...files.map(file), ...sockets.map(socket)]).then((all) => console.log(JSON.stringify(all.filter(Boolean))));
`;

describe('each daemon as a user of its own', { skip }, () => {
    let stack, releaseId;
    const home = () => ({ ...process.env, HUIGONG_HOME: stack.folder, LD_LIBRARY_PATH: stack.path('build') });
    /** What deploy/settings puts into an array for a daemon. */
    const array = (name, how, which) => execFileSync('bash', ['-euc', `. "$0/deploy/settings"; ${how} "$1"; printf '%s\\0' "\${${which}[@]}"`, top, name],
        { env: home(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).split('\0').filter(Boolean);
    const becoming = (name) => array(name, 'drop_to', 'drop');

    function prepare(one) {
        stack = one;
        // Wherever the build is, every user can enter a copy of it.
        chmodSync(stack.folder, 0o755);
        mkdirSync(stack.path('build'));
        for (const name of readdirSync(build).filter((file) => /^hg-|^lib.*\.so$/.test(file)))
            copyFileSync(join(build, name), stack.path('build', name));
        stack.programs = stack.path('build');
        execFileSync(join(top, 'deploy/folders'), { env: home(), stdio: 'pipe' });
        for (const name of DAEMONS) {
            const { HUIGONG_LISTEN, HUIGONG_LISTEN_METRICS, HUIGONG_WEB, PATH, ...settings } =
                Object.fromEntries(array(name, 'settings_of', 'environment').map((one) => one.split(/=(.*)/s, 2)));
            stack.settings[name] = { ...settings, LD_LIBRARY_PATH: stack.path('build') };
            const become = becoming(name);
            stack.wrappers[name] = { start: [...become, 'setpriv', '--pdeathsig', 'KILL'], inside: () => become };
        }
    }

    before(async () => {
        await Stack.start({ prepare });
        releaseId = await openRelease(stack, { stock: 10 });
    });
    after(() => releaseId && stack.close());

    /** Every file and socket that there is, without the stack's folder. */
    function everything() {
        const files = [], sockets = [];
        for (const entry of ['archive', 'bus', 'credentials', 'heads', 'keys', 'log', 'store']
            .flatMap((dir) => readdirSync(stack.path(dir), { recursive: true, withFileTypes: true }))) {
            const path = join(entry.parentPath ?? entry.path, entry.name);
            if (!entry.isDirectory())
                (entry.isSocket() ? sockets : files).push(path);
        }
        return { files, sockets };
    }

    async function reached(become, { files, sockets }) {
        const { code, stdout, stderr } = await run(become[0], [...become.slice(1), process.execPath, '-e', REACH, JSON.stringify({ files, sockets })], { cwd: '/' });
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout).map((path) => path.slice(stack.folder.length + 1)).sort();
    }

    test('the daemons are different users, and work together', async () => {
        const uids = DAEMONS.map((name) => statSync(`/proc/${stack.pid(name)}`).uid);
        assert.equal(new Set([0, ...uids]).size, DAEMONS.length + 1, `${uids}`);
        assert.equal((await claimer(stack, releaseId)(4000)).status, 201);
    });

    for (const name of DAEMONS) {
        test(`${name} reaches what is its own, and nothing else`, async () => {
            const all = everything();
            const own = new RegExp(`^(archive|store|heads|credentials|log)/${name}/|^keys/session\\.point$`);
            const door = name === 'broker' ? /^bus\// : name === 'gateway' ? /^bus\/edge\// : new RegExp(`^bus/([^/]+|${name}\\.server/calls)$`);
            const there = [...all.files, ...all.sockets].map((path) => path.slice(stack.folder.length + 1)).sort();
            assert.deepEqual(await reached(becoming(name), all), there.filter((path) => own.test(path) || door.test(path)));
            for (const path of ['bus', 'bus/edge', `bus/${name}.server`, 'credentials', `credentials/${name}`, 'keys'].slice(name === 'broker' ? 3 : 0)) {
                const { code } = await run(becoming(name)[0], [...becoming(name).slice(1), 'touch', stack.path(path, 'more')]);
                assert.notEqual(code, 0, `${name} can put a file into ${path}`);
            }
        });
    }

    test('another user reaches nothing', async () => {
        const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
        assert.deepEqual(await reached(nobody, everything()), ['keys/session.point']);
    });

    test('a backup and what is restored from it stay each in its own hands', async () => {
        const deploy = (script, ...args) => run(join(top, 'deploy', script), args, { env: home() });
        const { code, stdout, stderr } = await deploy('backup');
        assert.equal(code, 0, stderr);
        for (const name of [...DAEMONS].reverse())
            await stack.stop(name);
        const restored = await deploy('restore', stdout.trim());
        assert.equal(restored.code, 0, restored.stderr);
        for (const name of DAEMONS)
            stack.spawn(name);
        await stack.ready();
        const all = everything();
        assert.deepEqual((await reached(becoming('gateway'), all)).filter((path) => /^(archive|store|heads)/.test(path)), []);
        assert.equal((await claimer(stack, releaseId)(4001)).status, 201);
        await stack.assertCleanAudits();
    });
});
