// The files of the tree as git sees them, or without git all but what is built.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const NOT_OURS = /^(build.*|run|node_modules|\.git)$/;

function walk(folder) {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !NOT_OURS.test(name))
        .flatMap((entry) => entry.isDirectory() ? walk(join(folder, entry.name)) : [relative(top, join(folder, entry.name))]);
}

function list() {
    if (!existsSync(join(top, '.git')))
        return walk(top);
    return execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: top, encoding: 'utf8' })
        .split('\0').filter((path) => path && existsSync(join(top, path)) && statSync(join(top, path)).isFile());
}

export const fileOf = (path, text) => ({ path, text, lines: text.split('\n') });

/** All files of the tree. */
export function tree() {
    return list().map((path) => fileOf(path, readFileSync(join(top, path), 'utf8')));
}
