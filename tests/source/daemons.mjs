// Which daemons there are and what each needs: the folders of services/ and the settings in their code say it, and what
// cannot follow from them is held against them (docker-compose.yml, the Dockerfile, deploy/keys, the README).

const SETTING = /\{"(HUIGONG_[A-Z_]+)",\s*(NULL)?/g;
// What deploy/ and a user's shell know besides the daemons.
const OF_DEPLOY = ['HUIGONG_HOME', 'HUIGONG_PORT', 'HUIGONG_METRICS_PORT', 'HUIGONG_DEMO', 'HUIGONG_DEMO_MEMBERS', 'HUIGONG_COMPOSE'];

/** Settings that code declares: name to whether a daemon cannot do without it. */
function settingsIn(files) {
    const settings = new Map();
    for (const { path, text } of files) {
        if (/\.[ch]$/.test(path) && !/(_test\.c|fixture\.h)$/.test(path)) {
            for (const [, name, required] of text.matchAll(SETTING))
                settings.set(name, required !== undefined);
        }
    }
    return settings;
}

/** { name, store, settings, keys } of every folder of services/ with a header of its name. */
export function daemonsOf(files) {
    const names = new Set(files.map(({ path }) => /^services\/([^/]+)\/\1\.h$/.exec(path)?.[1]).filter(Boolean));
    return [...names].map((name) => {
        const own = files.filter(({ path }) => path.startsWith(`services/${name}/`));
        const settings = settingsIn(own);
        const keys = [...settings].filter(([setting, required]) => required && /_KEY$/.test(setting))
            .map(([setting]) => /^HUIGONG_(.*)_KEY$/.exec(setting)[1].toLowerCase());
        return { name, store: own.some(({ path }) => path.endsWith('.sql')), settings, keys };
    });
}

/** The blocks below a top-level name of a YAML file in block style: name to its text. */
function blocksOf(text, section) {
    const lines = text.split('\n');
    const begin = lines.indexOf(`${section}:`) + 1;
    const blocks = new Map();
    let name;
    for (const line of lines.slice(begin)) {
        if (begin === 0 || /^\S/.test(line))
            break;
        name = /^ {2}([a-z][\w-]*):/.exec(line)?.[1] ?? name;
        if (name && !/^\s*#/.test(line))
            blocks.set(name, `${blocks.get(name) ?? ''}${line}\n`);
    }
    return blocks;
}

/** docker-compose.yml has each daemon with what it needs, and no other. */
export function composeHasEveryDaemon(files) {
    const textOf = (path) => files.find((file) => file.path === path)?.text ?? '';
    const compose = textOf('docker-compose.yml');
    const dockerfile = textOf('deploy/Dockerfile');
    const keyKinds = textOf('deploy/keys');
    const daemons = daemonsOf(files);
    const chassis = settingsIn(files.filter(({ path }) => path.startsWith('common/')));
    const blocks = blocksOf(compose, 'services');
    const volumes = new Set(/^volumes:\s[^]*?\n(?=\n|$)/m.exec(compose)?.[0].match(/[a-z-]+(?=: \{\})/g) ?? []);
    const wrong = [];
    const need = (there, what) => there || wrong.push(`docker-compose.yml: ${what}`);
    const maker = blocks.get('keys') ?? '';
    const shared = /^x-settings: &settings\n(?: {2}.*\n)*/m.exec(compose)?.[0] ?? '';
    const toKnow = [...textOf('README.md').matchAll(/^\| (`HUIGONG_[^|]*)/gm)].flatMap(([, names]) => names.match(/HUIGONG_[A-Z_]+/g));

    for (const { name, store, settings, keys } of daemons) {
        const block = blocks.get(name);
        need(block, `no service ${name}`);
        if (!block)
            continue;
        const has = (text) => block.includes(text);
        need(has(`command: [hg-${name}]`), `${name} does not run hg-${name}`);
        need(new RegExp(`test: \\[CMD, hg-${name}, --probe\\]`).test(block), `${name} is not probed`);
        need(has('HUIGONG_BUS: /huigong/bus') && has(name === 'gateway' ? '"edge:/huigong/bus/edge"' : 'inside:/huigong/bus'), `${name} has no bus`);
        need(name !== 'gateway' || !has('inside:/huigong/bus'), `${name} is inside the bus`);
        need(has(`user: huigong-${name}\n`), `${name} is not a user of its own`);
        need(!store || new RegExp(`^ *for name in[a-z ]* ${name}[a-z ]*; do\n *chown -R [^\n]*/huigong/\\$\\$name"`, 'm').test(maker) && maker.includes(`${name}:/huigong/${name}\n`),
            `keys gives ${name} no store`);
        if (name !== 'gateway' && dockerfile && !new RegExp(`for name in[a-z ]* ${name}[a-z ]*; do \\\\\n *install -d -m 2750 [^\n]*\\.server"`).test(dockerfile))
            wrong.push(`deploy/Dockerfile: no place for ${name} to serve`);
        if (store) {
            need(has('HUIGONG_STORE: /huigong/store') && new RegExp(`\\b${name}:/huigong/store\\b`).test(block), `${name} has no store`);
            need(volumes.has(name), `no volume ${name}`);
            need(has('HUIGONG_HEADS: /huigong/heads') && has('HUIGONG_HEAD_KEY: /huigong/heads/key') && has(`${name}-heads:/huigong/heads`),
                `${name} has no place for the heads of its journal`);
            need(has('HUIGONG_ARCHIVE: /huigong/archive') && has(`${name}-archive:/huigong/archive`)
                && maker.includes(`"/huigong/$$name-archive"`) && maker.includes(`${name}-archive:/huigong/${name}-archive`),
                `${name} has no place for the archive of its journal`);
            need(maker.includes(`hg-keys head /huigong/${name}-heads/key`) && maker.includes(`${name}-heads:/huigong/${name}-heads`),
                `keys makes no key for the heads of ${name}`);
        }
        need(name === 'gateway' || (has('HUIGONG_SESSION_POINT: /huigong/point/point') && has('point:/huigong/point:ro')), `${name} cannot check whose authority it is shown`);
        for (const key of keys) {
            need(has(`HUIGONG_${key.toUpperCase()}_KEY: /huigong/${key}/${name}`), `${name} has no HUIGONG_${key.toUpperCase()}_KEY`);
            need(new RegExp(`^ *hand ${key}( [a-z]+)* ${name}( |$)`, 'm').test(maker), `keys hands no key ${key} to ${name}`);
            need(has(`${key}:/huigong/${key}:ro`), `${name} has no volume ${key}`);
            need(maker.includes(`hg-keys ${key} /huigong/${key}/key`) && maker.includes(`${key}:/huigong/${key}`), `keys makes no key ${key}`);
            need(volumes.has(key), `no volume ${key}`);
            if (!new RegExp(`^(?:.*\\| )?${key}(?: \\|.*)?\\)`, 'm').test(keyKinds))
                wrong.push(`deploy/keys: makes no key ${key}`);
        }
        need(has('keys: {condition: service_completed_successfully}'), `${name} does not wait for its keys`);
        const given = block + (has('<<: *settings') ? shared : '');
        const kept = toKnow.filter((setting) => (settings.has(setting) || chassis.has(setting)) && !given.includes(`${setting}:`));
        need(kept.length === 0, `${name} is not given ${kept.join(', ')}`);
        for (const [setting] of given.matchAll(/HUIGONG_[A-Z_]+(?=:(?:\s|$))/gm))
            need(settings.has(setting) || chassis.has(setting), `${name} knows no ${setting}`);
    }
    for (const [name, block] of blocks) {
        const daemon = /command: \[hg-([a-z]+)\]/.exec(block)?.[1];
        need(!daemon || daemons.some((one) => one.name === daemon), `${name} runs hg-${daemon}, which services/ has not`);
        for (const [, volume, path] of block.matchAll(/(?<![\w-])([a-z-]+):(\/huigong\/[a-z-]+)/g)) {
            need(volumes.has(volume), `no volume ${volume}`);
            if (!new RegExp(`\\s${path}(\\s|$)`).test(dockerfile))
                wrong.push(`deploy/Dockerfile: makes no folder ${path}`);
        }
    }
    return [...new Set(wrong)];
}

/** Every setting that the README and deploy/ name is one that something reads. */
export function settingsAreKnown(files) {
    const known = new Set([...OF_DEPLOY, ...settingsIn(files.filter(({ path }) => /^(common|services)\//.test(path))).keys()]);
    return files.filter(({ path }) => /^(README\.md|docker-compose\.yml|deploy\/[^.]*|services\/[^.]*\.h)$/.test(path)).flatMap(({ path, lines }) =>
        lines.flatMap((line, i) => [...line.matchAll(/HUIGONG_[A-Z]+(?:_[A-Z]+)*(?![A-Z_*])/g)]
            .filter(([name]) => !known.has(name)).map(([name]) => `${path}:${i + 1}: nothing reads ${name}`)));
}
