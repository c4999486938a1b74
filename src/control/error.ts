import { CodedError } from '../model/coded-error.ts';

/** Closed set of causes, also what the command line's exit code follows from. */
export type ControlErrorCode =
  | 'not_running' // nobody listens on the socket
  | 'silent' // a daemon runs, and nobody listens on the socket, or answers there
  | 'no_permission' // the socket may not be used by this user
  | 'already_running' // another daemon listens on the socket
  | 'chain_in_use' // another zban bans in the same chain
  | 'failed'; // everything else, a refusal by the daemon included

/** Talking over the control socket did not work; the message says what, where and how to fix it. */
export class ControlError extends CodedError<ControlErrorCode> {
  override readonly name = 'ControlError';
}
