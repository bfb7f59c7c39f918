// What the contestants of Node share; the same protocol as contestants/cpp/contest.h.
import { readFileSync } from 'node:fs';

export function task() {
  const [algorithm, mode, folder, seconds] = process.argv.slice(2);
  const read = (suffix) => readFileSync(`${folder}/${algorithm}${suffix}`, 'utf8');
  const entries = (suffix) => read(suffix).trim().split('\n').map((line) => {
    const [kind, username, clientId, token] = line.split(' ');
    return { kind, username, clientId, token };
  });
  return { algorithm, repeat: mode === 'repeat', seconds: Number(seconds), key: read('.key'), good: entries('.good'), bad: entries('.bad') };
}

export function cannotDoThis() {
  process.exit(4); // this library has no such algorithm or mode
}

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

// accepts(entry) answers, or promises, whether this token is let in for this user name and client id, now.
export async function run({ seconds, good, bad }, accepts) {
  let allGood = true;
  for (const entry of good) allGood = (await accepts(entry)) && allGood;
  const refused = {};
  for (const entry of bad) refused[`refused_${entry.kind}`] = !(await accepts(entry)) && refused[`refused_${entry.kind}`] !== false;

  let turns = 0;
  let accepted = 0;
  const once = async () => {
    for (const entry of good) {
      const answer = accepts(entry);
      if (answer === true || (answer && (await answer))) accepted++;
    }
    turns += good.length;
  };
  // Its compiler needs longer to warm up than a processor does.
  for (const until = cpuSeconds() + Math.max(0.3, seconds / 3); cpuSeconds() < until;) await once();
  turns = accepted = 0;
  const from = cpuSeconds();
  let to = from;
  for (; to - from < seconds; to = cpuSeconds()) await once();
  console.log(JSON.stringify({ accepted: allGood && accepted === turns, ...refused, ops: turns / (to - from) }));
}
