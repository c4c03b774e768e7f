// The rules of rules.mjs hold of the tree, and each finds what breaks it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
    bannedFunctions, chanceHasASeed, everyPackageHasItsMatrix, foldersAreSmall, importsGoDown, includesAreFull, includesGoDown, librariesHaveAPlace, noMachinePaths,
    partsHaveTheirFiles, readmeNamesWhatIsThere, saidOnce, topIsTheDesigns,
} from './rules.mjs';
import { fileOf, tree } from './tree.mjs';

const files = tree();

/** The tree with one more file. */
const withFile = (path, text = '') => [...files.filter((file) => file.path !== path), fileOf(path, text)];

/** A rule of the tree, and files that it refuses at the line they name. */
function rule(name, check, broken) {
    describe(name, () => {
        test('in the tree', () => assert.deepEqual(check(files), []));
        for (const [path, text, at = `${path}:1`] of broken) {
            test(`not so: ${path}: ${text.trim().split('\n').at(-1).slice(0, 60)}`, () => {
                const found = check(withFile(path, text)).filter((line) => line.startsWith(`${at}:`));
                assert.equal(found.length, 1, `nothing said of ${at}`);
            });
        }
    });
}

const include = (...names) => names.map((name) => `#include "${name}"\n`).join('');

rule('includes go only down', includesGoDown, [
    ['common/api/new.c', include('common/base/buf.h', 'services/coupon/coupon.h'), 'common/api/new.c:2'],
    ['common/base/new.h', include('health/slot.pb-c.h')],
    ['common/daemon/new_test.c', include('identity.pb.h')],
    ['common/daemon/new.c', include('identity/identity.pb-c.h')],
    ['common/benefit/new/new.c', include('identity/identity.pb-c.h', 'health/slot.pb-c.h'), 'common/benefit/new/new.c:2'],
    ['common/benefit/new/new.c', include('services/identity/identity.h')],
    ['common/base/new.c', include('common/store/store.h')],
    ['common/store/new.c', include('common/bus/bus.h')],
    ['common/bus/new_test.c', include('common/rpc/rpc.h')],
    ['common/rpc/new.c', include('common/base/buf.h', 'common/api/api.h', 'common/daemon/service.h'), 'common/rpc/new.c:3'],
    ['common/draw/new.c', include('common/pass/pass.h')],
    ['common/cn/new.c', include('common/trust/pii.h')],
    ['common/new/new.c', include('common/base/buf.h')],
    ['services/health/new.c', '\n  #  include "services/identity/identity.h"', 'services/health/new.c:2'],
    ['services/coupon/new_test.c', include('services/health/fixture.h')],
    ['services/coupon/new.c', include('tests/harness.h')],
    ['tests/new.h', include('services/coupon/coupon.h')],
    ['tests/new.h', include('coupon/coupon.pb-c.h')],
]);

rule('an include names the whole path', includesAreFull, [
    ['common/api/new.c', include('api.h')],
    ['services/health/new.c', include('../coupon/coupon.h')],
    ['services/health/new.c', include('slot.pb-c.h')],
    ['tests/new.c', include('common/nothing.h')],
]);

rule('messages go only down', importsGoDown, [
    ['proto/rpc.proto', 'import "coupon/coupon.proto";'],
    ['proto/coupon/new.proto', 'import "identity/identity.proto";'],
    ['proto/identity/new.proto', 'import public "bridge/bridge.proto";'],
]);

rule('a library has its place', librariesHaveAPlace, [
    ['common/rpc/new.c', '#include <nng/nng.h>'],
    ['services/broker/new.c', '#include "nng/protocol/reqrep0/req.h"'],
    ['services/health/new.c', '#include <sqlite3.h>'],
    ['tests/new.c', '#include <sqlite3.h>'],
    ['common/trust/new.c', '#include <mbedtls/ssl.h>'],
    ['common/draw/new.c', '#include <nettle/sha2.h>'],
    ['services/identity/new.c', '#include <curl/curl.h>'],
]);

rule('some functions are banned', bannedFunctions, [
    ['common/base/new.c', '/* fine:\n * strcpy(a, b) */\nx = strcpy(a, "b");', 'common/base/new.c:3'],
    ['services/coupon/new.c', 'return time(NULL);'],
    ['services/coupon/new_test.c', 'usleep (10);'],
    ['common/base/new.h', 'n = atoll(text);'],
]);

rule('the top of the tree is the design\'s', topIsTheDesigns, [
    ['NOTES.md', 'notes', 'NOTES.md'],
    ['scripts/new', 'a script', 'scripts'],
]);

rule('no path is of one machine', noMachinePaths, [
    ['deploy/new', `cd ${['', 'home', 'somebody', 'src'].join('/')}`],
    ['README.md', `see \`${['', 'work', 'notes.txt'].join('/')}\``],
    ['common/base/new.c', `x = "${['', 'root', '.cache'].join('/')}";`],
    ['tests/new.mjs', `open('${['C:', 'Users', 'x'].join('\\')}')`],
]);

describe('a folder of C has at most 45 files', () => {
    const folder = (n) => Array.from({ length: n }, (_, i) => fileOf(`services/new/${i}.${'ch'[i % 2]}`, ''));
    test('in the tree', () => assert.deepEqual(foldersAreSmall(files), []));
    test('45 are enough', () => assert.deepEqual(foldersAreSmall(folder(45)), []));
    test('46 are not', () => assert.deepEqual(foldersAreSmall(folder(46)), ['services/new: 46 files of C, more than 45']));
});

rule('what others need too is said once', saidOnce, [
    ['services/health/new.c', 'char *text = (char *)(uintptr_t)path;'],
    ['services/coupon/new.c', '\nsnprintf(ret + 2 * i, 3, "%02x", hash[i]);', 'services/coupon/new.c:2'],
    ['common/pass/new.c', 'static const char digits[] = "0123456789abcdef";'],
    ['services/gateway/new.c', 'hash = (hash ^ *text++) * 16777619u;'],
    ['common/api/new.c', '{404, "Not Found"},'],
    ['services/identity/new.c', 'strspn(path, "0123456789abcdefghijklmnopqrstuvwxyz")'],
    ['services/health/new.c', 'if (strncmp(slot->union_path, path, strlen(path)) == 0)'],
    ['common/daemon/new.c', 'return !strncmp(path, old_path, len);'],
]);

rule('chance in fault tests has a seed', chanceHasASeed, [
    ['tests/faults/new.test.mjs', 'const at = Math.random();'],
    ['tests/faults/new.mjs', "\nimport { randomBytes } from 'node:crypto';", 'tests/faults/new.mjs:2'],
    ['tests/faults/new.test.mjs', 'stack.post(path, body, { key: crypto.randomUUID() });'],
]);

rule('each package has the matrix of who may call it', everyPackageHasItsMatrix, [
    ['proto/theatre/post.proto', 'package theatre;\nservice Posts {\n}', 'services/theatre/authority_test.c'],
    ['services/coupon/authority_test.c', '#include "tests/harness.h"', 'services/coupon/authority_test.c'],
]);

rule('each part has its header and its code', partsHaveTheirFiles, [
    ['services/nowhere/nowhere.h', '#define NOWHERE_PARTS(PART, SHARED) SHARED(holders) PART(posts)'],
    ['services/nowhere/nowhere.h', '#define NOWHERE_PARTS(PART, SHARED) \\\n SHARED(nothing)', 'services/nowhere/nowhere.h:2'],
    ['services/coupon/coupon.h', '/* nothing */\nPART(holders)', 'services/coupon/coupon.h:2'],
]);

rule('the README names what is there', readmeNamesWhatIsThere, [
    ['README.md', 'see `common/rpc/rpc.h`\nand `common/rpc.h`', 'README.md:2'],
    ['README.md', 'run ./deploy/upwards'],
]);
