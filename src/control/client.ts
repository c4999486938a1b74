/** The command line's end of the control socket. */
import { connect } from 'node:net';
import { isAnything, isEither, isObject, isText, parseJson, type Shape } from '../model/shape.ts';
import { ControlError } from './error.ts';
import { ANSWERS, type AnswerTo, type ControlAnswer, isProgress, type Progress } from './protocol.ts';
import type { ArgumentOf, ControlCommand } from './request.ts';

/** A daemon that works has given a sign of life by then. */
const ANSWER_TIMEOUT_MS = 60_000;
/** Holds an answer about a million targets. */
const ANSWER_LENGTH_MAX = 256 * 1_048_576;

const SHAPES: { readonly [C in ControlCommand]: Shape<AnswerTo<C>> } = ANSWERS;

const isAnswer: Shape<ControlAnswer> = isEither(
  isObject({ ok: (value): value is true => value === true, value: isAnything }),
  isObject({ ok: (value): value is false => value === false, message: isText }),
);

/** What may come in a line, of which an answer may be long: it is read once. */
const isSaid = isEither(isAnswer, isProgress);

export interface CallOptions {
  /** How long the daemon may be silent; default 60,000. */
  readonly timeoutMs?: number;
  /** How far it has come, where that takes long. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Sends one command to the daemon at `socket` and resolves with its answer.
 * Rejects with ControlError: `not_running`, `no_permission`, `silent`, or `failed` with the daemon's own words.
 */
export async function callDaemon<C extends ControlCommand>(
  socket: string,
  command: C,
  argument?: ArgumentOf<C>,
  options: CallOptions = {},
): Promise<AnswerTo<C>> {
  const answer = await exchange(socket, `${JSON.stringify({ command, argument })}\n`, options);
  if (!answer) throw new ControlError('failed', `${socket} gave an answer that is not zban's`);
  if (!answer.ok) throw new ControlError('failed', answer.message);
  const hasShape = SHAPES[command];
  if (hasShape(answer.value)) return answer.value;
  const cure = 'it may have done what was asked; systemctl restart zban starts the version that is installed';
  throw new ControlError('failed', `the daemon on ${socket} answers as another version of zban does: ${cure}`);
}

/** Resolves with the answer; with undefined for a line that is none. */
function exchange(
  socket: string,
  request: string,
  { timeoutMs = ANSWER_TIMEOUT_MS, onProgress = () => {} }: CallOptions,
): Promise<ControlAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let received: string[] = [];
    let length = 0;
    const fail = (error: ControlError) => {
      connection.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      const cure = 'it may do what was asked later; see journalctl -u zban, and if it stays so: systemctl restart zban';
      fail(new ControlError('silent', `the daemon gave no answer within ${timeoutMs / 1000} s: ${cure}`));
    }, timeoutMs);
    const takeLine = (line: string) => {
      const said = parseJson(line, isSaid);
      if (!said || 'ok' in said) {
        connection.end();
        return resolve(said);
      }
      timer.refresh();
      if (said.progress) onProgress(said.progress);
    };
    connection.setEncoding('utf8');
    connection.once('connect', () => connection.write(request));
    connection.once('error', (error: NodeJS.ErrnoException) => fail(explain(error, socket)));
    connection.on('data', (text: string) => {
      const lines = text.split('\n');
      const rest = lines.pop() ?? '';
      for (const line of lines) {
        takeLine(received.join('') + line);
        [received, length] = [[], 0];
      }
      received.push(rest);
      length += rest.length;
      if (length > ANSWER_LENGTH_MAX)
        fail(new ControlError('failed', `the daemon's answer is longer than ${ANSWER_LENGTH_MAX} characters`));
    });
    connection.once('close', () => {
      clearTimeout(timer);
      reject(new ControlError('failed', 'the daemon closed the connection without an answer'));
    });
  });
}

function explain(error: NodeJS.ErrnoException, socket: string): ControlError {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED': {
      const message = `no zban daemon answers on ${socket}: start it with systemctl start zban, or zban run; zban doctor says more`;
      return new ControlError('not_running', message, { cause: error });
    }
    case 'EACCES':
    case 'EPERM': {
      const message = `no permission to use ${socket}: run the command with sudo, or as a member of the socket's group`;
      return new ControlError('no_permission', message, { cause: error });
    }
    default:
      return new ControlError('failed', `cannot talk to the daemon on ${socket}: ${error.message}`, { cause: error });
  }
}
