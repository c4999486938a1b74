import { CodedError } from '../model/coded-error.ts';

/** Closed set of causes, also what the command line's exit code follows from. */
export type ControlErrorCode =
  | 'not_running' // nobody listens on the socket
  | 'silent' // nobody listens on the socket, though a daemon runs
  | 'no_permission' // the socket may not be used by this user
  | 'already_running' // another daemon listens on the socket
  | 'failed'; // everything else, a refusal by the daemon included

/** Talking over the control socket did not work; the message says what, where and how to fix it. */
export class ControlError extends CodedError<ControlErrorCode> {
  override readonly name = 'ControlError';
}
