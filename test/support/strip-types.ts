/** Test files, stripped of their types in one process: each starts one of its own, which would load what strips them (55 ms). */
import { flushCompileCache, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * Puts what is left of the files into NODE_COMPILE_CACHE, and runs none: in place of all that they import stands an empty
 * module, which has nothing of what they want.
 */
export async function stripTypes(files: readonly string[]): Promise<void> {
  const urls = new Set(files.map((file) => pathToFileURL(file).href));
  const hooks = registerHooks({
    resolve: (name, context, next) =>
      urls.has(name) ? next(name, context) : { url: 'data:text/javascript,', shortCircuit: true },
  });
  await Promise.allSettled([...urls].map((url) => import(url)));
  hooks.deregister();
  flushCompileCache();
}
