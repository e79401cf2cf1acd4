/**
 * The mean wait in a queue for several servers (Erlang C). It assumes exponential service times; with constant service
 * times, the wait is about half.
 * @param offered arrival rate × service time: how many servers are busy on average
 * @returns seconds; Infinity if the servers can't keep up
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
