/**
 * Runs a line of bash. A pipe of Node.js is a socket: bash takes itself for the shell of a remote login and would read the
 * user's ~/.bashrc, which may take long and say anything (bash(1), INVOCATION).
 */
export const BASH = ['bash', '--norc', '-c'] as const;
