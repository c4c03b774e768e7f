// The simulator as a program: node tests/simulators/verifier/main.mjs [PORT] [KEY.pem CERT.pem]
import { main } from '../simulator.mjs';
import { Verifier } from './verifier.mjs';

await main(Verifier);
