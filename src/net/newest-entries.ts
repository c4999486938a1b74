/** Maps by address, network or host that keep their newest entries, so that nobody who sends ever more of them fills the memory. */

/** Sets an entry, which is the newest then; of more than `most` the oldest goes. */
export function setNewest<Key, Value>(map: Map<Key, Value>, key: Key, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
