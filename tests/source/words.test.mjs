// What a state or kind is called is said for every one there is, so that no page shows the name of an enum or nothing at all.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileOf, tree } from './tree.mjs';

const files = tree();
const isPage = ({ path }) => /^services\/gateway\/web\/src\/.*\.(ts|vue)$/.test(path);

/** The values of each enum of the messages, by its whole name, and the names that mostly fields of enums have. */
function enumsOf(all) {
    const values = new Map(), uses = new Map();
    for (const { path, text } of all.filter(({ path }) => /^proto\/.*\.proto$/.test(path))) {
        const package_ = /^package (\w+);/m.exec(text)?.[1];
        for (const [, name, body] of text.replace(/\/\/.*$/gm, '').matchAll(/^enum (\w+) \{([^}]*)\}/gm))
            values.set(`${package_}.${name}`, [...body.matchAll(/^\s*(\w+) = (\d+)/gm)].filter(([, , n]) => n !== '0').map(([, value]) => value));
        assert.ok(package_ || !values.size, path);
    }
    const names = new Set([...values.keys()].map((name) => name.split('.')[1]));
    for (const { text } of all.filter(({ path }) => /^proto\/.*\.proto$/.test(path))) {
        for (const [, type, field] of text.matchAll(/^\s+(?:repeated )?(?:\w+\.)?(\w+) (\w+) = \d+/gm)) {
            const name = field.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
            uses.set(name, (uses.get(name) ?? 0) + (names.has(type) ? 1 : -1));
        }
    }
    return { values, fields: new Set([...uses].filter(([, n]) => n > 0).map(([name]) => name)) };
}

/** Each table says what every value of its enum is called: `const STATE ... = { ... } satisfies Said<'coupon.State'>`. */
function everyValueHasAWord(all) {
    const { values } = enumsOf(all);
    return all.filter(isPage).flatMap(({ path, text }) => [...text.matchAll(/const (\w+)\b[^={]*= \{([^{}]*)\}(?: as const)? satisfies (Partial<)?Said<'([\w.]+)'>/g)].flatMap(([whole, table, body, , name]) => {
        const line = text.slice(0, text.indexOf(whole)).split('\n').length, said = new Set([...body.matchAll(/(\w+):/g)].map(([, key]) => key));
        if (!values.has(name))
            return [`${path}:${line}: ${table}: there is no ${name}`];
        return values.get(name).filter((value) => !said.has(value)).map((value) => `${path}:${line}: ${table} has no word for ${name}.${value}`);
    }));
}

/** What is shown as it is, is no enum: {{ order.state }} has to be {{ ORDER[order.state] }}. */
function noEnumIsShown(all) {
    const { fields } = enumsOf(all);
    return all.filter(isPage).flatMap(({ path, lines }) => lines.flatMap((line, i) => [...line.matchAll(/\{\{\s*([\w.!?]+)\s*\}\}|\?\? ([\w.!]+\.\w+)\b(?!\()/g)]
        .filter(([, shown, instead]) => fields.has((shown ?? instead).split('.').at(-1)) && (shown ?? instead).includes('.'))
        .map(([whole]) => `${path}:${i + 1}: ${whole.trim()}`))).filter((line) => !SAID.some((one) => line.startsWith(one)));
}
// What is a word already: a kind that the page has made, a union's name.
const SAID = ['services/gateway/web/src/console/pages/WaitingPage.vue:', 'services/gateway/web/src/member/pages/LooksPage.vue:'];

/** Whatever two people do is said in words among what waits, of each service that lists it. */
function everyDeedHasAWord(all) {
    const words = all.find(({ path }) => path === 'services/gateway/web/src/console/words.ts').text;
    const table = /const HAND\b[^=]*= (\{[^}]*\})/.exec(words)[1];
    const listing = all.filter(({ path, text }) => path.startsWith('proto/') && /returns \(hands\.WaitingList\)/.test(text)).map(({ path }) => path.split('/')[1]);
    const told = new RegExp(`^(services/(${listing.join('|')})|common/benefit/(?!two_hands))/.*(?<!_test|_fixture)\\.[ch]$`);
    const deeds = all.filter(({ path, text }) => told.test(path) && text.includes('hands_')).flatMap(({ path, text }) =>
        [...text.matchAll(/#define (?:[A-Z]+_)?DEED\s+"([a-z ]+)"|\.(?:kind|deed) = "([a-z ]+)"|deed_of\([^;"]*"([a-z ]+)"|hands_\w+\([^;"]*"([a-z ]+)"/g)].map(([, ...found]) => [path, found.find(Boolean)]));
    return deeds.filter(([, deed]) => !new RegExp(`['{ ]${deed}'?: '`).test(table)).map(([path, deed]) => `${path}: ${deed}`);
}

const withFile = (path, text) => [...files.filter((file) => file.path !== path), fileOf(path, text)];

describe('words', () => {
    test('each value of an enum that a table is about has one', () => assert.deepEqual(everyValueHasAWord(files), []));
    test('a table without one of them is found', () => assert.match(everyValueHasAWord(withFile('services/gateway/web/src/new.ts', "export const ORDER: Record<string, string> = { ORDER_OPEN: '待领取' } satisfies Said<'coupon.OrderState'>;")).join(), /new\.ts:1: ORDER has no word for coupon\.OrderState\.ORDER_HANDED_OVER/));
    test('no enum is shown by its name', () => assert.deepEqual(noEnumIsShown(files), []));
    test('one that is, is found', () => assert.deepEqual(noEnumIsShown(withFile('services/gateway/web/src/New.vue', '<p>{{ order.state }}</p>')), ['services/gateway/web/src/New.vue:1: {{ order.state }}']));
    test('each deed of two hands has one', () => assert.deepEqual(everyDeedHasAWord(files), []));
    test('a deed without one is found', () => assert.deepEqual(everyDeedHasAWord(withFile('services/coupon/new.c', '#define DEED "new deed"\nhands_give(')), ['services/coupon/new.c: new deed']));
});
