// A daemon is a folder: what names daemons besides is complete, and each thing that is left out is named.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { composeHasEveryDaemon, daemonsOf, settingsAreKnown } from './daemons.mjs';
import { fileOf, tree } from './tree.mjs';

const files = tree();
/** The tree with files changed by a function, or added. */
const changed = (path, change) => [...files.filter((file) => file.path !== path),
    fileOf(path, change(files.find((file) => file.path === path)?.text ?? ''))];
const without = (path, text) => changed(path, (whole) => {
    assert.ok(whole.includes(text), `${path} has ${text}`);
    return whole.replace(text, '');
});

describe('the daemons are the folders of services/', () => {
    test('with the keys and the store that their code asks for', () => {
        const health = daemonsOf(files).find(({ name }) => name === 'health');
        assert.equal(health.store, true);
        assert.deepEqual(health.keys.sort(), ['draw', 'look', 'pass', 'report']);
        assert.equal(daemonsOf(files).find(({ name }) => name === 'broker').store, false);
    });
});

describe('docker-compose.yml has every daemon with what it needs', () => {
    test('in the tree', () => assert.deepEqual(composeHasEveryDaemon(files), []));

    test('a new daemon is missed by name, with its store and its key', () => {
        const theatre = [fileOf('services/theatre/theatre.h', 'static const struct conf conf[] = {{"HUIGONG_POST_KEY", NULL, CONF_PATH}};'),
            fileOf('services/theatre/posts.sql', '')];
        assert.deepEqual(composeHasEveryDaemon([...files, ...theatre]), ['docker-compose.yml: no service theatre']);
        const named = changed('docker-compose.yml', (text) => text.replace('\nvolumes:',
            '\n  theatre:\n    command: [hg-theatre]\n    environment: {HUIGONG_BUS: /huigong/bus}\n    volumes: ["inside:/huigong/bus"]\n'
            + '    healthcheck: {test: [CMD, hg-theatre, --probe]}\n\nvolumes:'));
        assert.deepEqual(composeHasEveryDaemon([...named, ...theatre]), [
            'docker-compose.yml: theatre is not a user of its own', 'docker-compose.yml: keys gives theatre no store',
            'deploy/Dockerfile: no place for theatre to serve',
            'docker-compose.yml: theatre has no store', 'docker-compose.yml: no volume theatre',
            'docker-compose.yml: theatre has no place for the heads of its journal',
            'docker-compose.yml: theatre has no place for the archive of its journal',
            'docker-compose.yml: keys makes no key for the heads of theatre',
            'docker-compose.yml: theatre cannot check whose authority it is shown',
            'docker-compose.yml: theatre has no HUIGONG_POST_KEY', 'docker-compose.yml: keys hands no key post to theatre',
            'docker-compose.yml: theatre has no volume post',
            'docker-compose.yml: keys makes no key post', 'docker-compose.yml: no volume post', 'deploy/keys: makes no key post',
            'docker-compose.yml: theatre does not wait for its keys',
            'docker-compose.yml: theatre is not given HUIGONG_SANDBOX, HUIGONG_ARCHIVE_DAYS, HUIGONG_ARCHIVE_KEEP, HUIGONG_ARCHIVE_SEGMENT',
        ]);
    });

    for (const [path, text, said] of [
        ['docker-compose.yml', '        hg-keys pass /huigong/pass/key\n', 'docker-compose.yml: keys makes no key pass'],
        ['docker-compose.yml', '      HUIGONG_PII_KEY: /huigong/pii/identity\n', 'docker-compose.yml: identity has no HUIGONG_PII_KEY'],
        ['docker-compose.yml', 'coupon: {}, ', 'docker-compose.yml: no volume coupon'],
        ['docker-compose.yml', 'healthcheck: {<<: *health, test: [CMD, hg-bridge, --probe]}', 'docker-compose.yml: bridge is not probed'],
        ['docker-compose.yml', '    user: huigong-coupon\n', 'docker-compose.yml: coupon is not a user of its own'],
        ['docker-compose.yml', '      HUIGONG_CODES_DAY:\n', 'docker-compose.yml: identity is not given HUIGONG_CODES_DAY'],
        ['docker-compose.yml', '  HUIGONG_ARCHIVE_KEEP:\n', 'docker-compose.yml: coupon is not given HUIGONG_ARCHIVE_KEEP'],
        ['docker-compose.yml', '        hand pii identity\n', 'docker-compose.yml: keys hands no key pii to identity'],
        ['deploy/Dockerfile', ' /huigong/report', 'deploy/Dockerfile: makes no folder /huigong/report'],
    ]) {
        test(`without ${text.trim()}`, () => assert.ok(composeHasEveryDaemon(without(path, text)).includes(said), said));
    }

    test('a daemon that is gone, and a setting that nothing reads', () => {
        const gone = files.filter((file) => !file.path.startsWith('services/coupon/'));
        assert.ok(composeHasEveryDaemon(gone).includes('docker-compose.yml: coupon runs hg-coupon, which services/ has not'));
        assert.ok(composeHasEveryDaemon(changed('docker-compose.yml', (text) => text.replace('HUIGONG_REPORT_DAYS:', 'HUIGONG_REPORT_WEEKS:')))
            .includes('docker-compose.yml: health knows no HUIGONG_REPORT_WEEKS'));
        assert.ok(composeHasEveryDaemon(changed('docker-compose.yml', (text) => text.replace('  HUIGONG_LOG:', '  HUIGONG_LOGS:')))
            .includes('docker-compose.yml: broker knows no HUIGONG_LOGS'));
    });
});

describe('a setting that is written about exists', () => {
    test('in the tree', () => assert.deepEqual(settingsAreKnown(files), []));
    test('not so: another', () => assert.deepEqual(settingsAreKnown(changed('README.md', () => 'as `HUIGONG_RETENTION_YEARS` says')),
        ['README.md:1: nothing reads HUIGONG_RETENTION_YEARS']));
});
