// Whether everybody agrees: what every watcher believes of everybody else, what every node answers,
// and who is really there.
import { essence, replica } from './replica.js';
import { until } from './time.js';

/**
 * Where these nodes and devices disagree, in words. The devices' users are contacts of each other, a
 * device was connected with `snapshot`, and nobody else's device is there.
 */
export async function disagreements(nodes, devices) {
  const wrong = [];
  const here = devices.filter((device) => device.connected);
  for (const user of new Set(devices.map((device) => device.userId))) {
    const count = here.filter((device) => device.userId === user).length;
    const seen = await Promise.all(nodes.map((node) => node.presence(user)));
    const truth = JSON.stringify(essence(seen[0]));
    for (const each of seen) {
      if (each.stale) wrong.push(`${user} is stale`);
      if (each.deviceCount !== count) wrong.push(`${user} has ${each.deviceCount} devices, not ${count}`);
      if (JSON.stringify(essence(each)) !== truth) wrong.push(`${user} is ${truth} and ${JSON.stringify(essence(each))}`);
    }
    for (const watcher of here.filter((device) => device.userId !== user)) {
      const believed = replica(watcher).get(user);
      const held = JSON.stringify(believed && essence(believed));
      if (held !== truth) wrong.push(`${watcher.userId} holds ${user} for ${held}, not ${truth}`);
    }
  }
  return wrong;
}

/** Waits until they agree, and gives when that was (ms, monotonic). */
export async function agreement(nodes, devices, { within, every = 50 } = {}) {
  let wrong = [];
  await until(async () => (wrong = await disagreements(nodes, devices)).length === 0, {
    within,
    every,
    what: () => `the truth everywhere:\n${wrong.join('\n')}`,
  });
  return performance.now();
}

/** What a device was told of comings and goings since it had `from` events: `user_online bob`, ... */
export function comingsAndGoings(device, from) {
  return device.events
    .slice(from)
    .filter(({ event }) => event === 'user_online' || event === 'user_offline')
    .map(({ event, data }) => `${event} ${data.userId}`);
}
