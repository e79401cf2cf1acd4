/**
 * The mean wait in a queue before servers, each arrival served by any that is free (Erlang C). Service times are taken
 * to vary as much as an exponential distribution does; where they don't vary at all the wait is about half of it.
 * @param offered arrival rate × service time: how many servers are busy on average
 * @returns seconds, Infinity when the servers can't keep up
 */
export function meanWaitSeconds(servers: number, offered: number, serviceSeconds: number): number {
  if (offered >= servers) return Number.POSITIVE_INFINITY;
  return (chanceOfWaiting(servers, offered) * serviceSeconds) / (servers - offered);
}

function chanceOfWaiting(servers: number, offered: number): number {
  let blocked = 1; // Erlang B, by its recursion over the number of servers
  for (let n = 1; n <= servers; n++) blocked = (offered * blocked) / (n + offered * blocked);
  return blocked / (1 - (offered / servers) * (1 - blocked));
}
