// The simulator as a program: node tests/simulators/sms/main.mjs [PORT] [KEY.pem CERT.pem]
import { readFileSync } from 'node:fs';
import { main } from '../partner.mjs';
import { Sms } from './sms.mjs';

await main(Sms, readFileSync);
