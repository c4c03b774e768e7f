// Files as Excel and WPS save them, made by hand: texts in GB18030, workbooks (ECMA-376).
import { deflateRawSync } from 'node:zlib';

let pairs;

/** Of characters that GB 2312 has, and of ASCII. */
export function gb18030(text) {
    if (!pairs) {
        const decoder = new TextDecoder('gb18030');
        pairs = new Map();
        for (let first = 0xa1; first <= 0xf7; first++) {
            for (let second = 0xa1; second <= 0xfe; second++)
                pairs.set(decoder.decode(Uint8Array.of(first, second)), [first, second]);
        }
    }
    return Buffer.from([...text].flatMap((c) => (c < '\x80' ? [c.charCodeAt(0)] : pairs.get(c))));
}

function crc32(bytes) {
    let sum = 0xffffffff;
    for (const byte of bytes) {
        sum ^= byte;
        for (let i = 0; i < 8; i++)
            sum = sum & 1 ? sum >>> 1 ^ 0xedb88320 : sum >>> 1;
    }
    return (sum ^ 0xffffffff) >>> 0;
}

/** A zip archive of texts by their names. */
export function zip(parts) {
    const locals = [], centrals = [];
    let at = 0;
    for (const [name, text] of Object.entries(parts)) {
        const plain = Buffer.from(text), packed = deflateRawSync(plain), head = Buffer.alloc(30), central = Buffer.alloc(46);
        head.writeUInt32LE(0x04034b50);
        head.writeUInt16LE(20, 4);
        head.writeUInt16LE(8, 8);
        head.writeUInt32LE(crc32(plain), 14);
        head.writeUInt32LE(packed.length, 18);
        head.writeUInt32LE(plain.length, 22);
        head.writeUInt16LE(name.length, 26);
        central.writeUInt32LE(0x02014b50);
        central.writeUInt16LE(20, 4);
        head.copy(central, 6, 4, 30);
        central.writeUInt32LE(at, 42);
        locals.push(head, Buffer.from(name), packed);
        centrals.push(central, Buffer.from(name));
        at += 30 + name.length + packed.length;
    }
    const directory = Buffer.concat(centrals), end = Buffer.alloc(22), n = Object.keys(parts).length;
    end.writeUInt32LE(0x06054b50);
    end.writeUInt16LE(n, 8);
    end.writeUInt16LE(n, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(at, 16);
    return Buffer.concat([...locals, directory, end]);
}

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const RELS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const escape = (text) => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;');
const column = (i) => (i < 26 ? '' : String.fromCharCode(64 + Math.floor(i / 26))) + String.fromCharCode(65 + i % 26);

/**
 * A workbook of sheets { name, rows, hidden }. A cell is a text, a number, null (none), or XML of what is in its <c>, as
 * { t: 'str', xml: '<f>…</f><v>…</v>' }. A row that is null is not there. Every other text is a shared one.
 */
export function workbook(...sheets) {
    const strings = [];
    const cell = (value, place) => {
        if (value === null) return '';
        if (typeof value === 'number') return `<c r="${place}"><v>${value}</v></c>`;
        if (typeof value === 'object') return `<c r="${place}"${value.t ? ` t="${value.t}"` : ''}>${value.xml}</c>`;
        if (strings.length % 2 === 0) return `<c r="${place}" t="s"><v>${strings.push(value) - 1}</v></c>`;
        strings.push('');
        return `<c r="${place}" t="inlineStr"><is><t>${escape(value)}</t></is></c>`;
    };
    const sheet = ({ rows, merged = [] }) => `<?xml version="1.0"?><worksheet xmlns="${MAIN}"><sheetData>${
        rows.map((cells, y) => cells && `<row r="${y + 1}">${cells.map((one, x) => cell(one, `${column(x)}${y + 1}`)).join('')}</row>`)
            .filter(Boolean).join('')}</sheetData>${
        merged.length ? `<mergeCells>${merged.map((one) => `<mergeCell ref="${one}"/>`).join('')}</mergeCells>` : ''}</worksheet>`;
    const parts = {
        '[Content_Types].xml': '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        '_rels/.rels': `<?xml version="1.0"?><Relationships xmlns="${RELS}"><Relationship Id="a" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
        'xl/workbook.xml': `<?xml version="1.0"?><workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${sheets.map(({ name, hidden }, i) =>
            `<sheet name="${name}" sheetId="${i + 1}"${hidden ? ' state="hidden"' : ''} r:id="s${i}"/>`).join('')}</sheets></workbook>`,
        'xl/_rels/workbook.xml.rels': `<?xml version="1.0"?><Relationships xmlns="${RELS}">${sheets.map((one, i) =>
            `<Relationship Id="s${i}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`).join('')
            }<Relationship Id="t" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    };
    sheets.forEach((one, i) => { parts[`xl/worksheets/sheet${i + 1}.xml`] = sheet(one); });
    parts['xl/sharedStrings.xml'] = `<?xml version="1.0"?><sst xmlns="${MAIN}">${strings.map((one) => `<si><t>${escape(one)}</t></si>`).join('')}</sst>`;
    return zip(parts);
}

/** What a compound file of Excel until 2003 begins like. */
export function compound(name) {
    const file = Buffer.alloc(1536);
    Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(file);
    file.write(name, 1024, 'utf16le');
    return file;
}
