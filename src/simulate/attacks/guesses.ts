/** Password guessing: one POST again and again. */
import { type Attack, pour, send } from './pour.ts';

/** 1 to 3 a second at the sign-in; some sites answer a wrong password with 200, some with 403. */
export function guessPasswords(attack: Attack): void {
  const status = attack.random.pick([200, 403]);
  guess(attack, '/blog/wp-login.php', status);
}

/** The same through WordPress's XML-RPC, which answers 200 whatever the password. */
export function guessThroughXmlRpc(attack: Attack): void {
  guess(attack, '/blog/xmlrpc.php', 200);
}

function guess(attack: Attack, path: string, status: number): void {
  pour(attack, attack.random.between(1, 3), (timeMs) => send(attack, timeMs, 'POST', path, status, 7600));
}
