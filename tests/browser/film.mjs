// What a camera sees, for Chromium, which takes a film for its camera (--use-file-for-fake-video-capture): one picture, of
// a code as the service draws it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const WIDTH = 640, HEIGHT = 480, DARK = 16, PAPER = 235, DESK = 120, GREY = 128;

/** The modules of a code's picture, with the white around them: its rows of 0 and 1, from common/pass/qr.c's SVG. */
function modulesOf(svg) {
    const size = Number(/viewBox="0 0 (\d+) /.exec(svg)[1]), rows = Array.from({ length: size }, () => new Uint8Array(size));
    for (const [, x, y, run] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
        rows[y].fill(1, Number(x), Number(x) + Number(run));
    return rows;
}

/** Films a code, as it is held before a camera on a grey desk, not quite upright; without one, the desk alone. */
export function film(path, svg) {
    const luma = Buffer.alloc(WIDTH * HEIGHT, DESK), chroma = Buffer.alloc(WIDTH * HEIGHT / 2, GREY);
    if (svg) {
        const rows = modulesOf(svg), px = HEIGHT * 0.8 / rows.length, [sin, cos] = [Math.sin(0.07), Math.cos(0.07)];
        for (let i = 0; i < luma.length; i++) {
            const [x, y] = [i % WIDTH - WIDTH / 2, Math.floor(i / WIDTH) - HEIGHT / 2];
            const row = rows[Math.floor((cos * y - sin * x) / px + rows.length / 2)];
            const module = row?.[Math.floor((cos * x + sin * y) / px + rows.length / 2)];
            luma[i] = module === undefined ? DESK : module ? DARK : PAPER;
        }
    }
    const frame = [Buffer.from('FRAME\n'), luma, chroma];
    writeFileSync(path, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), ...frame, ...frame]));
}

/** A film that a camera begins with, the desk alone; what film() puts there instead is what it sees when it is turned on next. */
export function newFilm() {
    const path = join(mkdtempSync(join(tmpdir(), 'huigong-film-')), 'camera.y4m');
    film(path);
    return path;
}
export const forget = (path) => rmSync(dirname(path), { recursive: true });

/** The flags of a browser whose camera shows it. */
export const throughCamera = (path) => [`--use-file-for-fake-video-capture=${path}`];
