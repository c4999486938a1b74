/** Has something done each second from now on; what it returns ends that. */
export type EverySecond = (run: () => void) => () => void;
