// The simulator as a program: node tests/simulators/verifier/main.mjs [PORT] [KEY.pem CERT.pem]
import { readFileSync } from 'node:fs';
import { main } from '../partner.mjs';
import { Verifier } from './verifier.mjs';

await main(Verifier, readFileSync);
