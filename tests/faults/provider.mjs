// How a provider of payments misbehaves: faults of the simulator, one of which a test sets now and then.

/** Of transfers: done and not told, not done, not found though it is there, told in no way that can be believed. */
export const TRANSFER_FAULTS = [
    { path: 'transfer', drop: true, after: true }, { path: 'transfer', drop: true }, { path: 'transfer', status: 500, after: true }, { path: 'query', status: 404, code: 'NOT_FOUND' },
    { path: 'query', status: 500 }, { path: 'transfer', sign: 'bad' }, { path: 'query', sign: 'none' },
];
