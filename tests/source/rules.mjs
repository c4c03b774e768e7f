// What holds of the tree as it is written. A rule is a function of files ({ path, text, lines }) that gives what breaks
// it, a line each: "common/base/buf.c:3: ...".

// ---- rooms ----

// What each room of common/ may include besides itself: arrows go only down.
const base = ['base', 'text'];
const chassis = [...base, 'store', 'bus', 'api', 'trust'];
export const BELOW = {
    base: [], text: ['base'], store: base, bus: base, api: base, trust: base,
    rpc: chassis, daemon: [...chassis, 'rpc'],
    cn: base, draw: base, pass: [...base, 'trust'], table: base,
    benefit: [...chassis, 'rpc', 'daemon', 'cn', 'draw', 'pass', 'table'],
};

const isCode = ({ path }) => /\.[ch]$/.test(path);

/** Its #include lines: { at, name, quoted }. */
function includesOf({ path, lines }) {
    return lines.flatMap((line, i) => {
        const found = /^\s*#\s*include\s*(["<])([^">]*)[">]/.exec(line);
        return found ? [{ at: `${path}:${i + 1}`, name: found[2], quoted: found[1] === '"' }] : [];
    });
}

const everyInclude = (files) => files.filter(isCode).flatMap((file) => includesOf(file).map((include) => ({ file, ...include })));

/** The service whose code or messages a header is of, or undefined. */
function serviceOf(name, services) {
    const owner = /^services\/([^/]+)\//.exec(name)?.[1] ?? /^([a-z]+)(?:\/.*)?\.pb(?:-c)?\.h$/.exec(name)?.[1];
    return services.has(owner) ? owner : undefined;
}

/** What is given to people follows who they are: identity's journal, and nothing else of a service. */
const isHeard = (room, name) => room === 'benefit' && /^identity\/[a-z_]+\.pb-c\.h$/.test(name);

/** Includes go down: from daemon to base, from a service to common, and from nowhere into another service. */
export function includesGoDown(files) {
    const services = new Set(files.map(({ path }) => /^services\/([^/]+)\//.exec(path)?.[1]).filter(Boolean));
    return everyInclude(files).flatMap(({ file, at, name }) => {
        const [place, room] = file.path.split('/');
        const [toPlace, toRoom] = name.split('/');
        const service = serviceOf(name, services);
        if (place === 'common') {
            if (service && !isHeard(room, name))
                return [`${at}: common knows no service, this includes ${name}`];
            if (toPlace === 'common' && toRoom !== room && !BELOW[room]?.includes(toRoom))
                return [`${at}: common/${room} stands on ${BELOW[room]?.join(', ') || 'nothing'}, not on ${toRoom}: ${name}`];
        }
        if (place === 'services' && toPlace === 'services' && toRoom !== room)
            return [`${at}: ${room} includes ${name}: services never call each other`];
        if (place === 'tests' && file.path.split('/').length === 2 && service)
            return [`${at}: what all tests share knows no service, this includes ${name}`];
        if (place !== 'tests' && toPlace === 'tests' && !/(_test\.[ch]|fixture\.h)$/.test(file.path))
            return [`${at}: ${name} is for tests`];
        return [];
    });
}

/** Each include names its file from the top of the tree; headers of protobuf-c begin at proto/. */
export function includesAreFull(files) {
    const paths = new Set(files.map(({ path }) => path));
    return everyInclude(files).flatMap(({ at, name, quoted }) => {
        const generated = /^(.*)\.pb-c\.h$/.exec(name)?.[1];
        const packed = /^([a-z]+)\.pb\.h$/.exec(name)?.[1];
        const known = paths.has(name) || paths.has(`proto/${generated}.proto`)
            || paths.has(`tests/proto/${generated}.proto`)
            || [...paths].some((path) => path.startsWith(`proto/${packed}/`));
        return quoted && !known ? [`${at}: no file ${name}: an include names the whole path`] : [];
    });
}

/** Messages go down as includes do; the bridge, an edge, hands on what identity answers. */
export function importsGoDown(files) {
    return files.filter(({ path }) => /^proto\/.*\.proto$/.test(path)).flatMap(({ path, lines }) => lines.flatMap((line, i) => {
        const to = /^import\s+(?:public\s+)?"([^/"]+)\/[^"]*"/.exec(line)?.[1];
        const own = /^proto\/([^/]+)\//.exec(path)?.[1];
        const known = !to || ['google', 'protobuf-c'].includes(to) || to === own || (own === 'bridge' && to === 'identity');
        return known ? [] : [`${path}:${i + 1}: ${own ?? 'the chassis'} imports a message of ${to}`];
    }));
}

/** A folder in which a stranger still finds what he looks for. */
export function foldersAreSmall(files, most = 45) {
    const counts = new Map();
    for (const { path } of files.filter(isCode)) {
        const folder = path.slice(0, path.lastIndexOf('/'));
        counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
    return [...counts].filter(([, n]) => n > most).map(([folder, n]) => `${folder}: ${n} files of C, more than ${most}`);
}

// ---- what is used where ----

const LIBRARIES = [
    [/^nng\//, /^common\/bus\//],
    [/^sqlite3\.h$/, /^common\/store\/|^tests\/(disk|dump)\.c$/],
    [/^nettle\//, /^common\/base\//],
    [/^mbedtls\/ssl/, /^services\/(gateway|bridge)\//],
    [/^curl\//, /^services\/bridge\//],
    [/^(minizip\/|unzip\.h|expat\.h)/, /^common\/table\//],
    [/^llhttp\.h$/, /^services\/gateway\//],
    [/^(seccomp\.h|linux\/landlock\.h)$/, /^common\/daemon\//],
];

/** Each library of the outside is spoken to in one place. */
export function librariesHaveAPlace(files) {
    return everyInclude(files).flatMap(({ file, at, name }) => LIBRARIES
        .filter(([library, place]) => library.test(name) && !place.test(file.path))
        .map(([, place]) => `${at}: ${name} is for ${place.source.replaceAll(/[\\^$]/g, '')}`));
}

// Those without a bound, those that keep state behind the caller's back, and those that read the machine's own time or
// chance, which come in with the batch.
const BANNED = ('strcpy strcat stpcpy sprintf vsprintf strtok gets atoi atol atoll atof strncat scanf alloca strdupa system popen'
    + ' tmpnam tempnam mktemp asctime ctime gmtime localtime rand srand random srandom drand48').split(' ');
const MACHINE = 'time gettimeofday clock_gettime clock getrandom getentropy arc4random sleep usleep nanosleep'.split(' ');
const MAY_ASK_THE_MACHINE = /^common\/base\/(clock|log)\.c$|^tests\/bench\//; // log.c: how long it waits for a reader

/** C without its comments and texts; the lines stay where they are. */
export function stripped(text) {
    return text.replaceAll(/\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|\/\/.*/g, (found) => found.replaceAll(/[^\n]/g, ' '));
}

export function bannedFunctions(files) {
    return files.filter(isCode).flatMap((file) => {
        const names = MAY_ASK_THE_MACHINE.test(file.path) ? BANNED : [...BANNED, ...MACHINE];
        const call = new RegExp(`(?<![\\w.>])(${names.join('|')})\\s*\\(`);
        return stripped(file.text).split('\n').flatMap((line, i) => {
            const found = call.exec(line);
            return found ? [`${file.path}:${i + 1}: ${found[1]} is banned`] : [];
        });
    });
}

/** What a fault test does by chance follows from its seed, which is printed (newSeed() of tests/system/people.mjs). */
export function chanceHasASeed(files) {
    return files.filter(({ path }) => /^tests\/faults\/.*\.mjs$/.test(path)).flatMap(({ path, lines }) => lines.flatMap((line, i) => {
        const found = /\b(Math\.random|random(?:Bytes|UUID|Int|FillSync|Fill)|getRandomValues)\b/.exec(line)?.[1];
        return found ? [`${path}:${i + 1}: ${found} has no seed: chance(newSeed())`] : [];
    }));
}

// ---- what lies at the top, and what a machine has left ----

const AT_THE_TOP = ['CMakeLists.txt', 'README.md', 'docker-compose.yml'];
const FOLDERS = ['common', 'deploy', 'proto', 'services', 'tests'];

export function topIsTheDesigns(files) {
    const names = new Set(files.map(({ path }) => path.split('/')[0]).filter((name) => !name.startsWith('.')));
    return [...names].filter((name) => !AT_THE_TOP.includes(name) && !FOLDERS.includes(name))
        .map((name) => `${name}: the top of the tree has ${[...AT_THE_TOP, ...FOLDERS].join(', ')}, and nothing else`);
}

/** The files and folders that the README names are there. NAME, NOUN and ROOM stand for any, and it makes up a daemon. */
export function readmeNamesWhatIsThere(files) {
    const { lines } = files.find(({ path }) => path === 'README.md');
    return lines.flatMap((line, i) => line.match(/\b(?:proto|common|services|tests|deploy)\/[\w./-]*[\w]/g)?.filter((name) =>
        !/NAME|NOUN|ROOM/.test(name) && !files.some(({ path }) => path === name || path.startsWith(`${name}/`)))
        .map((name) => `README.md:${i + 1}: there is no ${name}`) ?? []);
}

// Folders of one machine or of one person. What every Debian has (/usr, /etc, /proc, ...) is none.
const MACHINE_PATH = /(?<![\w./:>*})\]$-])\/(?:home|root|work|workspace|workspaces|builds|Users|mnt|media|opt|srv|private|export|nix)\/[\w.-]+|\b[A-Z]:\\\\?[A-Z][\w\\]+/;
const LISTED = ['/srv/huigong']; // where deploy/up says that a system may be kept

export function noMachinePaths(files) {
    return files.filter(({ path }) => !/^tests\/(data|fuzz\/corpus)\//.test(path)).flatMap(({ path, lines }) => lines.flatMap((line, i) => {
        const found = MACHINE_PATH.exec(line)?.[0];
        return found && !LISTED.includes(found) ? [`${path}:${i + 1}: ${found} is a path of one machine`] : [];
    }));
}

// ---- tests that each has ----

/** Whoever answers operations (a folder of proto/ with a service) has the matrix of who may call them. */
export function everyPackageHasItsMatrix(files) {
    const packages = new Set(files.filter(({ path, text }) => /^proto\/[a-z]+\/.*\.proto$/.test(path) && /^service /m.test(text))
        .map(({ path }) => path.split('/')[1]));
    return [...packages].map((name) => [name, `services/${name}/authority_test.c`])
        .filter(([, test]) => !files.some(({ path, text }) => path === test && text.includes('#include "tests/authority.h"')))
        .map(([name, test]) => `${test}: ${name} has operations, and no matrix of who may call them (tests/authority.h)`);
}

/** Each part that a service lists has its header and its code side by side under its name (common/daemon/part.h). */
export function partsHaveTheirFiles(files) {
    const paths = new Set(files.map(({ path }) => path));
    const inFolder = (folder, name) => [...paths].some((path) => path.startsWith(folder) && path.endsWith(`/${name}.h`)
        && paths.has(path.replace(/h$/, 'c')));
    return files.filter(({ path }) => /^services\/([a-z]+)\/\1\.h$/.test(path)).flatMap(({ path, lines }) => lines.flatMap((line, i) =>
        [...line.matchAll(/\b(PART|SHARED)\((\w+)\)/g)].filter(([, kind, name]) =>
            !inFolder(kind === 'PART' ? path.slice(0, path.lastIndexOf('/') + 1) : `common/benefit/${name}/`, name))
            .map(([, , name]) => `${path}:${i + 1}: the part ${name} has no ${name}.h with its ${name}.c`)));
}

// ---- said once ----

// What has one place, and what others call instead.
const ONCE = [
    [/\(char \*\)\(uintptr_t\)/, 'common/base/base.h', 'unconst()'],
    [/%02x"/, 'common/base/hex.c', 'hex_print()'],
    [/"0123456789abcdef"/, 'common/base/hex.h', 'HEX_DIGITS'],
    [/\b(16777619|1099511628211)(?!\d)/, 'common/base/bytes.h', 'fnv1a()'],
    [/"(Not Found|Bad Request)"/, 'common/api/http_phrase.h', 'http_phrase()'],
    [/0123456789abcdefghijklmnopqrstuvwxyz/, 'common/base/union_path.c', 'union_path.h'],
    [/\bstrncmp\([^;]*_path\b/, 'common/base/union_path.h', 'union_path_covers()'],
];

/** Code of ours says these things in one place; a test may write down what it expects. */
export function saidOnce(files) {
    return files.filter((file) => isCode(file) && !/_test\.c$/.test(file.path)).flatMap(({ path, lines }) => lines.flatMap((line, i) =>
        ONCE.filter(([what, place]) => place !== path && what.test(line)).map(([, place, instead]) =>
            `${path}:${i + 1}: ${instead} of ${place} says this`)));
}
