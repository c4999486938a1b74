/** The process that reads a configuration for the daemon: the file's path comes as its argument, what it says goes to standard output. */
import { serialize } from 'node:v8';
import { loadConfig } from '../config/load.ts';
import { engineOptions } from '../workers/worker-setup.ts';
import type { ReadConfig } from './read-config.ts';

const loaded = loadConfig(process.argv[2] ?? '');
const read: ReadConfig = loaded.ok ? { ...loaded, engine: engineOptions(loaded.config) } : loaded;
process.stdout.write(serialize(read));
