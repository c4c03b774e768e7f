// The simulator as a program: node tests/simulators/wechat/main.mjs [PORT] [KEY.pem CERT.pem]
import { readFileSync } from 'node:fs';
import { Wechat } from './wechat.mjs';

const [port = '0', key, cert] = process.argv.slice(2);
const wechat = await Wechat.start({ port: Number(port), tls: key && { key: readFileSync(key), cert: readFileSync(cert) } });
console.log(wechat.url);
