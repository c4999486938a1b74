/** Why a network was banned for a swarm, in words. */
import type { NetworkProof } from '../model/judged-numbers.ts';
import { formatCount } from './number.ts';

/** What its clients did, and what the site's past says of it. */
export function describeNetwork(proof: NetworkProof): { readonly did: string; readonly past: string } {
  const { requests, clients, seconds, coverage, networks, backtest } = proof;
  const share = `${Math.round(100 * coverage)} %`;
  const whole =
    networks === 1
      ? `That is ${share} of what came above normal`
      : `The ${networks} networks banned together sent ${share} of what came above normal`;
  return {
    did: `${formatCount(clients)} clients never seen before, who rendered no pages, sent ${formatCount(requests)} requests in ${seconds} s. ${whole}.`,
    past: `None of ${formatCount(backtest.clients)} clients in a sample of the last ${Math.round(backtest.hours)} hours was there.`,
  };
}
