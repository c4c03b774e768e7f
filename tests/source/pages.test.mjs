// Every page of the app and of the console is reached from its menu, and the console's are all tried by who must not have them.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..'), src = join(top, 'services/gateway/web/src');
const read = (path) => readFileSync(join(src, path), 'utf8');
const filesOf = (folder) => readdirSync(join(src, folder), { recursive: true }).filter((path) => /\.(vue|ts)$/.test(path)).map((path) => join(folder, path));
const nameOf = (path) => /(\w+Page)\.vue$/.exec(path)?.[1];
const pagesOf = (folder) => filesOf(folder).map(nameOf).filter(Boolean).sort();

/** A file and all that it is made of, but the table of routes. */
function partsOf(path, table, found = new Set()) {
    if (path === table || found.has(path))
        return found;
    found.add(path);
    for (const [, named] of read(path).matchAll(/from '(\.[^']+)'/g)) {
        const other = join(dirname(path), named.endsWith('.vue') ? named : `${named}.ts`);
        if (existsSync(join(src, other)))
            partsOf(other, table, found);
    }
    return found;
}

/** Whether a text leads to a route: what is a parameter is put into the link. */
const leadsTo = (text, path) => new RegExp(`['"\`]#?${path.replace(/[/.]/g, '\\$&').replace(/:\w+/g, '\\$\\{[^{}]+\\}')}['"\`?#]`).test(text);

/** The routes that nobody comes to who begins in a file and at some of them, and goes on by the links of each page. */
function unreachedOf(routes, begin, table, menu = []) {
    const files = filesOf(dirname(table)), textOf = (path) => [...partsOf(path, table)].map(read).join('\n');
    const texts = new Map(routes.map(({ page }) => [page, textOf(files.find((path) => nameOf(path) === page))]));
    const waiting = [textOf(begin), ...menu.map(({ page }) => texts.get(page))];
    let left = routes.filter((one) => !menu.includes(one));
    while (waiting.length > 0) {
        const text = waiting.pop(), next = left.filter(({ path }) => leadsTo(text, path));
        waiting.push(...next.map(({ page }) => texts.get(page)));
        left = left.filter((one) => !next.includes(one));
    }
    return left.map(({ path }) => path);
}

test('every page of the app has a route, and every route is reached from its tabs', () => {
    const table = 'member/main.ts';
    const routes = [...read(table).matchAll(/\['(\/[^']*)', '(\w+Page)'\]/g)].map(([, path, page]) => ({ path, page }));
    assert.deepEqual([...new Set(routes.map(({ page }) => page))].sort(), pagesOf('member'));
    assert.deepEqual(unreachedOf(routes, 'member/App.vue', table), []);
});

test('every page of the console is reached from the menu, and tried by every role that must not have it', () => {
    const table = 'console/places.ts';
    const places = [...read(table).matchAll(/\{ path: '([^']+)', page: '(\w+)'(, name:)?/g)].map(([, path, page, named]) => ({ path, page, named }));
    assert.deepEqual([...new Set([...places.map(({ page }) => page), 'SignInPage'])].sort(), pagesOf('console'));
    assert.deepEqual(unreachedOf(places, 'console/App.vue', table, places.filter(({ named }) => named)), []);
    const tried = readFileSync(join(top, 'tests/browser/console.test.mjs'), 'utf8');
    assert.deepEqual(places.map(({ path }) => path.replace(/:\w+/g, '1')).filter((path) => path !== '/' && !tried.includes(`'${path}'`)), []);
});
