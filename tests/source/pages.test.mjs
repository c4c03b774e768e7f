// Every page of the app and of the console is somewhere to be reached, and the console's are all tried by who must not have them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..'), src = join(top, 'services/gateway/web/src');
const read = (path) => readFileSync(join(src, path), 'utf8');
const filesOf = (folder) => readdirSync(join(src, folder), { recursive: true }).filter((path) => /\.(vue|ts)$/.test(path)).map((path) => join(folder, path));
const pagesOf = (folder) => filesOf(folder).map((path) => /(\w+Page)\.vue$/.exec(path)?.[1]).filter(Boolean).sort();
/** A route as a link to it begins: what is a parameter stands for itself. */
const beginOf = (path) => path.replace(/:.*/, '');

/** Whether some file but the table of routes leads there. */
function isLinked(path, table, files) {
    const links = files.filter((file) => file !== table).map(read).join('\n'), begin = beginOf(path).replace(/[/.]/g, '\\$&');
    return new RegExp(path.includes(':') ? `['"\`]${begin}\\$\\{` : `['"\`]${begin}['"\`?#]`).test(links);
}

test('every page of the app has a route, and every route a link', () => {
    const table = 'member/main.ts', files = filesOf('member');
    const routes = [...read(table).matchAll(/\['(\/[^']*)', '(\w+Page)'\]/g)].map(([, path, page]) => ({ path, page }));
    assert.deepEqual([...new Set(routes.map(({ page }) => page))].sort(), pagesOf('member'));
    assert.deepEqual(routes.map(({ path }) => path).filter((path) => !isLinked(path, table, files)), []);
});

test('every page of the console is in the menu or linked, and tried by every role that must not have it', () => {
    const table = 'console/places.ts', files = filesOf('console');
    const places = [...read(table).matchAll(/\{ path: '([^']+)', page: '(\w+)'(, name:)?/g)].map(([, path, page, named]) => ({ path, page, named }));
    assert.deepEqual([...new Set([...places.map(({ page }) => page), 'SignInPage'])].sort(), pagesOf('console'));
    assert.deepEqual(places.filter(({ path, named }) => !named && !isLinked(path, table, files)).map(({ path }) => path), []);
    const tried = readFileSync(join(top, 'tests/browser/console.test.mjs'), 'utf8');
    assert.deepEqual(places.map(({ path }) => path.replace(/:\w+/g, '1')).filter((path) => path !== '/' && !tried.includes(`'${path}'`)), []);
});
